#include "analysis/mcnemar.h"

#include "tests/analysis/golden_json.h"
#include "tests/support/expect_error.h"

namespace palimpsest::analysis {
namespace {

TEST(McNemar, AgreesWithStatsmodelsAndScipy) {
  for (const auto& golden : golden_json("mcnemar")) {
    const std::int64_t b = golden["b"], c = golden["c"];
    const McNemar got = mcnemar(b, c);
    EXPECT_TRUE(close(got.exact_p, golden["exact"], 1e-9)) << b << " " << c << ": " << got.exact_p;
    EXPECT_TRUE(close(got.chi2.statistic, golden["chi2"][0], 1e-12));
    EXPECT_TRUE(close(got.chi2.p, golden["chi2"][1], 1e-9)) << b << " " << c << ": " << got.chi2.p;
    if (b == c) continue;  // statsmodels subtracts 1 from |b - c| = 0 and squares -1; R and we do not
    EXPECT_TRUE(close(got.chi2_corrected.statistic, golden["corrected"][0], 1e-12));
    EXPECT_TRUE(close(got.chi2_corrected.p, golden["corrected"][1], 1e-9)) << b << " " << c;
  }
}

TEST(McNemar, ThePapersContemptIsWithinReachOfTheExactTest) {
  // 67 against 2 of 500: the p = 8.19e-18 of the paper's B5 and B0.
  EXPECT_NEAR(mcnemar(67, 2).exact_p, 8.19e-18, 0.01e-18);
}

TEST(McNemar, WithoutDisagreementEveryPIsOne) {
  for (const std::int64_t n : {0, 5}) {
    const McNemar got = mcnemar(n, n);
    EXPECT_EQ(got.exact_p, 1);
    EXPECT_EQ(got.chi2.p, 1);
    EXPECT_EQ(got.chi2_corrected.p, 1);
  }
}

TEST(McNemar, FarTails) {
  EXPECT_TRUE(close(mcnemar(1000, 0).exact_p, std::ldexp(1.0, -999), 1e-9)) << "2 / 2^1000";
  EXPECT_EQ(mcnemar(7000, 0).exact_p, 0) << "below the smallest double";
}

Predictions predictions(const std::string& name, std::vector<std::string> ids, std::vector<int> labels,
                        std::vector<int> predicted) {
  return {name, 3, std::move(ids), std::move(labels), std::move(predicted), {}};
}

TEST(ComparePredictions, MatchesByIdNotByRow) {
  const auto a = predictions("a.csv", {"1", "2", "3", "4", "5"}, {0, 0, 0, 1, 1}, {0, 0, 1, 1, 0});
  const auto b = predictions("b.csv", {"5", "4", "3", "2", "1"}, {1, 1, 0, 0, 0}, {1, 1, 0, 2, 0});
  const McNemar all = compare_predictions(a, b);
  EXPECT_EQ(all.b, 1) << "image 2";
  EXPECT_EQ(all.c, 2) << "images 3 and 5";
  EXPECT_EQ(all.both_right, 2);
  EXPECT_EQ(all.both_wrong, 0);
  const McNemar one = compare_predictions(a, b, 1);
  EXPECT_EQ(one.b, 0);
  EXPECT_EQ(one.c, 1);
  EXPECT_EQ(one.both_right, 1);
}

TEST(ComparePredictions, MismatchNamesBothFilesAndTheImage) {
  const auto a = predictions("a.csv", {"1", "x"}, {0, 1}, {0, 0});
  const auto more = predictions("b.csv", {"1", "x", "y"}, {0, 1, 1}, {0, 0, 0});
  const auto relabelled = predictions("b.csv", {"1", "x"}, {0, 2}, {0, 0});
  for (const auto& part : {"a.csv", "b.csv", "only the second has the image 'y'"})
    expect_error(part, [&] { compare_predictions(a, more); });
  expect_error("only the first has the image 'y'", [&] { compare_predictions(more, a); });
  expect_error("image 'x' has the label 1 in one and 2 in the other", [&] { compare_predictions(a, relabelled); });
  EXPECT_EQ(compare_predictions(a, more, 0).both_right, 1) << "class 0 is the same in both";
  auto fewer = more;
  fewer.classes = 2;
  expect_error("one has", [&] { compare_predictions(a, fewer, 0); });
  expect_error("a.csv has no image of class 2", [&] { compare_predictions(a, a, 2); });
  expect_error("has no image",
               [] { compare_predictions(predictions("e.csv", {}, {}, {}), predictions("f.csv", {}, {}, {})); });
}

// Two models that number the same classes differently.
TEST(ComparePredictions, MatchesClassesByName) {
  auto a = predictions("a.csv", {"1", "2", "3"}, {0, 1, 2}, {0, 1, 0});
  auto b = predictions("b.csv", {"1", "2", "3"}, {2, 1, 0}, {2, 0, 0});
  expect_error("image '1' has the label 0 in one and 2 in the other", [&] { compare_predictions(a, b); });
  a.names = {"angry", "happy", "sad"};
  expect_error("image '1' has the label angry in one and 2 in the other", [&] { compare_predictions(a, b); });
  b.names = {"Sadness", "happy", "anger"};
  const McNemar all = compare_predictions(a, b);
  EXPECT_EQ(all.both_right, 1);
  EXPECT_EQ(all.b, 1) << "image 2";
  EXPECT_EQ(all.c, 1) << "image 3";
  EXPECT_EQ(compare_predictions(a, b, 2).c, 1) << "sad is 2 in a";
  b.classes = 4;
  b.names = {"sad", "happy", "angry", ""};
  EXPECT_EQ(compare_predictions(a, b).both_right, 1) << "a class more that no image has";
  b.names = {"sad", "glad", "angry", ""};
  expect_error("image '2' has the label happy in one and glad in the other", [&] { compare_predictions(a, b); });
}

TEST(ComparePredictions, JsonHasTheDocumentedKeys) {
  const auto json = nlohmann::json::parse(mcnemar_json(mcnemar(10, 25)));
  EXPECT_EQ(json["b"], 10);
  EXPECT_EQ(json["c"], 25);
  EXPECT_TRUE(close(json["exact"]["p"], 0.016673847800120715, 1e-12));
  EXPECT_TRUE(close(json["chi2"]["statistic"], 6.428571428571429, 1e-12));
  EXPECT_TRUE(close(json["chi2"]["p"], 0.011229886652916672, 1e-12));
  EXPECT_TRUE(close(json["chi2_corrected"]["statistic"], 5.6, 1e-12));
  EXPECT_TRUE(json["chi2_corrected"].contains("p"));
}

}  // namespace
}  // namespace palimpsest::analysis
