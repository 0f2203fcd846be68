#include "analysis/probe.h"

#include <lbfgs.h>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/random.h"
#include "base/ranking.h"

namespace palimpsest::analysis {

namespace {

using Eigen::MatrixXd;

constexpr int kMostIterations = 5000;
constexpr int kMostRotated = 1024;  // columns; the time grows with their cube

MatrixXd some_rows(const MatrixXd& x, std::span<const int> rows) {
  MatrixXd some(std::ptrdiff_t(rows.size()), x.cols());
  for (std::size_t i = 0; i < rows.size(); ++i) some.row(std::ptrdiff_t(i)) = x.row(rows[i]);
  return some;
}

// The objective on its examples. Its parameters are those of Probe::parameters_ divided by scale(), which brings the
// curvature in every direction near 1: at equal chances a coordinate has C sum v x^2 (1 / classes) (1 - 1 / classes),
// plus 1 from the penalty. On correlated features that takes a tenth of the iterations.
class Objective {
 public:
  Objective(MatrixXd x, std::vector<int> labels, int classes, double c)
      : x_(std::move(x)), labels_(std::move(labels)), classes_(classes), cost_(labels_.size()), scale_(x_.cols() + 1) {
    std::vector<double> of_class(std::size_t(classes), 0);
    for (const int label : labels_) of_class[std::size_t(label)] += 1;
    const auto present = double(std::ranges::count_if(of_class, [](double n) { return n > 0; }));
    for (std::size_t i = 0; i < labels_.size(); ++i)
      cost_[i] = c * double(labels_.size()) / (present * of_class[std::size_t(labels_[i])]);
    const Eigen::Map<const Eigen::VectorXd> cost(cost_.data(), std::ptrdiff_t(cost_.size()));
    const double share = 1 / double(classes), curvature = share * (1 - share) + 1e-3;
    const Eigen::VectorXd squares = x_.array().square().matrix().transpose() * cost;
    scale_.head(x_.cols()) = (1 + curvature * squares.array()).rsqrt();
    scale_[x_.cols()] = 1 / std::sqrt(curvature * cost.sum());
    x_ *= scale_.head(x_.cols()).asDiagonal();
  }

  std::ptrdiff_t rows() const { return x_.cols() + 1; }
  const Eigen::VectorXd& scale() const { return scale_; }

  double evaluate(const double* parameters, double* gradient) const {
    const Eigen::Map<const MatrixXd> p(parameters, rows(), classes_);
    Eigen::Map<MatrixXd> g(gradient, rows(), classes_);
    const auto u = p.topRows(x_.cols());
    const auto scale = scale_.head(x_.cols());
    const double of_bias = scale_[x_.cols()];
    MatrixXd z = (x_ * u).rowwise() + of_bias * p.row(x_.cols());
    double value = 0.5 * (scale.asDiagonal() * u).squaredNorm();
    for (std::ptrdiff_t i = 0; i < z.rows(); ++i) {
      const double top = z.row(i).maxCoeff(), at_label = z(i, labels_[std::size_t(i)]);
      z.row(i) = (z.row(i).array() - top).exp();
      const double sum = z.row(i).sum(), cost = cost_[std::size_t(i)];
      value += cost * (top + std::log(sum) - at_label);
      z.row(i) *= cost / sum;  // from here on the derivative by z
      z(i, labels_[std::size_t(i)]) -= cost;
    }
    g.topRows(x_.cols()).noalias() = x_.transpose() * z;
    g.topRows(x_.cols()) += scale.array().square().matrix().asDiagonal() * u;
    g.row(x_.cols()) = of_bias * z.colwise().sum();
    return value;
  }

