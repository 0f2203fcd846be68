#include "analysis/mcnemar.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <nlohmann/json.hpp>
#include <numeric>
#include <unordered_map>

#include "base/class_names.h"
#include "base/error.h"
#include "base/progress.h"

namespace palimpsest::analysis {

namespace {

McNemar::ChiSquare chi_square(double difference, double total) {
  const double statistic = difference * difference / total;
  return {statistic, boost::math::cdf(complement(boost::math::chi_squared(1), statistic))};
}

Error mismatch(const Predictions& a, const Predictions& b, const std::string& why) {
  return Error(fmt::format("{} and {} cannot be compared: {}", a.path.string(), b.path.string(), why),
               "evaluate both models on the same data set");
}

// For each class of b its number in a: by name if both files have names, else by position. A class of b that a does
// not name gets a new number.
std::vector<int> numbers_in(const Predictions& a, const Predictions& b) {
  const auto classes = std::size_t(b.classes);
  std::vector<int> to(classes);
  std::iota(to.begin(), to.end(), 0);
  if (a.names.empty() || b.names.empty()) {
    if (a.classes != b.classes)
      throw mismatch(a, b, fmt::format("one has {} classes, the other {}", a.classes, b.classes));
    if (a.names.empty() != b.names.empty())
      remark(fmt::format("{} does not name its classes: those of {} and {} are matched by their numbers.",
                         (a.names.empty() ? a : b).path.string(), a.path.string(), b.path.string()));
    return to;
  }
  const auto known = [](const Predictions& p, char mark) {  // a class without a name gets a unique one
    std::vector<std::string> names = p.names;
    for (std::size_t c = 0; c < names.size(); ++c)
      if (names[c].empty()) names[c] = fmt::format("{}{}", mark, c);
    return names;
  };
  const ClassMap map = match_classes(known(b, '\x01'), known(a, '\x02'), b.path.string());
  std::string moved;
  for (std::size_t c = 0; c < classes; ++c) {
    if (b.names[c].empty()) continue;
    to[c] = map.to[c] >= 0 ? map.to[c] : a.classes + int(c);
    if (map.to[c] >= 0 && map.to[c] != int(c))
      moved += fmt::format("{}{} is {} and {}", moved.empty() ? "" : ", ", b.names[c], map.to[c], c);
  }
  const auto other = other_names_text(map);
  if (!moved.empty() || !other.empty())
    remark(fmt::format("Classes of {} and {} are matched by name: {}{}{}.", a.path.string(), b.path.string(), moved,
                       moved.empty() || other.empty() ? "" : "; ", other));
  return to;
}

}  // namespace

McNemar mcnemar(std::int64_t b, std::int64_t c) {
  PALIMPSEST_REQUIRE(b >= 0 && c >= 0, "b = {}, c = {}", b, c);
  McNemar result;
  result.b = b;
  result.c = c;
  const double total = double(b + c), difference = double(std::abs(b - c));
  if (total == 0) return result;
  const boost::math::binomial coin(total, 0.5);
  result.exact_p = std::min(1.0, 2 * boost::math::cdf(coin, double(std::min(b, c))));
  result.chi2 = chi_square(difference, total);
  result.chi2_corrected = chi_square(std::max(0.0, difference - 1), total);
  return result;
}

McNemar compare_predictions(const Predictions& a, const Predictions& b, std::optional<int> only_class) {
  const auto number_in_a = numbers_in(a, b);
  const auto label_of_b = [&](std::size_t j) { return number_in_a[std::size_t(b.labels[j])]; };
  const auto wanted = [&](int label) { return !only_class || label == *only_class; };
  std::unordered_map<std::string, std::size_t> rows_of_b;
  for (std::size_t i = 0; i < b.size(); ++i) rows_of_b.emplace(b.ids[i], i);

  std::int64_t counts[2][2] = {};  // [a right][b right]
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto found = rows_of_b.find(a.ids[i]);
    if (found == rows_of_b.end()) {
      if (wanted(a.labels[i])) throw mismatch(a, b, fmt::format("only the first has the image '{}'", a.ids[i]));
      continue;
    }
    const std::size_t j = found->second;
    if (a.labels[i] != label_of_b(j))
      throw mismatch(a, b,
                     fmt::format("image '{}' has the label {} in one and {} in the other", a.ids[i],
                                 a.name_of(a.labels[i]), b.name_of(b.labels[j])));
    rows_of_b.erase(found);
    if (wanted(a.labels[i])) ++counts[a.predicted[i] == a.labels[i]][b.predicted[j] == b.labels[j]];
  }
  for (std::size_t j = 0; j < b.size(); ++j)  // in the file's order, so that the message is always the same
    if (wanted(label_of_b(j)) && rows_of_b.contains(b.ids[j]))
      throw mismatch(a, b, fmt::format("only the second has the image '{}'", b.ids[j]));

  if (counts[0][0] + counts[0][1] + counts[1][0] + counts[1][1] == 0)
    throw Error(fmt::format("{} has no image{}", a.path.string(),
                            only_class ? fmt::format(" of class {}", a.name_of(*only_class)) : std::string()),
                "choose another class, or omit the class to compare all images");
  McNemar result = mcnemar(counts[1][0], counts[0][1]);
  result.both_right = counts[1][1];
  result.both_wrong = counts[0][0];
  return result;
}

std::string mcnemar_json(const McNemar& r) {
  const nlohmann::ordered_json json = {
      {"b", r.b},
      {"c", r.c},
      {"both_right", r.both_right},
      {"both_wrong", r.both_wrong},
      {"exact", {{"p", r.exact_p}}},
      {"chi2", {{"statistic", r.chi2.statistic}, {"p", r.chi2.p}}},
      {"chi2_corrected", {{"statistic", r.chi2_corrected.statistic}, {"p", r.chi2_corrected.p}}}};
  return json.dump(2) + "\n";
}

}  // namespace palimpsest::analysis
