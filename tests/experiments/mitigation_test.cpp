#include "experiments/study/mitigation.h"

#include "analysis/class_losses.h"
#include "base/csv.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::experiments {
namespace {

// 4 + 4 images of the target, of which `right` of each class are right.
analysis::Predictions target(int first_right, int second_right) {
  analysis::Predictions p;
  p.classes = 2;
  for (int i = 0; i < 8; ++i) {
    const int label = i / 4, place = i % 4;
    const bool right = place < (label == 0 ? first_right : second_right);
    p.ids.push_back(std::to_string(i));
    p.labels.push_back(label);
    p.predicted.push_back(right ? label : 1 - label);
  }
  return p;
}

// Six images of two classes: class 0's scores are the given ones, class 1's their negatives.
Eigen::MatrixXd scores(const std::vector<double>& first) {
  Eigen::MatrixXd m(6, 2);
  for (int i = 0; i < 6; ++i) m(i, 0) = first[std::size_t(i)], m(i, 1) = -first[std::size_t(i)];
  return m;
}
const std::vector<int> labels{0, 0, 0, 1, 1, 1};
const std::vector<std::string> classes{"happy", "sad"};
const std::vector<double> perfect{6, 5, 4, 3, 2, 1}, good{6, 5, 3, 4, 2, 1}, poor{6, 3, 1, 5, 4, 2};

std::vector<MeasuredModel> models() {
  return {{5, {}, target(2, 2), scores(perfect), {}},
          {0, {}, target(4, 2), scores(poor), {scores(good), scores(perfect)}},
          {0, Arm::rehearsal, target(3, 4), scores(good), {}}};
}

TEST(Mitigation, MeasuresEachModel) {
  const auto found = compare_arms(models(), labels, classes);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].k, 5);
  EXPECT_EQ(found[0].arm, "");
  EXPECT_EQ(found[2].arm, "rehearsal");
  EXPECT_DOUBLE_EQ(found[0].auc.value, 1);
  EXPECT_DOUBLE_EQ(found[0].auc.low, 1);
  EXPECT_NEAR(found[1].auc.value, 4.0 / 9, 1e-12);  // of 9 pairs, 4 are in order
  EXPECT_NEAR(found[2].auc.value, 8.0 / 9, 1e-12);
  EXPECT_EQ(found[1].recalls, (std::vector<double>{1, .5}));
  EXPECT_DOUBLE_EQ(found[1].recall, .75);
  EXPECT_DOUBLE_EQ(found[2].recall, .875);
  ASSERT_EQ(found[1].other_aucs.size(), 2u);
  EXPECT_NEAR(found[1].other_aucs[0], 8.0 / 9, 1e-12);
  EXPECT_NEAR(found[1].other_aucs[1], 1, 1e-12);
  ASSERT_EQ(found[1].classes.size(), 2u);
  EXPECT_EQ(found[1].classes[0].name, "happy");
  for (const auto& one : found[1].classes) EXPECT_NEAR(one.auc.value, 4.0 / 9, 1e-12);
}

// DeLong's interval: of the components' variances (by hand, for class 0 of `good`: positives 1, 1, 2/3 and negatives
// 2/3, 1, 1, each of variance 1/27).
TEST(Mitigation, IntervalsAreDelongs) {
  const auto found = compare_arms(models(), labels, classes);
  const analysis::VariancePart parts[]{{1.0 / 27 / 3, 2}, {1.0 / 27 / 3, 2}};
  const analysis::Estimate expected = analysis::estimate(8.0 / 9, parts);
  for (const auto& one : found[2].classes) {
    EXPECT_NEAR(one.auc.low, expected.low, 1e-12);
    EXPECT_NEAR(one.auc.high, expected.high, 1e-12);
  }
}

// An arm less FreezeB0, image by image; the others have no difference.
TEST(Mitigation, ComparesAnArmWithFreezeB0) {
  const auto measured = models();
  const auto found = compare_arms(measured, labels, classes);
  EXPECT_FALSE(found[0].auc_gained || found[0].recall_gained || found[1].auc_gained || found[1].recall_gained);
  ASSERT_TRUE(found[2].auc_gained && found[2].recall_gained);
  EXPECT_NEAR(found[2].auc_gained->value, 4.0 / 9, 1e-12);
  const analysis::ClassLosses losses(measured[1].source, std::span(&measured[2].source, 1), labels);
  const analysis::Estimate lost = losses.combined(std::vector<double>{.5, .5});
  EXPECT_NEAR(found[2].auc_gained->low, -lost.high, 1e-12);
  EXPECT_NEAR(found[2].auc_gained->high, -lost.low, 1e-12);
  EXPECT_DOUBLE_EQ(found[2].auc_gained->test.p, lost.test.p);
  ASSERT_TRUE(found[2].classes[1].auc_gained);
  EXPECT_NEAR(found[2].classes[1].auc_gained->value, 4.0 / 9, 1e-12);
  // Class 0: one of four images is lost; class 1: two are gained. Means -1/4 and 1/2, variances 1/4 and 1/3.
  EXPECT_DOUBLE_EQ(found[2].recall_gained->value, .125);
  const analysis::VariancePart parts[]{{.25 / 4 / 4, 3}, {1.0 / 3 / 4 / 4, 3}};
  EXPECT_NEAR(found[2].recall_gained->low, analysis::estimate(.125, parts).low, 1e-12);
}

TEST(Mitigation, RefusesModelsOfOtherImages) {
  auto measured = models();
  measured[2].target.ids.back() = "another";
  expect_error("FreezeB0 and FreezeB0 with rehearsal were not measured on the same images",
               [&] { compare_arms(measured, labels, classes); });
}

TEST(Mitigation, IsReadAgainAndHasARowForEachClass) {
  TempFolder folder;
  const Mitigation written{{"no pain", "pain"}, {"sad"}, .01, 8, compare_arms(models(), labels, classes)};
  write_mitigation(folder.path(), written);
  const Mitigation again = read_mitigation(folder / "mitigation.json");
  ASSERT_TRUE(again.freeze_b0());
  EXPECT_EQ(again.freeze_b0()->auc.value, written.models[1].auc.value);
  EXPECT_EQ(again.models[2].auc_gained->low, written.models[2].auc_gained->low);
  EXPECT_EQ(again.dropped, written.dropped);
  const Csv csv = read_csv(folder / "mitigation.csv");
  ASSERT_EQ(csv.rows.size(), 9u);
  EXPECT_EQ(csv.rows[8][std::size_t(csv.column("class"))], "mean");
  EXPECT_EQ(csv.rows[8][std::size_t(csv.column("auc_gained"))], "0.444444");
  EXPECT_EQ(csv.rows[0][std::size_t(csv.column("auc_gained"))], "");
  write_file(folder / "mitigation.json", "{}");
  expect_error("mitigation.json is not usable", [&] { read_mitigation(folder / "mitigation.json"); });
}

}  // namespace
}  // namespace palimpsest::experiments
