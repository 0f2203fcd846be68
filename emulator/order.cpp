#include "order.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <numeric>
#include <string_view>

namespace palimpsest::simt {
namespace {

Order from_environment() {
  const char* value = std::getenv("PALIMPSEST_EMULATOR_ORDER");
  const std::string_view text = value ? value : "plain";
  if (text == "plain") return {};
  if (text == "reversed") return {Order::Kind::Reversed, 0};
  constexpr std::string_view prefix = "shuffled:";
  if (text.starts_with(prefix)) {
    std::uint64_t seed = 0;
    const auto [end, error] = std::from_chars(text.data() + prefix.size(), text.data() + text.size(), seed);
    if (error == std::errc() && end == text.data() + text.size()) return {Order::Kind::Shuffled, seed};
  }
  finding("misuse", fmt::format("PALIMPSEST_EMULATOR_ORDER is '{}'; use plain, reversed or shuffled:SEED", text));
}

struct State {
  Order order = from_environment();
  std::uint64_t random = order.seed;
};
State& state() {
  static State instance;
  return instance;
}

}  // namespace

std::uint64_t draw() {
  std::uint64_t z = state().random += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

BlockOrder::BlockOrder(std::uint64_t count) : count_(count), reversed_(order().kind == Order::Kind::Reversed) {
  // Above 16 million blocks a permutation is not worth its cost.
  if (order().kind != Order::Kind::Shuffled || count > 1u << 24) return;
  shuffled_.resize(count);
  std::iota(shuffled_.begin(), shuffled_.end(), 0u);
  shuffle(shuffled_.begin(), shuffled_.end());
}

void set_order(Order order) {
  state().order = order;
  state().random = order.seed;
}
Order order() {
  return state().order;
}

}  // namespace palimpsest::simt
