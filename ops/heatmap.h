#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/words.h"

namespace palimpsest {

// How raw relevance R becomes [0, 1]:
//   min-max  (R - min) / (max - min)          a constant map becomes 0.5
//   max-abs  (R / max|R| + 1) / 2             zero always at 0.5
//   share    R / |sum R|, cut to [0, 1]       parts of the total; zero at 0
enum class MapNormalisation : std::uint8_t { min_max, max_abs, share };
constexpr auto words(MapNormalisation) {
  return std::to_array<Word<MapNormalisation>>({{"min-max", MapNormalisation::min_max},
                                                {"max-abs", MapNormalisation::max_abs},
                                                {"share", MapNormalisation::share}});
}

// As one formula for all values of a map: clamp(R * scale + shift, 0, 1), in double.
struct MapScale {
  double scale = 0, shift = 0.5;
  float operator()(float value) const { return float(std::clamp(double(value) * scale + shift, 0.0, 1.0)); }
};

// low, high, total: of the whole map
inline MapScale map_scale(MapNormalisation kind, double low, double high, double total) {
  switch (kind) {
    case MapNormalisation::min_max:
      if (high > low) return {1 / (high - low), -low * (1 / (high - low))};
      break;
    case MapNormalisation::max_abs:
      if (const double most = std::max(std::abs(low), std::abs(high)); most > 0) return {0.5 / most, 0.5};
      break;
    case MapNormalisation::share:
      return {total != 0 ? 1 / std::abs(total) : 0, 0};
  }
  return {};
}

}  // namespace palimpsest
