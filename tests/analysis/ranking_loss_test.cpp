#include "analysis/ranking_loss.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/ranking.h"
#include "tests/analysis/golden_json.h"

namespace palimpsest::analysis {
namespace {

TEST(RankingLoss, AgreesWithCountedPairsAndScipy) {
  for (const auto& one : golden_json("ranking_loss")) {
    const auto positive = one.at("positive").get<std::vector<std::uint8_t>>();
    const auto before = one.at("before").get<std::vector<double>>();
    const auto after = one.at("after").get<std::vector<std::vector<double>>>();
    const RankingLoss got = ranking_loss(before, after, positive);
    const auto areas = one.at("areas").get<std::vector<double>>();
    EXPECT_NEAR(got.before, areas[0], 1e-12);
    EXPECT_NEAR(got.before, ranking_auc(before, positive), 1e-12);
    EXPECT_NEAR(got.image_variance, one.at("image_variance"), 1e-12);
    EXPECT_NEAR(got.run_variance, one.at("run_variance"), 1e-12);
    const auto test = one.at("test").get<std::vector<double>>(), images = one.at("images").get<std::vector<double>>();
    EXPECT_TRUE(close(got.loss.test.t, test[0], 1e-9));
    EXPECT_TRUE(close(got.loss.test.df, test[1], 1e-9));
    EXPECT_TRUE(close(got.loss.test.p, test[2], 1e-9));
    EXPECT_NEAR(got.loss.low, test[3], 1e-9);
    EXPECT_NEAR(got.loss.high, test[4], 1e-9);
    EXPECT_TRUE(close(got.images.test.t, images[0], 1e-9));
    EXPECT_TRUE(close(got.images.test.p, images[2], 1e-9));
  }
}

TEST(RankingLoss, NothingChangedIsNoLoss) {
  const std::vector<double> scores{1, 2, 3, 4, 5, 6};
  const std::vector<std::uint8_t> positive{0, 0, 1, 0, 1, 1};
  const std::vector<std::vector<double>> after(3, scores);
  const RankingLoss got = ranking_loss(scores, after, positive);
  EXPECT_EQ(got.loss.value, 0);
  EXPECT_EQ(got.loss.test.p, 1);
  EXPECT_NEAR(got.loss.low, 0, 1e-12);
  EXPECT_NEAR(got.loss.high, 0, 1e-12);
}

// Runs whose areas differ although none loses anything in the mean: the images alone are sure far too often, with the
// runs' part the level is kept. 400 sets, 5 % +- 1.1 %.
TEST(RankingLoss, KeepsItsLevelWhereRunsDiffer) {
  Random random(1, Purpose::test);
  int rejected = 0, by_images = 0;
  constexpr int sets = 400, examples = 200, runs = 5;
  std::vector<std::uint8_t> positive;
  for (int i = 0; i < examples; ++i) positive.push_back(i % 4 == 0);
  for (int set = 0; set < sets; ++set) {
    std::vector<double> truth, before;
    for (int i = 0; i < examples; ++i) truth.push_back(random.normal() + (positive[std::size_t(i)] ? 1.2 : 0));
    // Every network, the one before too, sees the truth with noise and an own weight of a direction without meaning.
    const auto network = [&] {
      std::vector<double> scores;
      const double own = 0.5 * random.normal();
      for (int i = 0; i < examples; ++i)
        scores.push_back(truth[std::size_t(i)] + own * (positive[std::size_t(i)] ? 1 : 0) + 0.5 * random.normal());
      return scores;
    };
    // "Before" has the mean of what runs have.
    for (int i = 0; i < examples; ++i) before.push_back(truth[std::size_t(i)] + 0.5 * random.normal());
    std::vector<std::vector<double>> after;
    for (int run = 0; run < runs; ++run) after.push_back(network());
    const RankingLoss got = ranking_loss(before, after, positive);
    rejected += got.loss.test.p < 0.05;
    by_images += got.images.test.p < 0.05;
  }
  EXPECT_LT(rejected, 0.10 * sets);
  EXPECT_GT(by_images, 0.15 * sets);
}

}  // namespace
}  // namespace palimpsest::analysis
