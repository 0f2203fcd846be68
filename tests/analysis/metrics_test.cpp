#include "analysis/metrics.h"

#include "tests/analysis/golden_json.h"
#include "tests/support/expect_error.h"

namespace palimpsest::analysis {
namespace {

TEST(Metrics, AgreeWithScikitLearn) {
  for (const auto& golden : golden_json("metrics")) {
    const int classes = golden["classes"];
    const auto labels = golden["labels"].get<std::vector<int>>(),
               predicted = golden["predicted"].get<std::vector<int>>();
    const Scores got = scores(ConfusionMatrix(classes, labels, predicted));
    for (std::size_t c = 0; c < std::size_t(classes); ++c) {
      EXPECT_NEAR(got.classes[c].precision, golden["precision"][c], 1e-14);
      EXPECT_NEAR(got.classes[c].recall, golden["recall"][c], 1e-14);
      EXPECT_NEAR(got.classes[c].f1, golden["f1"][c], 1e-14);
      EXPECT_EQ(got.classes[c].support, golden["support"][c]);
    }
    EXPECT_NEAR(got.macro.precision, golden["macro"][0], 1e-14);
    EXPECT_NEAR(got.macro.recall, golden["macro"][1], 1e-14);
    EXPECT_NEAR(got.macro.f1, golden["macro"][2], 1e-14);
    EXPECT_NEAR(got.accuracy, golden["accuracy"], 1e-14);
  }
}

TEST(Metrics, ConfusionMatrixCounts) {
  const ConfusionMatrix matrix(3, std::vector<int>{0, 0, 1, 2, 2}, std::vector<int>{0, 1, 1, 0, 2});
  EXPECT_EQ(matrix.at(0, 1), 1);
  EXPECT_EQ(matrix.at(1, 0), 0);
  EXPECT_EQ(matrix.support(2), 2);
  EXPECT_EQ(matrix.predicted_as(0), 2);
  EXPECT_EQ(matrix.correct(), 3);
  EXPECT_EQ(matrix.total(), 5);
  ConfusionMatrix other(2);
  EXPECT_THROW(other.add(0, 2), ContractError);
  EXPECT_THROW(other.add(-1, 0), ContractError);
}

TEST(Metrics, WilsonIntervalAgreesWithStatsmodels) {
  for (const auto& golden : golden_json("wilson")) {
    const Interval got = wilson_interval(golden[0], golden[1]);
    EXPECT_NEAR(got.low, golden[2], 1e-12);
    EXPECT_NEAR(got.high, golden[3], 1e-12);
  }
  const Interval nothing = wilson_interval(0, 0);
  EXPECT_EQ(nothing.low, 0);
  EXPECT_EQ(nothing.high, 1);
}

TEST(Metrics, RecallPerClass) {
  const auto recalls = recall_per_class(ConfusionMatrix(3, std::vector<int>{0, 0, 0, 2}, std::vector<int>{0, 0, 1, 2}));
  EXPECT_EQ(recalls[0].correct, 2);
  EXPECT_NEAR(recalls[0].recall, 2.0 / 3, 1e-15);
  EXPECT_TRUE(recalls[0].interval.low < 2.0 / 3 && recalls[0].interval.high > 2.0 / 3);
  EXPECT_EQ(recalls[1].support, 0);
  EXPECT_EQ(recalls[1].recall, 0) << "a class without images";
  EXPECT_EQ(recalls[2].recall, 1);
}

// scikit-learn's macro average over the labels that occur is the second one.
TEST(Metrics, ClassesWithoutImages) {
  const std::vector<int> labels{0, 0, 2, 2}, predicted{0, 1, 2, 0};
  const Scores got = scores(ConfusionMatrix(3, labels, predicted));
  EXPECT_EQ(got.classes[1].support, 0);
  EXPECT_NEAR(got.macro.recall, (0.5 + 0 + 0.5) / 3, 1e-15);
  EXPECT_NEAR(got.macro_present.recall, (0.5 + 0.5) / 2, 1e-15);
  EXPECT_NEAR(got.macro_present.precision, (0.5 + 1) / 2, 1e-15);
  EXPECT_NEAR(got.macro_present.f1, (0.5 + 2.0 / 3) / 2, 1e-15);
  EXPECT_EQ(got.macro_present.support, 4);
}

}  // namespace
}  // namespace palimpsest::analysis
