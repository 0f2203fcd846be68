// The pieces of the report: its wording, its charts, the areas that it circles.
#include <gmock/gmock.h>

#include "experiments/report/html.h"
#include "experiments/report/svg_canvas.h"
#include "experiments/report/svg_charts.h"
#include "experiments/study/truth_areas.h"
#include "tests/experiments/well_formed.h"

namespace palimpsest::experiments {
namespace {

using namespace report;

TEST(ReportWords, NumbersAsPeopleWriteThem) {
  EXPECT_EQ(p_value(8.19e-18), "p = 8.19 × 10⁻¹⁸");
  EXPECT_EQ(p_value(.034), "p = 0.034");
  EXPECT_EQ(p_value(0), "p &lt; 10⁻³⁰⁰");
  EXPECT_EQ(signed_fixed(-.001, 1), "0.0");
  EXPECT_EQ(points(-.1234), "−12.3");
  EXPECT_EQ(count(4000, "image", "images"), "4,000 images");
  EXPECT_EQ(enumerate({"a", "b", "c"}), "a, b and c");
  EXPECT_EQ(escape("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
}

TEST(ReportWords, Base64StandardVectors) {  // RFC 4648, section 10
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(ReportCharts, TicksAreRound) {
  EXPECT_THAT(round_ticks(0, 1, 5), testing::Pointwise(testing::DoubleNear(1e-12), {0., .2, .4, .6, .8, 1.}));
  EXPECT_THAT(round_ticks(-.031, .012, 4), testing::Pointwise(testing::DoubleNear(1e-12), {-.02, 0.}));
}

TEST(ReportCharts, LongNamesAreCutBetweenLetters) {
  const std::string chart = row_bars({"t", "d", "x", {{"überaus langer Name", "red", "überaus langer Name", 1, {}}}});
  EXPECT_THAT(chart, testing::HasSubstr(">überaus lan…<"));
  EXPECT_THAT(chart, testing::HasSubstr("<title>überaus langer Name</title>"));
  const std::string short_enough = row_bars({"t", "d", "x", {{"twelve chars", "red", "", 1, {}}}});
  EXPECT_THAT(short_enough, testing::HasSubstr(">twelve chars<"));
}

TEST(ReportCharts, DegenerateDataStillDraw) {
  Histogram same{"t", "d", "x", "red", {0, 0, 0}, 10, false};
  expect_well_formed(histogram(same));
  LineChart flat;
  flat.lines.push_back({{"a", "red"}, {{1, 2}}, false, true});
  expect_well_formed(line_chart(flat));
  EXPECT_EQ(line_chart({}), "");
  expect_well_formed(row_bars({"t", "d", "x", {{"a<b", "red", "tip", 0, {}}}}));
}

TEST(TruthAreas, TwoSidesAreTwoEllipses) {
  std::vector<float> mask(64 * 64);
  for (const int centre : {16, 48})
    for (int y = 30; y < 36; ++y)
      for (int x = centre - 3; x < centre + 3; ++x) mask[std::size_t(y) * 64 + std::size_t(x)] = 1;
  const auto ellipses = ellipses_of(mask, 64);
  ASSERT_EQ(ellipses.size(), 2u);
  EXPECT_NEAR(ellipses[0].x, .25, 1e-6);
  EXPECT_NEAR(ellipses[1].x, .75, 1e-6);
  EXPECT_NEAR(ellipses[0].y, 33. / 64, 1e-6);
  EXPECT_TRUE(ellipses_of(std::vector<float>(64 * 64), 64).empty());
}

}  // namespace
}  // namespace palimpsest::experiments
