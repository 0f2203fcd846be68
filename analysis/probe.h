#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace palimpsest::analysis {

// Linear probes: what a linear classifier, trained to its optimum, reads from features. Multinomial logistic regression
// with an L2 penalty,
//
//   minimise over w, b   1/2 sum_c |w_c|^2 + C sum_i v_{y_i} ( log sum_c exp(z_ic) - z_i,y_i ),   z_ic = w_c x_i + b_c,
//
// with v_c = n / (classes n_c) over the n examples, n_c of class c ("balanced"), biases not penalised: scikit-learn's
// LogisticRegression(C, class_weight="balanced"). By L-BFGS (Liu and Nocedal, Mathematical Programming 45, 1989).

// Features of examples to train on and to score, in coordinates in which a probe is trained. All are divided by one
// number, the root mean square of those to train on: dividing each feature by its own would blow up those that are
// nearly constant. With fewer examples to train on than features, coordinates are rows of the Cholesky factor of their
// Gram matrix, which gives the same scores.
class ProbeFeatures {
 public:
  // Rows of `columns` features. Throws Error naming `what` where one is not finite or all are 0.
  // requires: at least one row to train on
  ProbeFeatures(std::span<const float> train, std::span<const float> score, int columns, const std::string& what);

  const Eigen::MatrixXd& train() const { return train_; }  // examples x coordinates
  const Eigen::MatrixXd& score() const { return score_; }

  // A linear layer on coordinates, coordinates + 1 x outputs with the biases last, as one on the features:
  // features + 1 x outputs. requires: the rows that were trained on still exist
  Eigen::MatrixXd on_features(const Eigen::MatrixXd& layer) const;

 private:
  using Rows = Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
  void through_gram(const Rows& train, const Rows& score, double scale, const std::string& what);

  Eigen::MatrixXd train_, score_;
  Eigen::RowVectorXd centre_;                                           // taken off the features
  std::function<Eigen::MatrixXd(const Eigen::MatrixXd&)> to_features_;  // weights, without the biases
};

// Of the gradient's norm, relative to that of the parameters if they exceed 1.
inline constexpr double kProbeTolerance = 1e-6;
inline constexpr double kProbeToleranceForAreas = 1e-4;  // changes areas under ROC curves by less than 1e-4

class Probe {
 public:
  // Trains on some rows of `x`. labels: a class for every row of x. start: where to begin, a probe of the same extents;
  // the optimum is unique, so that only the time depends on it. requires: at least one row, c > 0
  static Probe train(const Eigen::MatrixXd& x, std::span<const int> rows, std::span<const int> labels, int classes,
                     double c, const Probe* start = nullptr, double tolerance = kProbeTolerance);
  // On all rows.
  static Probe train(const Eigen::MatrixXd& x, std::span<const int> labels, int classes, double c,
                     const Probe* start = nullptr);

  // log p_c / (1 - p_c) of each class for all rows of `x`, or some: examples x classes.
  Eigen::MatrixXd log_odds(const Eigen::MatrixXd& x) const;
  Eigen::MatrixXd log_odds(const Eigen::MatrixXd& x, std::span<const int> rows) const;
  const Eigen::MatrixXd& layer() const { return parameters_; }  // coordinates + 1 x classes; biases last
  double gradient() const { return gradient_; }  // its norm relative to that of the parameters, at the end
  int iterations() const { return iterations_; }

 private:
  Eigen::MatrixXd parameters_;
  double gradient_ = 0;
  int iterations_ = 0;
};

// The area under the ROC curve of class `c` against all others, of the log-odds of examples with these labels. NaN if
// all are of the class, or no example is.
double class_auc(const Eigen::MatrixXd& log_odds, int c, std::span<const int> labels);

inline constexpr double kProbeCosts[]{0.001, 0.01, 0.1};

// The mean area under the ROC curves of the classes against all others, out of five stratified folds, for each of
// kProbeCosts. The best is the one to use; among equals the first.
std::vector<double> probe_cross_validation(const Eigen::MatrixXd& x, std::span<const int> labels, int classes,
                                           std::uint64_t seed);

}  // namespace palimpsest::analysis
