#include "analysis/mutual_information.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace palimpsest::analysis {

double mutual_information(std::span<const std::uint8_t> x, std::span<const std::uint8_t> y) {
  PALIMPSEST_REQUIRE(x.size() == y.size(), "{} and {}", x.size(), y.size());
  double joint[2][2] = {};
  for (std::size_t i = 0; i < x.size(); ++i) joint[x[i] != 0][y[i] != 0] += 1 / double(x.size());
  double bits = 0;
  for (const int a : {0, 1})
    for (const int b : {0, 1})
      if (joint[a][b] > 0)
        bits += joint[a][b] * std::log2(joint[a][b] / ((joint[a][0] + joint[a][1]) * (joint[0][b] + joint[1][b])));
  return std::max(0.0, bits);
}

}  // namespace palimpsest::analysis
