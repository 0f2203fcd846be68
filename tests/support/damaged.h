#pragma once
#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "base/random.h"

namespace palimpsest {

// `bytes` with random damage: truncated, bits flipped, bytes and integers overwritten by extreme values of their types,
// a piece removed or duplicated. Headers, where changes do the most harm, are hit most often.
inline std::string damaged(std::string bytes, Random& random) {
  if (random.chance(0.2)) bytes.resize(random.below(std::uint32_t(bytes.size()) + 1));
  for (auto changes = random.below(6); changes > 0 && !bytes.empty(); --changes) {
    const auto anywhere = std::size_t(random.below(std::uint32_t(bytes.size())));
    const std::size_t at = random.chance(0.5) ? anywhere % std::min<std::size_t>(bytes.size(), 128) : anywhere;
    switch (random.below(6)) {
      case 0:
        bytes[at] = char(bytes[at] ^ (1 << random.below(8)));
        break;
      case 1:
        bytes[at] = char(random.below(256));
        break;
      case 2: {
        static constexpr std::array<std::uint32_t, 6> edges{0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFF};
        const std::uint32_t value = edges[random.below(edges.size())];
        std::memcpy(bytes.data() + at, &value, std::min<std::size_t>(4, bytes.size() - at));
        break;
      }
      case 3:
        bytes.erase(at, random.below(16));
        break;
      case 4:
        bytes.insert(at, bytes.substr(at, random.below(32)));
        break;
      default: {
        static constexpr std::array<char, 10> telling{'"', '\'', ',', '-', '9', '\n', '{', ']', '=', '\0'};
        bytes[at] = telling[random.below(telling.size())];
      }
    }
  }
  return bytes;
}

}  // namespace palimpsest
