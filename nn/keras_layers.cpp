#include "nn/keras_layers.h"

#include <array>
#include <charconv>
#include <vector>

namespace palimpsest {

namespace {

constexpr std::array<std::string_view, 13> convolutions{
    "block1_conv1", "block1_conv2", "block2_conv1", "block2_conv2", "block3_conv1", "block3_conv2", "block3_conv3",
    "block4_conv1", "block4_conv2", "block4_conv3", "block5_conv1", "block5_conv2", "block5_conv3"};
constexpr std::array<std::string_view, 3> dense_layers{"fc1", "fc2", "predictions"};

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const auto slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return parts;
}

template <std::size_t N>
std::optional<int> position(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == name) return int(i);
  return std::nullopt;
}

// Keras 3 numbers layers by their class: conv2d, conv2d_1, conv2d_2, ...
std::optional<int> numbered(std::string_view kind, std::string_view name, int count) {
  if (!name.starts_with(kind)) return std::nullopt;
  name.remove_prefix(kind.size());
  if (name.empty()) return 0;
  int number = 0;
  const auto [end, code] = std::from_chars(name.data() + 1, name.data() + name.size(), number);
  const bool whole = code == std::errc{} && end == name.data() + name.size();
  return name[0] == '_' && whole && number > 0 && number < count ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<KerasLayer> keras_layer(std::string_view path) {
  const auto parts = parts_of(path);
  const bool keras3 = parts.size() >= 3 && parts[parts.size() - 2] == "vars";
  for (const auto part : parts) {
    if (part.starts_with("optimizer")) return std::nullopt;
    if (const auto at = position(convolutions, part)) return KerasLayer{false, *at};
    if (const auto at = position(dense_layers, part)) return KerasLayer{true, *at};
    if (!keras3) continue;
    if (const auto at = numbered("conv2d", part, int(convolutions.size()))) return KerasLayer{false, *at};
    if (const auto at = numbered("dense", part, int(dense_layers.size()))) return KerasLayer{true, *at};
  }
  return std::nullopt;
}

}  // namespace palimpsest
