#include "nn/pickle_bytes.h"

#include <algorithm>

#include "base/error.h"

namespace palimpsest::nn {

namespace {
constexpr std::size_t kBlock = 1 << 16;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;  // arrays may be pickled in full beside the weights
constexpr std::uint64_t kMostText = 1 << 26;
}  // namespace

void unusable_pytorch(const fs::path& path, const std::string& why, const std::string& remedy) {
  throw Error(fmt::format("{} is not a usable PyTorch file: {}", path.string(), why), remedy);
}

bool PickleBytes::refill() {
  if (at_ < block_.size()) return true;
  if (position_ > kMostBytes) unusable(fmt::format("its pickle has more than {} bytes", kMostBytes));
  block_.resize(kBlock);
  block_.resize(fetch_(block_.data(), kBlock));
  at_ = 0;
  return !block_.empty();
}

void PickleBytes::hold(std::uint64_t text) {
  held_ += text;
  if (held_ > kMostText) unusable(fmt::format("its pickle has more than {} bytes of text", kMostText));
}

std::uint8_t PickleBytes::byte() {
  if (!refill()) unusable("its pickle is cut short");
  ++position_;
  return std::uint8_t(block_[at_++]);
}

std::uint64_t PickleBytes::number(int bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value |= std::uint64_t{byte()} << (8 * i);
  return value;
}

std::string PickleBytes::text(std::uint64_t length) {
  std::string text;
  while (text.size() < length) {
    if (!refill()) unusable("its pickle is cut short");
    const auto part = std::size_t(std::min<std::uint64_t>(length - text.size(), block_.size() - at_));
    hold(part);
    text.append(block_.data() + at_, part);
    at_ += part;
    position_ += part;
  }
  return text;
}

std::string PickleBytes::line() {
  std::string line;
  for (char c = char(byte()); c != '\n'; c = char(byte())) {
    hold(1);
    line += c;
  }
  return line;
}

void PickleBytes::skip(std::uint64_t length) {
  while (length > 0) {
    if (!refill()) unusable("its pickle is cut short");
    const auto part = std::size_t(std::min<std::uint64_t>(length, block_.size() - at_));
    at_ += part;
    position_ += part;
    length -= part;
  }
}

}  // namespace palimpsest::nn