 private:
  MatrixXd x_;  // times scale_
  const std::vector<int> labels_;
  const int classes_;
  std::vector<double> cost_;
  Eigen::VectorXd scale_;
};

lbfgsfloatval_t evaluate(void* objective, const lbfgsfloatval_t* x, lbfgsfloatval_t* g, int, lbfgsfloatval_t) {
  return static_cast<const Objective*>(objective)->evaluate(x, g);
}

struct Progression {
  int iterations = 0;
  double gradient = 0;
};

}  // namespace

ProbeFeatures::ProbeFeatures(std::span<const float> train, std::span<const float> score, int columns,
                             const std::string& what) {
  PALIMPSEST_REQUIRE(columns > 0 && !train.empty() && train.size() % std::size_t(columns) == 0 &&
                         score.size() % std::size_t(columns) == 0,
                     "{} and {} values in {} columns", train.size(), score.size(), columns);
  const auto matrix = [&](std::span<const float> values) {
    return Rows(values.data(), std::ptrdiff_t(values.size()) / columns, columns);
  };
  const auto a = matrix(train), b = matrix(score);
  const double squares = a.cast<double>().squaredNorm();
  if (!std::isfinite(squares) || !b.allFinite())
    throw Error(fmt::format("{} has a feature that is not finite", what), "check the weights that it was made with");
  if (squares == 0)
    throw Error(fmt::format("every feature of {} is 0", what), "give features of a network that is alive");
  const double scale = std::sqrt(squares / double(train.size()));
  // About the mean, which the bias takes up: Objective's scale fits there.
  centre_ = a.cast<double>().colwise().mean();
  if (a.rows() < columns) {
    through_gram(a, b, scale, what);
    return;
  }
  train_ = (a.cast<double>().rowwise() - centre_) / scale;
  score_ = (b.cast<double>().rowwise() - centre_) / scale;
  to_features_ = [scale](const MatrixXd& w) -> MatrixXd { return w / scale; };
  if (columns > kMostRotated) return;
  // On the principal axes, which leave the penalty as it is, that scale fits best.
  const Eigen::SelfAdjointEigenSolver<MatrixXd> axes(train_.transpose() * train_);
  train_ = train_ * axes.eigenvectors();
  score_ = score_ * axes.eigenvectors();
  to_features_ = [scale, axes = axes.eigenvectors()](const MatrixXd& w) -> MatrixXd { return axes * w / scale; };
}

void ProbeFeatures::through_gram(const Rows& a, const Rows& b, double scale, const std::string& what) {
  constexpr Eigen::Index width = 512;  // columns at a time: all of them as doubles may not fit into memory
  MatrixXd gram = MatrixXd::Zero(a.rows(), a.rows()), mixed = MatrixXd::Zero(a.rows(), b.rows());
  for (Eigen::Index first = 0; first < a.cols(); first += width) {
    const auto count = std::min(width, a.cols() - first);
    const auto centred = [&](const Rows& x) -> MatrixXd {
      return (x.middleCols(first, count).cast<double>().rowwise() - centre_.segment(first, count)) / scale;
    };
    const MatrixXd block = centred(a);
    gram.selfadjointView<Eigen::Lower>().rankUpdate(block);
    mixed.noalias() += block * centred(b).transpose();
  }
  // For equal pictures, and no more: against a penalty of 1/2 |w|^2 it changes nothing that can be seen.
  gram.diagonal().array() += 1e-6 * std::max(gram.diagonal().mean(), 1e-6 * double(a.cols()));
  const Eigen::LLT<MatrixXd> factor(gram);
  PALIMPSEST_REQUIRE(factor.info() == Eigen::Success, "the Gram matrix of {} is not positive definite", what);
  train_ = factor.matrixL();
  score_.resize(0, a.rows());
  // Eigen's triangular solver takes the address of the first of its values.
  if (b.rows() > 0) score_ = factor.matrixL().solve(mixed).transpose();
  to_features_ = [a, scale, factor, centre = centre_](const MatrixXd& w) -> MatrixXd {
    const MatrixXd of_rows = factor.matrixU().solve(w) / (scale * scale);
    return (a.transpose() * of_rows.cast<float>()).cast<double>() - centre.transpose() * of_rows.colwise().sum();
  };
}

MatrixXd ProbeFeatures::on_features(const MatrixXd& layer) const {
  const std::ptrdiff_t coordinates = layer.rows() - 1;
  const MatrixXd weights = to_features_(layer.topRows(coordinates));
  MatrixXd on(weights.rows() + 1, layer.cols());
  on << weights, layer.row(coordinates) - centre_ * weights;
  return on;
}

Probe Probe::train(const MatrixXd& x, std::span<const int> rows, std::span<const int> labels, int classes, double c,
                   const Probe* start, double tolerance) {
  PALIMPSEST_REQUIRE(!rows.empty() && c > 0 && classes > 0, "{} rows, {} classes, cost {}", rows.size(), classes, c);
  std::vector<int> chosen;
  for (const int row : rows) chosen.push_back(labels[std::size_t(row)]);
  Objective objective(some_rows(x, rows), std::move(chosen), classes, c);
  const int count = int(objective.rows()) * classes;
  const std::unique_ptr<lbfgsfloatval_t, decltype(&lbfgs_free)> parameters(lbfgs_malloc(count), &lbfgs_free);
  if (!parameters) throw std::bad_alloc();
  Eigen::Map<MatrixXd> values(parameters.get(), objective.rows(), classes);
  values.setZero();
  if (start) values = objective.scale().cwiseInverse().asDiagonal() * start->parameters_;

  lbfgs_parameter_t options;
  lbfgs_parameter_init(&options);
  options.epsilon = tolerance;
  options.max_iterations = kMostIterations;
  struct Watch {
    Objective& objective;
    Progression at;
  } watch{objective, {}};
  const auto call = [](void* instance, const lbfgsfloatval_t* at, lbfgsfloatval_t* gradient, int n,
                       lbfgsfloatval_t step) {
    return evaluate(&static_cast<Watch*>(instance)->objective, at, gradient, n, step);
  };
  const auto progress = [](void* instance, const lbfgsfloatval_t*, const lbfgsfloatval_t*, lbfgsfloatval_t,
                           lbfgsfloatval_t size, lbfgsfloatval_t slope, lbfgsfloatval_t, int, int k, int) {
    static_cast<Watch*>(instance)->at = {k, slope / std::max(1.0, size)};
    return interrupted() ? 1 : 0;
  };
  const int outcome = lbfgs(count, parameters.get(), nullptr, call, progress, &watch, &options);
  check_interrupt();
  Probe probe;
  probe.parameters_ = objective.scale().asDiagonal() * values;
  probe.iterations_ = watch.at.iterations;
  probe.gradient_ = watch.at.gradient;
  // A line search that finds no lower value has reached the precision of doubles.
  const bool exhausted = outcome == LBFGSERR_ROUNDING_ERROR || outcome == LBFGSERR_MAXIMUMLINESEARCH ||
                         outcome == LBFGSERR_MINIMUMSTEP || outcome == LBFGSERR_WIDTHTOOSMALL;
  if (outcome != LBFGS_SUCCESS && outcome != LBFGS_ALREADY_MINIMIZED && !(exhausted && probe.gradient_ < 1e-4))
    throw Error(
        fmt::format("a linear probe did not reach its optimum (L-BFGS: {}, {} iterations)", outcome, probe.iterations_),
        "report this with the features");
  return probe;
}

Probe Probe::train(const MatrixXd& x, std::span<const int> labels, int classes, double c, const Probe* start) {
  std::vector<int> rows(labels.size());
  std::iota(rows.begin(), rows.end(), 0);
  return train(x, rows, labels, classes, c, start);
}

MatrixXd Probe::log_odds(const MatrixXd& x, std::span<const int> rows) const {
  return log_odds(some_rows(x, rows));
}

MatrixXd Probe::log_odds(const MatrixXd& x) const {
  const std::ptrdiff_t features = parameters_.rows() - 1;
  const MatrixXd z = (x * parameters_.topRows(features)).rowwise() + parameters_.row(features);
  MatrixXd odds(z.rows(), z.cols());
  for (std::ptrdiff_t i = 0; i < z.rows(); ++i)
    for (std::ptrdiff_t c = 0; c < z.cols(); ++c) {
      double top = -HUGE_VAL, sum = 0;  // over the other classes
      for (std::ptrdiff_t other = 0; other < z.cols(); ++other)
        if (other != c) top = std::max(top, z(i, other));
      for (std::ptrdiff_t other = 0; other < z.cols(); ++other)
        if (other != c) sum += std::exp(z(i, other) - top);
      odds(i, c) = z(i, c) - top - std::log(sum);
    }
  return odds;
}

double class_auc(const MatrixXd& log_odds, int c, std::span<const int> labels) {
  std::vector<std::uint8_t> positive;
  for (const int label : labels) positive.push_back(label == c);
  const auto count = std::size_t(std::ranges::count(positive, 1));
  if (count == 0 || count == positive.size()) return std::numeric_limits<double>::quiet_NaN();
  return ranking_auc({log_odds.col(c).data(), labels.size()}, positive);
}

std::vector<double> probe_cross_validation(const MatrixXd& x, std::span<const int> labels, int classes,
                                           std::uint64_t seed) {
  constexpr int folds = 5;
  // In random order, class by class, dealt out in turn.
  std::vector<int> order = permutation(int(labels.size()), Random(seed, Purpose::folds));
  std::ranges::stable_sort(order, {}, [&](int i) { return labels[std::size_t(i)]; });
  std::vector<int> fold_of(labels.size());
  for (std::size_t i = 0; i < order.size(); ++i) fold_of[std::size_t(order[i])] = int(i) % folds;
  std::vector<MatrixXd> odds(std::size(kProbeCosts), MatrixXd(std::ptrdiff_t(labels.size()), classes));
  std::exception_ptr failure;  // exceptions may not leave a parallel region
#pragma omp parallel for schedule(dynamic)
  for (int fold = 0; fold < folds; ++fold) {
    std::vector<int> inside, outside;
    for (std::size_t i = 0; i < labels.size(); ++i) (fold_of[i] == fold ? outside : inside).push_back(int(i));
    if (inside.empty() || outside.empty()) continue;
    try {
      std::optional<Probe> probe;
      for (std::size_t k = 0; k < std::size(kProbeCosts); ++k) {
        probe = Probe::train(x, inside, labels, classes, kProbeCosts[k], probe ? &*probe : nullptr,
                             kProbeToleranceForAreas);
        odds[k](outside, Eigen::all) = probe->log_odds(x, outside);
      }
    } catch (...) {
#pragma omp critical(probe_failure)
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
  std::vector<double> areas;
  for (const MatrixXd& of_cost : odds) {
    double sum = 0, ranked = 0;
    for (int c = 0; c < classes; ++c) {
      const double auc = class_auc(of_cost, c, labels);
      if (!std::isnan(auc)) sum += auc, ranked += 1;
    }
    areas.push_back(ranked > 0 ? sum / ranked : 0.5);
  }
  return areas;
}

}  // namespace palimpsest::analysis
