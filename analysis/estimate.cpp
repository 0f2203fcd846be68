#include "analysis/estimate.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

namespace palimpsest::analysis {

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / double(values.size());
}

double variance_of(std::span<const double> values) {
  if (values.size() < 2) return 0;
  const double centre = mean_of(values);
  double squares = 0;
  for (const double v : values) squares += (v - centre) * (v - centre);
  return squares / double(values.size() - 1);
}

Estimate estimate(double value, std::span<const VariancePart> parts) {
  double sum = 0, squares = 0;
  for (const VariancePart& part : parts) {
    sum += part.variance;
    if (part.variance > 0) squares += part.variance * part.variance / part.df;
  }
  Estimate result{value, value, value, {}};
  result.test.df = squares > 0 ? sum * sum / squares : std::numeric_limits<double>::infinity();
  if (sum > 0) {
    const double error = std::sqrt(sum);
    result.test.t = value / error;
    const double reach = error * boost::math::quantile(boost::math::students_t(result.test.df), 0.975);
    result.low -= reach;
    result.high += reach;
  } else if (value != 0) {
    result.test.t = std::copysign(std::numeric_limits<double>::infinity(), value);
  }
  result.test.p = result.test.t == 0 ? 1 : student_t_two_sided(result.test.t, result.test.df);
  return result;
}

}  // namespace palimpsest::analysis
