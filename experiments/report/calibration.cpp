#include "experiments/report/calibration.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/csv.h"
#include "base/error.h"
#include "experiments/report/html.h"

namespace palimpsest::experiments::report {

namespace {

constexpr std::string_view kCsv =
#include "calibration_csv.h"  // made by CMake of docs/calibration.csv
    ;

}  // namespace

Calibration::Calibration(std::string_view csv) {
  Csv table{"calibration.csv", {}, parse_csv("calibration.csv", csv)};
  if (table.rows.empty()) throw Error("calibration.csv is empty", "write it with palimpsest calibrate");
  table.header = table.rows.front();
  table.rows.erase(table.rows.begin());
  const int kind = table.column("kind"), test = table.column("test"), sets = table.column("sets"),
            tests = table.column("tests"), rejected = table.column("rejected"), error = table.column("error");
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    const auto cell = [&](int column) -> const std::string& { return row.at(std::size_t(column)); };
    const auto number = [&](int column) { return int(parse_integer(cell(column), table.where(i))); };
    if (kinds_.empty() || kinds_.back().name != cell(kind)) kinds_.push_back({cell(kind), {}});
    kinds_.back().rates.push_back(
        {cell(test), number(sets), number(tests), number(rejected), parse_number(cell(error), table.where(i))});
  }
}

const Calibration& Calibration::of_program() {
  static const Calibration calibration(kCsv);
  return calibration;
}

const Calibration::Rate* Calibration::of(const char* kind, const std::string& test) const {
  const auto found = std::ranges::find(kinds_, kind, &Kind::name);
  if (found == kinds_.end()) return nullptr;
  const auto rate = std::ranges::find(found->rates, test, &Rate::test);
  return rate == found->rates.end() ? nullptr : &*rate;
}

const Calibration::Rate* Calibration::false_positives(const std::string& test) const {
  const Rate* const same = of(calibrate::same_training, test);
  return same ? same : of(calibrate::nothing_lost, test);
}

std::string Calibration::flag(const std::string& test) const {
  const Rate* const rate = false_positives(test);
  if (!rate || rate->agrees_with(0.05)) return "";
  return fmt::format(
      "<a class=\"flag\" href=\"#calibration\">rejects {} {}</a>", percent(rate->rate()),
      of(calibrate::same_training, test) ? "between runs of the same training" : "where nothing is lost");
}

}  // namespace palimpsest::experiments::report
