#include "experiments/settings/device_name.h"

#include <charconv>

#include "experiments/settings/fields.h"

namespace palimpsest::experiments {

namespace {
constexpr std::string_view kNumbered = "cuda:";
}

void from_text(const std::string& text, DeviceName& device) {
  if (const auto kind = value_of<DeviceName::Kind>(text)) {
    device = {*kind, 0};
    return;
  }
  device = {DeviceName::Kind::cuda, 0};
  const char* const end = text.data() + text.size();
  if (text.starts_with(kNumbered)) {
    const auto [rest, error] = std::from_chars(text.data() + kNumbered.size(), end, device.gpu);
    if (rest == end && error == std::errc{} && device.gpu >= 0) return;
  }
  throw NotOfItsKind(fmt::format("'{}' is not a device", text),
                     "give auto, cpu, cuda, cuda:N for a GPU that `palimpsest info` lists, or cuda-emulated");
}

std::string to_text(const DeviceName& device) {
  return word_of(device.kind) + (device.gpu > 0 ? fmt::format(":{}", device.gpu) : "");
}

}  // namespace palimpsest::experiments
