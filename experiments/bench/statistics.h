#pragma once
#include <cstddef>
#include <utility>
#include <vector>

namespace palimpsest::experiments {

// What is said about repeated timings of one thing.
//
//   median    of n sorted samples x_1 .. x_n, the mean of the middle two where n is even
//   noise     interquartile range over the median; the quartiles interpolate linearly (Hyndman and Fan, "Sample
//             quantiles in statistical packages", 1996, definition 7)
//   interval  [x_j, x_(n+1-j)] with the largest j for which
//               P(x_j <= median of the distribution <= x_(n+1-j)) = 1 - 2 sum_{i<j} C(n, i) / 2^n >= 0.95,
//             by order statistics, whatever the distribution (Conover, "Practical nonparametric statistics", 1999,
//             section 3.2; Le Boudec, "Performance evaluation of computer and communication systems", 2010, theorem
//             2.1). Fewer than 6 samples have none. Timings in a row are not quite independent, and runs end when the
//             interval is narrow, so that the true coverage is somewhat lower.
struct Summary {
  std::size_t samples = 0;
  double median = 0;
  double noise = 0;          // NaN: a single sample has none
  double low = 0, high = 0;  // of the interval; NaN: none

  bool has_interval() const { return low <= high; }
  double relative_width() const { return (high - low) / median; }  // NaN without an interval
};

// requires: at least one sample
Summary summary_of(std::vector<double> samples);

// j above; 0: there is none.
std::size_t order_of_interval(std::size_t samples);

}  // namespace palimpsest::experiments
