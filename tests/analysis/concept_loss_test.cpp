#include "analysis/concept_loss.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>

#include "analysis/probe.h"
#include "base/ranking.h"
#include "tests/analysis/made_subjects.h"

namespace palimpsest::analysis {
namespace {

// Features that show the concept with the given strength.
struct Made : MadeSubjects {
  Eigen::MatrixXd features(double strength, std::uint64_t seed) const {
    Random random(seed, Purpose::test);
    Eigen::MatrixXd x(std::ssize(labels), 12);
    for (std::ptrdiff_t i = 0; i < x.rows(); ++i)
      for (std::ptrdiff_t d = 0; d < x.cols(); ++d)
        x(i, d) = random.normal() + (d < 3 ? strength * double(labels[std::size_t(i)]) : 0);
    return x;
  }
};

Made make(int subjects = 30, int per_subject = 4) {
  return {make_subjects(subjects, per_subject)};
}

// The area of one set by the definition.
double area_of(const Eigen::MatrixXd& x, const Made& made, const ConceptLosses& result, std::uint64_t seed) {
  const std::vector<int> labels(made.labels.begin(), made.labels.end());
  std::vector<int> groups;
  for (const auto group : made.groups) groups.push_back(int(group - 500));
  double sum = 0;
  for (int repeat = 0; repeat < result.repeats; ++repeat) {
    const auto half = two_folds(FoldKind::grouped, made.labels, groups,
                                Random(seed, Purpose::folds, std::uint32_t(FoldKind::grouped), std::uint64_t(repeat)));
    for (const int held_out : {0, 1}) {
      std::vector<int> train, test;
      for (std::size_t i = 0; i < half.size(); ++i) (half[i] == held_out ? test : train).push_back(int(i));
      const Eigen::MatrixXd odds = Probe::train(x, train, labels, 2, result.c).log_odds(x, test);
      std::vector<std::uint8_t> truth;
      std::vector<double> scores;
      for (std::size_t i = 0; i < test.size(); ++i) {
        truth.push_back(std::uint8_t(labels[std::size_t(test[i])]));
        scores.push_back(odds(std::ptrdiff_t(i), 1));
      }
      sum += ranking_auc(scores, truth);
    }
  }
  return sum / (2 * result.repeats);
}

TEST(ConceptLoss, AreasAreThoseOfProbesOnHalvesOfSubjects) {
  const Made made = make();
  const std::vector<Eigen::MatrixXd> sets{made.features(1, 1), made.features(0.3, 2)};
  ConceptLossOptions options;
  options.repeats = 5;
  options.seed = 3;
  options.compared = {{0, {1}}};
  const ConceptLosses result = concept_losses(sets, made.labels, made.groups, options);
  EXPECT_EQ(result.halves, FoldKind::grouped);
  EXPECT_EQ(result.images, 120);
  EXPECT_EQ(result.positives, std::ranges::count(made.labels, 1));
  EXPECT_NE(std::ranges::find(kProbeCosts, result.c), std::end(kProbeCosts));
  for (const std::size_t set : {0, 1})
    EXPECT_NEAR(result.areas[set], area_of(sets[set], made, result, options.seed), 1e-3) << set;
  EXPECT_GT(result.losses[0].loss.value, 0.1);
  EXPECT_LT(result.losses[0].loss.test.p, 0.05);
}

TEST(ConceptLoss, TheVarianceHasTheRunsPart) {
  const Made made = make();
  const std::vector<Eigen::MatrixXd> sets{made.features(2, 1), made.features(1, 2), made.features(.6, 3),
                                          made.features(1.2, 4)};
  ConceptLossOptions options;
  options.repeats = 10;
  options.compared = {{0, {1, 2, 3}}, {0, {2}}, {0, {0}}};
  const ConceptLosses result = concept_losses(sets, made.labels, made.groups, options);
  const ConceptLoss &all = result.losses.at(0), &one = result.losses.at(1), &itself = result.losses.at(2);
  const auto& area = result.areas;
  EXPECT_NEAR(all.loss.value, area[0] - (area[1] + area[2] + area[3]) / 3, 1e-12);
  EXPECT_LT(all.loss.low, all.loss.value);
  EXPECT_NEAR(all.run_variance, variance_of(std::vector{area[1], area[2], area[3]}), 1e-12);
  EXPECT_NEAR(std::pow(all.loss.value / all.loss.test.t, 2), all.image_variance + all.run_variance / 3, 1e-12);
  EXPECT_LT(all.loss.test.df, 19);
  EXPECT_EQ(one.run_variance, 0);
  EXPECT_EQ(one.loss.test.df, 19);
  EXPECT_EQ(itself.loss.value, 0);
}

TEST(ConceptLoss, TheSameForAnyNumberOfThreads) {
  const Made made = make(12, 5);
  const std::vector<Eigen::MatrixXd> sets{made.features(1, 1)};
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const auto one = concept_losses(sets, made.labels, made.groups, {}).areas;
  omp_set_num_threads(3);
  EXPECT_EQ(concept_losses(sets, made.labels, made.groups, {}).areas, one);
  omp_set_num_threads(threads);
}

TEST(ConceptLoss, WithoutSubjectsHalvesAreOfImages) {
  Made made = make();
  const std::vector<Eigen::MatrixXd> sets{made.features(1, 1)};
  EXPECT_EQ(concept_losses(sets, made.labels, {}, {}).halves, FoldKind::stratified);
  for (std::size_t i = 0; i < made.labels.size(); ++i) made.labels[i] = made.groups[i] == 504;
  EXPECT_EQ(concept_losses(sets, made.labels, made.groups, {}).halves, FoldKind::stratified)
      << "one subject cannot be in both halves";
}

// Features that tell nothing.
TEST(ConceptLoss, NothingToReadIsChance) {
  const Made made = make(40, 3);
  const std::vector<Eigen::MatrixXd> sets{made.features(0, 1), made.features(0, 2)};
  for (const double area : concept_losses(sets, made.labels, made.groups, {}).areas) EXPECT_NEAR(area, 0.5, 0.1);
}

}  // namespace
}  // namespace palimpsest::analysis
