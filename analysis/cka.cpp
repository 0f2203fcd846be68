#include "analysis/cka.h"

#include <Eigen/Core>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace palimpsest::analysis {

namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

// Centred features. The estimator does not depend on their means, and small numbers round less. Those that are the same
// for all images become 0, without the rounding of their mean.
MatrixXd centred(std::span<const float> values, int columns) {
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto rows = std::ptrdiff_t(values.size()) / columns;
  MatrixXd x = Eigen::Map<const RowMajor>(values.data(), rows, columns).cast<double>();
  const double squares = x.squaredNorm();
  x.rowwise() -= x.colwise().mean().eval();
  if (x.squaredNorm() < 1e-24 * squares) x.setZero();
  return x;
}

// What eq. 5 needs of K~, the Gram matrix with a zero diagonal: its diagonal before, and its rows' sums.
struct Kernel {
  MatrixXd x;
  VectorXd diagonal, sums;
  explicit Kernel(MatrixXd features)
      : x(std::move(features)),
        diagonal(x.rowwise().squaredNorm()),
        sums(x * x.colwise().sum().transpose() - diagonal) {}
};

// tr(K~ L~) is the sum of (x_i x_j)(y_i y_j) over i != j, that is |X' Y|^2 without the diagonal's part.
double unbiased_hsic(const Kernel& k, const Kernel& l, double trace_of_product) {
  const auto n = double(k.x.rows());
  const double trace = trace_of_product - k.diagonal.dot(l.diagonal);
  return (trace + k.sums.sum() * l.sums.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * k.sums.dot(l.sums)) / (n * (n - 3));
}

}  // namespace

double debiased_cka(std::span<const float> x, int x_columns, std::span<const float> y, int y_columns) {
  PALIMPSEST_REQUIRE(x_columns > 0 && y_columns > 0 && x.size() / std::size_t(x_columns) >= 4 &&
                         x.size() * std::size_t(y_columns) == y.size() * std::size_t(x_columns),
                     "{} and {} values in {} and {} columns", x.size(), y.size(), x_columns, y_columns);
  const Kernel k(centred(x, x_columns)), l(centred(y, y_columns));
  PALIMPSEST_REQUIRE(k.x.allFinite() && l.x.allFinite(), "features of {} images are not finite", k.x.rows());
  double kk = 0, kl = 0, ll = 0;
  if (std::max(x_columns, y_columns) > k.x.rows()) {
    const MatrixXd of_x = k.x * k.x.transpose(), of_y = l.x * l.x.transpose();
    kk = of_x.squaredNorm(), kl = of_x.cwiseProduct(of_y).sum(), ll = of_y.squaredNorm();
  } else {
    kk = (k.x.transpose() * k.x).squaredNorm();
    kl = (k.x.transpose() * l.x).squaredNorm();
    ll = (l.x.transpose() * l.x).squaredNorm();
  }
  const double scale = unbiased_hsic(k, k, kk) * unbiased_hsic(l, l, ll);
  if (!(scale > 0)) return std::numeric_limits<double>::quiet_NaN();
  return unbiased_hsic(k, l, kl) / std::sqrt(scale);
}

}  // namespace palimpsest::analysis
