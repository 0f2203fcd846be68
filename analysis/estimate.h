#pragma once
#include <span>

#include "analysis/significance.h"

namespace palimpsest::analysis {

// A source of uncertainty: its share of an estimate's variance, and the degrees of freedom of that figure.
struct VariancePart {
  double variance = 0, df = 1;
};

// A value whose variance is a sum of parts. t = value / sqrt(sum); degrees of freedom by Welch and Satterthwaite
// (Satterthwaite, Biometrics Bulletin 2, 1946): (sum v)^2 / sum(v^2 / df), infinite where nothing varies.
struct Estimate {
  double value = 0;
  double low = 0, high = 0;  // 95 % interval
  TTest test;                // of the hypothesis that it is 0
};
Estimate estimate(double value, std::span<const VariancePart> parts);

double mean_of(std::span<const double> values);      // requires: at least one
double variance_of(std::span<const double> values);  // with divisor n - 1; 0 for one value

}  // namespace palimpsest::analysis
