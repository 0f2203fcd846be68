#include "analysis/probe.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/npy.h"
#include "base/random.h"
#include "tests/analysis/golden_json.h"
#include "tests/support/expect_error.h"

namespace palimpsest::analysis {
namespace {

struct Examples {
  std::vector<float> features;  // rows of `columns`
  std::vector<int> labels;
  int columns = 0;
};

// Three classes around different means, of very unequal sizes.
Examples blobs(int count, int columns, std::uint64_t seed) {
  Examples e;
  e.columns = columns;
  Random random(seed, Purpose::test);
  for (int i = 0; i < count; ++i) {
    const int label = i % 10 == 0 ? 2 : i % 3 == 0 ? 1 : 0;
    e.labels.push_back(label);
    for (int j = 0; j < columns; ++j) e.features.push_back(float(random.normal() + (j % 3 == label ? 0.8 : 0)));
  }
  return e;
}

TEST(Probe, AgreesWithScikitLearn) {
  const auto golden = golden_json("probe");
  for (const auto& one : golden) {
    const auto features = one.at("features").get<std::vector<float>>(), test = one.at("test").get<std::vector<float>>();
    const auto labels = one.at("labels").get<std::vector<int>>();
    const auto odds = one.at("log_odds").get<std::vector<double>>();
    const int classes = one.at("classes");
    const ProbeFeatures x(features, test, one.at("columns"), "golden");
    const Probe probe = Probe::train(x.train(), labels, classes, one.at("c"));
    EXPECT_LT(probe.gradient(), 1e-5);
    const auto got = probe.log_odds(x.score());
    ASSERT_EQ(got.size(), std::ssize(odds));
    for (std::ptrdiff_t i = 0; i < got.rows(); ++i)
      for (std::ptrdiff_t c = 0; c < got.cols(); ++c)
        EXPECT_NEAR(got(i, c), odds[std::size_t(i * classes + c)], 2e-3) << one.at("name");
  }
}

// The same scores through the Gram matrix, forced by padding the features with zeros until they outnumber the examples.
TEST(Probe, FewerExamplesThanFeaturesGiveTheSameScores) {
  const Examples e = blobs(60, 12, 1), test = blobs(20, 12, 2);
  const auto padded = [](const Examples& from) {
    std::vector<float> wide;
    for (std::size_t i = 0; i < from.labels.size(); ++i) {
      wide.insert(wide.end(), from.features.begin() + std::ptrdiff_t(12 * i),
                  from.features.begin() + std::ptrdiff_t(12 * (i + 1)));
      wide.resize(wide.size() + 88, 0);
    }
    return wide;
  };
  const ProbeFeatures narrow(e.features, test.features, 12, "a"), wide(padded(e), padded(test), 100, "b");
  ASSERT_EQ(wide.train().cols(), 60);
  // Zeros change the scale: its square is 12/100 of the other's, and the penalty counts accordingly.
  const auto a = Probe::train(narrow.train(), e.labels, 3, 0.1).log_odds(narrow.score());
  const auto b = Probe::train(wide.train(), e.labels, 3, 0.1 * 12 / 100).log_odds(wide.score());
  EXPECT_LT((a - b).cwiseAbs().maxCoeff(), 1e-3);
}

// A probe of coordinates as a layer of a network, for examples that outnumber the features and for those that do not.
TEST(Probe, ItsLayerOnTheFeaturesGivesTheSameLogOdds) {
  for (const int count : {60, 9}) {
    const Examples e = blobs(count, 12, 1), test = blobs(20, 12, 2);
    const ProbeFeatures x(e.features, test.features, 12, "blobs");
    const Probe probe = Probe::train(x.train(), e.labels, 3, 0.1);
    const Eigen::MatrixXd layer = x.on_features(probe.layer());
    ASSERT_EQ(layer.rows(), 13);
    const Eigen::MatrixXd odds = probe.log_odds(x.score());
    for (int i = 0; i < 20; ++i) {
      Eigen::RowVectorXd z = layer.row(12);
      for (int j = 0; j < 12; ++j) z += double(test.features[std::size_t(12 * i + j)]) * layer.row(j);
      for (int c = 0; c < 3; ++c) {
        double others = 0;
        for (int q = 0; q < 3; ++q) others += q == c ? 0 : std::exp(z[q]);
        EXPECT_NEAR(z[c] - std::log(others), odds(i, c), 1e-4) << count;
      }
    }
  }
}

TEST(Probe, AWarmStartReachesTheSameOptimum) {
  const Examples e = blobs(90, 6, 3);
  const ProbeFeatures x(e.features, e.features, 6, "a");
  const Probe other = Probe::train(x.train(), e.labels, 3, 10);
  const Probe cold = Probe::train(x.train(), e.labels, 3, 0.1);
  const Probe warm = Probe::train(x.train(), e.labels, 3, 0.1, &other);
  EXPECT_LT((cold.log_odds(x.train()) - warm.log_odds(x.train())).cwiseAbs().maxCoeff(), 1e-4);
}

TEST(Probe, TheAreaOfAClassIsAgainstAllOthers) {
  Eigen::MatrixXd odds(5, 3);
  odds.col(1) << 0.1, 0.4, 0.35, 0.8, 0.4;
  EXPECT_DOUBLE_EQ(class_auc(odds, 1, std::vector{0, 2, 1, 1, 0}), 4.0 / 6);
  EXPECT_TRUE(std::isnan(class_auc(odds, 1, std::vector{0, 2, 2, 0, 0}))) << "no example of the class";
  EXPECT_TRUE(std::isnan(class_auc(odds, 1, std::vector{1, 1, 1, 1, 1}))) << "nothing else";
}

TEST(Probe, CrossValidationPrefersTheRightPenalty) {
  const Examples separable = blobs(200, 30, 4);
  const ProbeFeatures x(separable.features, separable.features, 30, "a");
  const auto areas = probe_cross_validation(x.train(), separable.labels, 3, 1);
  ASSERT_EQ(areas.size(), std::size(kProbeCosts));
  for (const double area : areas) EXPECT_GT(area, 0.8);
  EXPECT_EQ(areas, probe_cross_validation(x.train(), separable.labels, 3, 1)) << "repeatable";

  Examples noise = blobs(200, 30, 5);
  Random random(6, Purpose::test);
  for (int& label : noise.labels) label = int(random.below(3));
  const ProbeFeatures y(noise.features, noise.features, 30, "b");
  for (const double area : probe_cross_validation(y.train(), noise.labels, 3, 1)) EXPECT_NEAR(area, 0.5, 0.12);
}

// In both forms of coordinates.
TEST(Probe, NothingToScoreIsAllowed) {
  for (const int count : {40, 8}) {
    const Examples e = blobs(count, 12, 1);
    const ProbeFeatures x(e.features, {}, 12, "a");
    EXPECT_EQ(x.score().rows(), 0) << count;
    EXPECT_EQ(x.score().cols(), x.train().cols()) << count;
  }
}

// Far fewer directions than examples, and fewer examples than features.
TEST(Probe, FeaturesOfLowRankAreAllowed) {
  Random random(8, Purpose::test);
  constexpr int rows = 150, columns = 256, directions = 40;
  std::vector<float> basis(std::size_t(directions * columns)), x(std::size_t(rows * columns), 0);
  for (float& value : basis) value = float(random.normal());
  std::vector<int> labels;
  for (int i = 0; i < rows; ++i) {
    labels.push_back(i % 2);
    for (int d = 0; d < directions; ++d) {
      const auto share = float(random.normal() + (d == 0 ? i % 2 : 0));
      for (int c = 0; c < columns; ++c) x[std::size_t(i * columns + c)] += share * basis[std::size_t(d * columns + c)];
    }
  }
  const ProbeFeatures features(x, x, columns, "a");
  const Probe probe = Probe::train(features.train(), labels, 2, 0.1);
  EXPECT_LT((probe.log_odds(features.train()) - probe.log_odds(features.score())).cwiseAbs().maxCoeff(), 1e-3);
}

TEST(Probe, RefusesFeaturesWithoutInformation) {
  const std::vector<float> zeros(20, 0), ok(20, 1);
  std::vector<float> broken(20, 1);
  broken[3] = std::nanf("");
  expect_error("every feature of dead.npy is 0", [&] { ProbeFeatures(zeros, ok, 4, "dead.npy"); });
  expect_error("broken.npy has a feature that is not finite", [&] { ProbeFeatures(broken, ok, 4, "broken.npy"); });
  expect_error("broken.npy has a feature that is not finite", [&] { ProbeFeatures(ok, broken, 4, "broken.npy"); });
}

}  // namespace
}  // namespace palimpsest::analysis
