#include "data/drawn/emotions.h"

#include <algorithm>

namespace palimpsest::data::drawn {

namespace {

// A half smile also appears on neutral and happy faces, so that only the dimple makes it contempt.
const std::array<Prototype, emotion_count> prototypes{{
    {{}, {}, {}},
    {{6, 12}, {}, {{25, .45}}, 0, .15},
    {{1, 4, 15}, {}, {{17, .40}}},
    {{1, 2, 5, 26}, {}, {}},
    {{1, 2, 4, 5, 7, 20, 26}, {}, {}},
    {{9, 15, 16}, {9, 10, 17}, {}},
    {{4, 5, 7, 23}, {}, {{17, .20}}},
    {{12, 14}, {}, {}, 14, 1},
}};

double clamped_normal(Random& random, double mean, double spread) {
  return std::clamp(mean + spread * random.normal(), 1.0, 5.0);
}

// Neutral faces are rarely completely at rest: raised brows, a half smile.
void disturb_neutral(Expression& expression, Random& random) {
  const double choice = random.uniform();
  if (choice < .14) {
    expression.set(1, random.uniform(1.2, 3.2));
    expression.set(2, random.uniform(1.2, 3.2));
  } else if (choice < .28) {
    expression.set(12, random.uniform(1.2, 3.2), random.chance(.5) ? Side::left : Side::right);
  }
}

void show_prototype(Expression& expression, Emotion emotion, double keep, Random& random) {
  const Prototype& wanted = prototype(emotion);
  const auto& units = !wanted.variant.empty() && random.chance(.4) ? wanted.variant : wanted.core;
  const double strength = random.uniform(2.2, 4.5);
  const bool lopsided = random.chance(wanted.lopsided), left = random.chance(.5);
  const auto side = [&](int number) {
    const bool sided = action_unit_table()[std::size_t(action_unit_index(number))].sided;
    return !sided || !lopsided ? Side::both : left ? Side::left : Side::right;
  };
  std::vector<int> hidden;
  for (int number : units)
    if (!random.chance(keep) && number != wanted.mark) hidden.push_back(number);
  // At least half are kept: without any of its action units a face has no emotion.
  while (hidden.size() > units.size() / 2) hidden.erase(hidden.begin() + random.below(std::uint32_t(hidden.size())));
  for (int number : units) {
    const double intensity = clamped_normal(random, strength, .6);
    if (std::find(hidden.begin(), hidden.end(), number) == hidden.end())
      expression.set(number, intensity, side(number));
  }
  for (const auto& companion : wanted.companions)
    if (random.chance(companion.chance)) expression.set(companion.number, clamped_normal(random, strength, .6));
}

// Action units that cancel each other in the picture.
constexpr std::array<std::array<int, 2>, 4> rivals{{{5, 43}, {12, 15}, {20, 23}, {7, 43}}};

bool compatible(const Expression& expression, int number) {
  for (const auto& pair : rivals)
    if ((pair[0] == number && expression.has(pair[1])) || (pair[1] == number && expression.has(pair[0]))) return false;
  return true;
}

}  // namespace

const char* emotion_name(Emotion emotion) {
  constexpr std::array<const char*, emotion_count> names{"neutral", "happy",   "sad",   "surprise",
                                                         "fear",    "disgust", "anger", "contempt"};
  return names[std::size_t(emotion)];
}

const Prototype& prototype(Emotion emotion) {
  return prototypes[std::size_t(emotion)];
}

void remove_rivals(Expression& expression, int number) {
  for (const auto& pair : rivals) {
    if (pair[0] == number) expression.set(pair[1], 0);
    if (pair[1] == number) expression.set(pair[0], 0);
  }
}

void add_stray(Expression& expression, std::span<const int> pool, Random& random) {
  std::vector<int> free;
  for (int number : pool)
    if (!expression.has(number) && compatible(expression, number)) free.push_back(number);
  const double intensity = random.uniform(1.5, 4.0);
  const bool one_side = random.chance(.5), left = random.chance(.5);
  const std::uint32_t choice = random.bits();
  if (free.empty()) return;
  const int number = free[std::size_t((std::uint64_t{choice} * free.size()) >> 32)];
  const bool sided = action_unit_table()[std::size_t(action_unit_index(number))].sided;
  expression.set(number, intensity, !sided || !one_side ? Side::both : left ? Side::left : Side::right);
}

void score_parted_lips(Expression& expression) {
  const bool parted = expression.has(26) || expression.intensity(10) >= 1.5 || expression.intensity(16) >= 1.5;
  if (parted && !expression.has(25)) expression.set(25, 1.0 + .2 * expression.intensity(26));
}

Expression unscored_expression(Emotion emotion, const ExpressionOptions& options, Random& random) {
  Expression expression;
  if (emotion == Emotion::neutral)
    disturb_neutral(expression, random);
  else
    show_prototype(expression, emotion, options.keep, random);
  if (random.chance(options.stray)) {
    std::vector<int> pool;
    for (const auto& unit : action_unit_table()) pool.push_back(unit.number);
    add_stray(expression, pool, random);
  }
  return expression;
}

Expression unscored_blend(Random& random) {
  // How often each action unit is listed in CK+ (Lucey et al. 2010, table 1, rounded); AU10, 14, 16 and 43 raised so
  // that a concept test has enough positives.
  constexpr std::array<std::array<int, 2>, action_unit_count> often{{{1, 170},
                                                                     {2, 110},
                                                                     {4, 190},
                                                                     {5, 100},
                                                                     {6, 120},
                                                                     {7, 120},
                                                                     {9, 75},
                                                                     {10, 50},
                                                                     {12, 110},
                                                                     {14, 70},
                                                                     {15, 90},
                                                                     {16, 60},
                                                                     {17, 190},
                                                                     {20, 80},
                                                                     {23, 80},
                                                                     {25, 180},
                                                                     {26, 60},
                                                                     {43, 50}}};
  int total = 0;
  for (const auto& unit : often) total += unit[1];
  Expression expression;
  for (std::uint32_t i = 0, n = 2 + random.below(3); i < n; ++i) {
    int place = int(random.below(std::uint32_t(total)));
    std::size_t k = 0;
    while (place >= often[k][1]) place -= often[k++][1];
    const double intensity = random.uniform(1.8, 5.0);
    const bool one_side = often[k][0] == 14 && random.chance(.6), left = random.chance(.5);
    if (compatible(expression, often[k][0]))
      expression.set(often[k][0], intensity, !one_side ? Side::both : left ? Side::left : Side::right);
  }
  return expression;
}

Expression random_expression(Emotion emotion, const ExpressionOptions& options, Random& random) {
  Expression expression = unscored_expression(emotion, options, random);
  score_parted_lips(expression);
  return expression;
}

Expression random_blend(Random& random) {
  Expression expression = unscored_blend(random);
  score_parted_lips(expression);
  return expression;
}

}  // namespace palimpsest::data::drawn
