#include <fmt/format.h>

#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "data/drawn/emotions.h"
#include "data/drawn/face.h"
#include "data/drawn/masks.h"
#include "data/drawn/pain.h"
#include "tests/data/scratch.h"

namespace palimpsest::data::drawn {
namespace {

constexpr int size = 96;
constexpr std::uint64_t seed = 11;

Scene still(std::uint64_t person) {
  Scene scene = random_scene(seed, Setting::laboratory, person);
  scene.noise = 0;
  return scene;
}

// How much each pixel of a person's picture changes when the expression is put on a neutral face.
std::vector<double> change(std::uint64_t person, const Expression& expression) {
  const Identity face = random_identity(seed, person);
  const Image before = draw_face(face, {}, still(person), size, size).image;
  const Image after = draw_face(face, expression, still(person), size, size).image;
  std::vector<double> difference(std::size_t(size) * size);
  for (std::size_t i = 0; i < after.pixels.size(); ++i)
    difference[i / 3] += std::abs(double(after.pixels[i]) - before.pixels[i]);
  return difference;
}

Expression only(int number, double intensity, Side side = Side::both) {
  Expression expression;
  expression.set(number, intensity, side);
  return expression;
}

double total(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

class EveryActionUnit : public testing::TestWithParam<int> {};

TEST_P(EveryActionUnit, ChangesThePictureInsideItsMask) {
  const int number = GetParam();
  double inside = 0, outside = 0;
  int covered = 0, rest = 0;
  for (std::uint64_t person : {0, 1, 2}) {
    const Expression expression = only(number, 4);
    const auto difference = change(person, expression);
    const auto mask = action_unit_masks(random_identity(seed, person), expression, still(person), size, size);
    int cells = 0;
    for (std::uint32_t cell : mask) cells += (cell >> action_unit_index(number)) & 1;
    EXPECT_GT(cells, mask_grid * mask_grid / 200);
    EXPECT_LT(cells, mask_grid * mask_grid / 6);
    for (int y = 0; y < size; ++y)
      for (int x = 0; x < size; ++x) {
        const std::uint32_t cell = mask[std::size_t(y * mask_grid / size * mask_grid + x * mask_grid / size)];
        const bool acts = (cell >> action_unit_index(number)) & 1;
        (acts ? inside : outside) += difference[std::size_t(y * size + x)];
        ++(acts ? covered : rest);
      }
  }
  EXPECT_GT(inside / (inside + outside), .5) << "share of the change that is inside";
  EXPECT_GT(inside / covered, 8 * outside / rest);
}

TEST_P(EveryActionUnit, ShowsMoreAtHigherIntensity) {
  const std::uint64_t person = 3;
  const double trace = total(change(person, only(GetParam(), 1)));
  const double marked = total(change(person, only(GetParam(), 3))), full = total(change(person, only(GetParam(), 5)));
  EXPECT_GT(trace, 0);
  EXPECT_GT(marked, 1.2 * trace);
  EXPECT_GE(full, marked);
}

// No other action unit may be mistaken for this one: their changes at intensity 3 have clearly different directions.
TEST_P(EveryActionUnit, IsLikeNoOther) {
  const std::uint64_t person = 4;
  const auto mine = change(person, only(GetParam(), 3));
  for (const auto& unit : action_unit_table()) {
    if (unit.number == GetParam()) continue;
    const auto other = change(person, only(unit.number, 3));
    const double product = std::inner_product(mine.begin(), mine.end(), other.begin(), 0.0);
    const double norms = std::sqrt(std::inner_product(mine.begin(), mine.end(), mine.begin(), 0.0) *
                                   std::inner_product(other.begin(), other.end(), other.begin(), 0.0));
    EXPECT_LT(product / norms, .9) << "AU" << unit.number;
  }
}

INSTANTIATE_TEST_SUITE_P(DrawnFaces, EveryActionUnit,
                         testing::Values(1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 17, 20, 23, 25, 26, 43),
                         [](const auto& test) { return fmt::format("AU{}", test.param); });

TEST(DrawnFaces, ASidedActionUnitStaysOnItsSide) {
  for (int number : {12, 14}) {
    Scene scene = still(0);
    scene.yaw = scene.roll = scene.shift.x = 0;
    const Identity face = random_identity(seed, 0);
    // The subject's left is the right half of the picture.
    const Expression expression = only(number, 5, Side::left);
    const auto mask = action_unit_masks(face, expression, scene, size, size);
    int left = 0, right = 0;
    for (std::size_t i = 0; i < mask.size(); ++i)
      if ((mask[i] >> action_unit_index(number)) & 1) ++(i % mask_grid < mask_grid / 2 ? left : right);
    EXPECT_GT(right, 20);
    EXPECT_LT(left, right / 10);
    EXPECT_EQ(expression.side(number), Side::left);
  }
}

TEST(DrawnFaces, AreAFunctionOfTheirArguments) {
  const auto draw = [](std::uint64_t person, int pixels) {
    return draw_face(random_identity(seed, person), only(12, 3), random_scene(seed, Setting::in_the_wild, person),
                     pixels, pixels);
  };
  for (int pixels : {64, 96, 224}) EXPECT_EQ(draw(5, pixels).image.pixels, draw(5, pixels).image.pixels);
  EXPECT_NE(draw(5, 64).image.pixels, draw(6, 64).image.pixels);
}

TEST(DrawnFaces, LandmarksFollowTheScheme) {
  for (std::uint64_t person = 0; person < 50; ++person) {
    const DrawnFace drawn = draw_face(random_identity(seed, person), only(26, 4),
                                      random_scene(seed, Setting::in_the_wild, person), size, size);
    ASSERT_EQ(drawn.landmarks.size(), 68U);
    for (Point p : drawn.landmarks) {
      EXPECT_TRUE(p.x > 0 && p.x < size && p.y > 0 && p.y < 1.03 * size)  // the chin of a gaping mouth may be cut
          << person << ": " << p.x << ", " << p.y;
    }
    const auto& p = drawn.landmarks;
    EXPECT_LT(p[0].x, p[16].x);   // ear to ear
    EXPECT_LT(p[27].y, p[33].y);  // down the nose
    EXPECT_LT(p[36].x, p[39].x);  // eye in the left of the picture, outer corner first
    EXPECT_LT(p[42].x, p[45].x);
    EXPECT_LT(p[48].x, p[54].x);  // mouth
    EXPECT_LT(p[62].y, p[66].y);  // which is open
    EXPECT_LT(p[57].y, p[8].y);   // above the chin
    EXPECT_LT(drawn.box.left, drawn.box.right);
    EXPECT_LT(drawn.box.top, p[36].y);
  }
}

TEST(Expressions, TextRoundTrip) {
  Expression expression = only(14, 2.5, Side::right);
  expression.set(1, 3);
  expression.set(12, 4.25, Side::left);
  const std::string text = expression_text(expression);
  EXPECT_EQ(text, "1:3.00 12:4.25:L 14:2.50:R");
  EXPECT_EQ(expression_text(parse_expression(text, "here")), text);
  EXPECT_TRUE(parse_expression("", "here").empty());
  for (const char* wrong : {"1", "3:1.0", "1:2:L", "12:2:X", "12:x"})
    expect_error_with({"truth.csv, row 3"}, [&] { parse_expression(wrong, "truth.csv, row 3"); });
}

TEST(Expressions, PspiIsPrkachinAndSolomons) {
  Expression expression;
  EXPECT_EQ(pspi(expression), 0);
  expression.set(4, 2);
  expression.set(6, 1);
  expression.set(7, 3);
  expression.set(9, 4);
  expression.set(10, 2);
  expression.set(43, 5);
  EXPECT_EQ(pspi(expression), 2 + 3 + 4 + 1);
  expression.set(12, 5);
  expression.set(1, 5);
  EXPECT_EQ(pspi(expression), 10);
}

TEST(Expressions, EmotionsShowAtLeastHalfOfTheirActionUnits) {
  for (int e = 1; e < emotion_count; ++e)
    for (std::uint64_t i = 0; i < 200; ++i) {
      Random random(seed, Purpose::test, 0, i);
      const Expression face = random_expression(Emotion(e), {}, random);
      const auto shown = [&](const std::vector<int>& units) {
        return std::count_if(units.begin(), units.end(), [&](int number) { return face.has(number); });
      };
      const Prototype& wanted = prototype(Emotion(e));
      const bool half = 2 * shown(wanted.core) >= std::ptrdiff_t(wanted.core.size()) ||
                        (!wanted.variant.empty() && 2 * shown(wanted.variant) >= std::ptrdiff_t(wanted.variant.size()));
      EXPECT_TRUE(half) << emotion_name(Emotion(e)) << " " << expression_text(face);
    }
}

// A half smile alone is not contempt: neutral and happy faces have it too, and contempt always has the dimple.
TEST(Expressions, OnlyTheDimpleTellsContempt) {
  const auto share = [](Emotion emotion, auto&& has) {
    int count = 0;
    constexpr int faces = 1000;
    for (std::uint64_t i = 0; i < faces; ++i) {
      Random random(seed, Purpose::test, 3, i);
      count += has(random_expression(emotion, {.keep = .7, .stray = 0}, random)) ? 1 : 0;
    }
    return double(count) / faces;
  };
  const auto dimple = [](const Expression& face) { return face.has(14); };
  const auto half_smile = [](const Expression& face) { return face.has(12) && face.side(12) != Side::both; };
  EXPECT_EQ(share(Emotion::contempt, dimple), 1);
  EXPECT_NEAR(share(Emotion::contempt, half_smile), .70, .05);
  EXPECT_NEAR(share(Emotion::neutral, half_smile), .14, .04);
  EXPECT_NEAR(share(Emotion::happy, half_smile), .15 * .73, .04);
  EXPECT_EQ(share(Emotion::happy, dimple), 0);
}

// A stray that something else in the frame cancels would be labelled but not seen.
TEST(PainSequences, StraysAreSeenAsOftenInPainAsWithoutIt) {
  constexpr std::array<std::array<int, 2>, 4> rivals{{{5, 43}, {7, 43}, {12, 15}, {20, 23}}};
  constexpr std::array strays{1, 2, 5, 14, 15, 16, 17, 23};  // of which pain uses none
  std::array<double, 2> frames{};
  std::map<int, std::array<double, 2>> seen;
  int contradictions = 0, labels_changed = 0;
  for (std::uint64_t i = 0; i < 40000; ++i) {
    Random random(seed, Purpose::test, 4, i), same = random;
    const auto film = pain_sequence({}, 3, random), unstrayed = pain_sequence({.stray = 0}, 3, same);
    for (std::size_t f = 0; f < film.size(); ++f) {
      const Expression& frame = film[f];
      const std::size_t pain = pspi(frame) > 0 ? 1 : 0;
      labels_changed += pain != (pspi(unstrayed[f]) > 0 ? 1U : 0U);
      ++frames[pain];
      std::set<int> shown;
      for (const int number : strays)
        if (frame.has(number)) shown.insert(number);
      for (const auto& [a, b] : rivals)
        if (frame.has(a) && frame.has(b)) {
          ++contradictions;
          shown.erase(a);
          shown.erase(b);
        }
      for (const int number : shown) ++seen[number][pain];
    }
  }
  EXPECT_EQ(contradictions, 0);
  EXPECT_EQ(labels_changed, 0) << "frames with pain only without strays, or only with them";
  EXPECT_NEAR(frames[1] / (frames[0] + frames[1]), .34, .06);
  for (const int number : strays) {
    const auto& [without, with] = seen[number];
    const double share = (without + with) / (frames[0] + frames[1]);
    // Runs of two frames in the mean, of geometric length, multiply the variance of a share by 3.
    const double error = std::sqrt(3 * share * (1 - share) * (1 / frames[0] + 1 / frames[1]));
    EXPECT_NEAR(with / frames[1], without / frames[0], 4 * error) << "AU" << number;
    EXPECT_NEAR(share, .25 / 12, .001) << "AU" << number;
  }
}

TEST(PainSequences, RiseToAPeakAndFall) {
  int rising = 0, films = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    Random random(seed, Purpose::test, 2, i);
    const auto film = pain_sequence({24, .2, 0, true}, 3.5, random);
    int highest = 0, low_pain = 0;
    for (const Expression& frame : film) highest = std::max(highest, pspi(frame));
    for (const Expression& frame : film) low_pain += pspi(frame) > 0 && pspi(frame) < highest ? 1 : 0;
    ++films;
    rising += low_pain > 0 ? 1 : 0;
    EXPECT_GT(highest, 0);
  }
  EXPECT_GT(rising, films * 8 / 10);
}

}  // namespace
}  // namespace palimpsest::data::drawn
