#include "analysis/class_losses.h"

#include <gtest/gtest.h>

#include <array>

#include "base/random.h"

namespace palimpsest::analysis {
namespace {

using Eigen::MatrixXd;

struct MadeUp {
  std::vector<int> labels;
  MatrixXd before;
  std::vector<MatrixXd> after;
};

// Scores that favour an image's class by 1. `lost`: how much less after. `between`: the standard deviation of what a
// run favours a class by, different for each class; "before" is free of it.
MadeUp make(Random& random, int images, int classes, int runs, const std::vector<double>& lost, double between) {
  MadeUp made;
  for (int i = 0; i < images; ++i) made.labels.push_back(i % classes);
  MatrixXd truth = MatrixXd::NullaryExpr(images, classes, [&] { return random.normal(); });
  const auto scores = [&](bool is_after) {
    MatrixXd s = truth;
    for (int c = 0; c < classes; ++c) {
      const double own = is_after ? between * (1 + 0.2 * c) * random.normal() - lost[std::size_t(c)] : 0;
      for (int i = 0; i < images; ++i)
        s(i, c) += 0.5 * random.normal() + (made.labels[std::size_t(i)] == c ? 1 + own : 0);
    }
    return s;
  };
  made.before = scores(false);
  for (int r = 0; r < runs; ++r) made.after.push_back(scores(true));
  return made;
}

// DeLong's covariance of the losses of two classes by its definition: over the images, of how often each is ranked
// rightly against the images on the other side.
double covariance(const MadeUp& made, int a, int b) {
  const auto images = int(made.labels.size());
  const auto parts = [&](int c) {
    std::vector<double> all;
    const auto inside = std::ranges::count(made.labels, c);
    for (int i = 0; i < images; ++i) {
      double sum = 0;
      const bool in = made.labels[std::size_t(i)] == c;
      for (int j = 0; j < images; ++j) {
        if ((made.labels[std::size_t(j)] == c) == in) continue;
        const auto right = [&](const MatrixXd& s) { return (in ? s(i, c) > s(j, c) : s(j, c) > s(i, c)) ? 1.0 : 0.0; };
        sum += right(made.before);
        for (const MatrixXd& run : made.after) sum -= right(run) / double(made.after.size());
      }
      all.push_back(sum / double(in ? images - inside : inside));
    }
    double loss = 0;
    for (int i = 0; i < images; ++i)
      loss += made.labels[std::size_t(i)] == c ? all[std::size_t(i)] / double(inside) : 0;
    for (int i = 0; i < images; ++i) {
      const double n = made.labels[std::size_t(i)] == c ? double(inside) : double(images - inside);
      all[std::size_t(i)] = (all[std::size_t(i)] - loss) / std::sqrt(n * (n - 1));
    }
    return all;
  };
  const auto x = parts(a), y = parts(b);
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

TEST(ClassLosses, ASumOfClassesHasTheirCovariance) {
  Random random(5, Purpose::test);
  const MadeUp made = make(random, 60, 3, 1, {0.8, 0, 0}, 0);
  const ClassLosses losses(made.before, made.after, made.labels);
  const auto variance_of_sum = [&](std::array<double, 3> w) {
    const Estimate e = losses.combined(w);
    return std::pow(e.value / e.test.t, 2);
  };
  for (int c = 0; c < 3; ++c) {
    std::array<double, 3> one{};
    one[std::size_t(c)] = 1;
    EXPECT_NEAR(losses.combined(one).value, losses.of(c)->loss.value, 1e-12);
    EXPECT_NEAR(variance_of_sum(one), losses.of(c)->image_variance, 1e-9);
    EXPECT_NEAR(variance_of_sum(one), covariance(made, c, c), 1e-9);
  }
  const double expected = covariance(made, 0, 0) + 4 * covariance(made, 1, 1) - 4 * covariance(made, 0, 1);
  EXPECT_NEAR(variance_of_sum({1, -2, 0}), expected, 1e-9);
}

TEST(ClassLosses, TheRunsOfASumAreThoseOfTheSum) {
  Random random(6, Purpose::test);
  MadeUp made = make(random, 60, 3, 4, {0, 0, 0}, 0.4);
  const ClassLosses losses(made.before, made.after, made.labels);
  std::vector<double> sums;
  for (const MatrixXd& run : made.after) {
    const ClassLosses one(made.before, std::span(&run, 1), made.labels);
    sums.push_back(one.of(0)->after - one.of(2)->after);
  }
  const std::vector<double> weights{1, 0, -1};
  const Estimate got = losses.combined(weights);
  const double images = covariance(made, 0, 0) + covariance(made, 2, 2) - 2 * covariance(made, 0, 2);
  EXPECT_NEAR(std::pow(got.value / got.test.t, 2), images + variance_of(sums) / 4, 1e-9);
}

TEST(ClassLosses, LeavesOutAClassWithoutImages) {
  Random random(7, Purpose::test);
  MadeUp made = make(random, 60, 3, 2, {0, 0, 0}, 0.2);
  for (int& label : made.labels) label = label == 2 ? 1 : label;
  const ClassLosses losses(made.before, made.after, made.labels);
  EXPECT_FALSE(losses.of(2));
  EXPECT_EQ(losses.omnibus().df1, 2);
  for (std::size_t i = 0; i < made.labels.size(); ++i) made.labels[i] = i == 0 ? 1 : 0;
  const ClassLosses none(made.before, made.after, made.labels);
  for (const int c : {0, 1, 2}) EXPECT_FALSE(none.of(c));
  EXPECT_EQ(none.omnibus().p, 1);
  EXPECT_EQ(none.combined(std::vector<double>(3, 0)).test.p, 1);
}

TEST(ClassLosses, NothingChangedIsNothingLost) {
  Random random(8, Purpose::test);
  MadeUp made = make(random, 60, 3, 1, {0, 0, 0}, 0);
  made.after.assign(3, made.before);
  EXPECT_EQ(ClassLosses(made.before, made.after, made.labels).omnibus().p, 1);
}

// 400 sets each, with a standard error of 1.1 % at 5 %. Three runs that differ: the level is kept to within twice its
// size, where a test on the images alone rejects most sets; a loss of three classes of eight is found.
TEST(ClassLosses, TheTestOfAllClassesKeepsItsLevelAndHasPower) {
  Random random(9, Purpose::test);
  constexpr int sets = 400;
  int by_chance = 0, by_images = 0, found = 0, selective = 0;
  const std::vector<double> nothing(8, 0), some{0, 0, 0, 0, 0, 0.5, 0.5, 0.5};
  const std::vector<double> contrast{-.2, -.2, -.2, -.2, -.2, 1. / 3, 1. / 3, 1. / 3};
  for (int set = 0; set < sets; ++set) {
    const MadeUp null = make(random, 240, 8, 3, nothing, 0.15), real = make(random, 240, 8, 3, some, 0.1);
    const ClassLosses lost(null.before, null.after, null.labels), loss(real.before, real.after, real.labels);
    by_chance += lost.omnibus().p < 0.05;
    by_images += ClassLosses(null.before, std::span(null.after).first(1), null.labels).omnibus().p < 0.05;
    found += loss.omnibus().p < 0.05;
    selective += loss.combined(contrast).test.p < 0.05;
  }
  RecordProperty("by_chance", by_chance);
  EXPECT_LT(by_chance, 0.10 * sets);
  EXPECT_GT(by_images, by_chance);
  EXPECT_GT(found, 0.8 * sets);
  EXPECT_GT(selective, 0.8 * sets);
}

}  // namespace
}  // namespace palimpsest::analysis
