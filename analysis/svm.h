#pragma once
#include <span>
#include <vector>

#include "analysis/gram.h"

namespace palimpsest::analysis {

// A trained two-class SVM on some rows of a Gram matrix: f(x_j) = sum_i coefficient_i K(x_i, x_j) - rho.
struct Svm {
  std::vector<int> support;          // rows of the matrix
  std::vector<double> coefficients;  // alpha_i y_i
  double rho = 0;

  double decision(const Gram& gram, int row) const;  // > 0 says positive
};

// Trains C-SVC (hinge loss, LIBSVM) on some rows of a Gram matrix. rows: which images; positive: 0 or 1 for every image
// of the matrix. If only one class is present, it is predicted for everything. Thread-safe: LIBSVM's training does not
// use rand() (its cross-validation and probability outputs do; not used here).
// requires: at least one row, c > 0, tolerance > 0 (LIBSVM's stopping criterion)
Svm train_svm(const Gram& gram, std::span<const int> rows, std::span<const std::int64_t> positive, double c,
              double tolerance);

}  // namespace palimpsest::analysis
