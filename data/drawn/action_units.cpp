#include "data/drawn/action_units.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/csv.h"
#include "base/error.h"

namespace palimpsest::data::drawn {

namespace {

constexpr std::array<ActionUnitInfo, action_unit_count> table{{
    {1, "inner brow raiser", "frontalis, pars medialis", "inner brows up, furrows in mid-forehead", false},
    {2, "outer brow raiser", "frontalis, pars lateralis", "outer brows arched, furrows above them", false},
    {4, "brow lowerer", "corrugator, depressor supercilii", "brows down and together, two furrows between", false},
    {5, "upper lid raiser", "levator palpebrae superioris", "white above the iris", false},
    {6, "cheek raiser", "orbicularis oculi, pars orbitalis", "cheeks up, crow's feet, furrow below the eye", false},
    {7, "lid tightener", "orbicularis oculi, pars palpebralis", "both lids narrow, lower lid straight", false},
    {9, "nose wrinkler", "levator labii superioris alaeque nasi", "wrinkles on the nose, nostrils up", false},
    {10, "upper lip raiser", "levator labii superioris", "upper lip up, upper teeth, upper nasolabial fold", false},
    {12, "lip corner puller", "zygomaticus major", "lip corners up and out, nasolabial fold", true},
    {14, "dimpler", "buccinator", "deep dimple beside the lip corner", true},
    {15, "lip corner depressor", "depressor anguli oris", "lip corners down, folds below them", false},
    {16, "lower lip depressor", "depressor labii inferioris", "lower lip down, lower teeth", false},
    {17, "chin raiser", "mentalis", "chin boss puckered, lower lip pushed up", false},
    {20, "lip stretcher", "risorius", "lips stretched sideways, lines in the cheeks", false},
    {23, "lip tightener", "orbicularis oris", "lips thin and narrow, wrinkled round the rim", false},
    {25, "lips part", "depressor labii inferioris, relaxed mentalis", "a gap between the lips", false},
    {26, "jaw drop", "relaxed masseter and temporalis", "jaw down, mouth open", false},
    {43, "eyes closed", "relaxed levator palpebrae superioris", "eyes closed", false},
}};

// The precision of expression_text(), so that a drawn face and its truth never round to different codes.
double hundredths(double intensity) {
  return double(std::lround(std::clamp(intensity, 0.0, 5.0) * 100)) / 100;
}

}  // namespace

std::span<const ActionUnitInfo, action_unit_count> action_unit_table() {
  return table;
}

int action_unit_index(int number) {
  for (int i = 0; i < action_unit_count; ++i)
    if (table[std::size_t(i)].number == number) return i;
  return -1;
}

void Expression::set(int number, double intensity, Side side) {
  const int i = action_unit_index(number);
  PALIMPSEST_REQUIRE(i >= 0, "AU{} is not drawn", number);
  PALIMPSEST_REQUIRE(side == Side::both || table[std::size_t(i)].sided, "AU{} has no side", number);
  const double value = hundredths(intensity);
  right[std::size_t(i)] = side == Side::left ? 0 : value;
  left[std::size_t(i)] = side == Side::right ? 0 : value;
}

double Expression::intensity(int number) const {
  const int i = action_unit_index(number);
  return i < 0 ? 0 : std::max(right[std::size_t(i)], left[std::size_t(i)]);
}

Side Expression::side(int number) const {
  const auto i = std::size_t(std::max(0, action_unit_index(number)));
  return left[i] > 0 && right[i] <= 0 ? Side::left : right[i] > 0 && left[i] <= 0 ? Side::right : Side::both;
}

bool Expression::empty() const {
  return std::all_of(table.begin(), table.end(), [&](const auto& unit) { return !has(unit.number); });
}

void Expression::scale(double factor) {
  for (auto* half : {&right, &left})
    for (double& value : *half) value = value * factor < .5 ? 0 : hundredths(value * factor);
}

std::string expression_text(const Expression& expression) {
  std::string text;
  for (const auto& unit : table) {
    if (!expression.has(unit.number)) continue;
    const Side side = expression.side(unit.number);
    text += fmt::format("{}{}:{:.2f}{}", text.empty() ? "" : " ", unit.number, expression.intensity(unit.number),
                        side == Side::left    ? ":L"
                        : side == Side::right ? ":R"
                                              : "");
  }
  return text;
}

Expression parse_expression(std::string_view text, std::string_view where) {
  const auto fail = [&]() -> Error {
    return Error(fmt::format("{}: '{}' is not a list of action units", where, text), "draw the faces again");
  };
  Expression expression;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view item = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (item.empty()) continue;
    const std::size_t colon = item.find(':');
    if (colon == item.npos) throw fail();
    const std::size_t second = std::min(item.find(':', colon + 1), item.size());
    const std::string_view side = item.substr(std::min(second + 1, item.size()));
    if (second < item.size() && side != "L" && side != "R") throw fail();
    const long number = parse_integer(item.substr(0, colon), where);
    const int index = action_unit_index(int(number));
    if (index < 0 || (!side.empty() && !table[std::size_t(index)].sided)) throw fail();
    expression.set(int(number), parse_number(item.substr(colon + 1, second - colon - 1), where),
                   side == "L"   ? Side::left
                   : side == "R" ? Side::right
                                 : Side::both);
  }
  return expression;
}

int coded_intensity(double intensity) {
  return int(std::lround(std::clamp(intensity, 0.0, 5.0)));
}

int pspi(const Expression& expression) {
  const auto code = [&](int number) { return coded_intensity(expression.intensity(number)); };
  return code(4) + std::max(code(6), code(7)) + std::max(code(9), code(10)) + (code(43) > 0 ? 1 : 0);
}

}  // namespace palimpsest::data::drawn
