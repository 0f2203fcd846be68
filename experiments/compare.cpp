// `palimpsest compare`: McNemar's test on two evaluations of the same images.
#include "experiments/compare.h"
#include "analysis/mcnemar.h"
#include "base/error.h"
#include "base/files.h"
#include "experiments/command.h"
#include "experiments/labels.h"

namespace palimpsest::experiments {

namespace {

// The number in a.csv of the class that --class gives by number or name.
std::optional<int> wanted_class(const CompareCommand& command, const analysis::Predictions& a) {
  if (command.only_class.empty()) return {};
  const int number = class_named(command.only_class, a.classes, a.names, "--class");
  if (number >= 0) return number;
  std::vector<std::string> known = a.names;
  std::erase(known, "");
  throw Error(
      fmt::format("--class {} is not one of the {} classes of {}{}", command.only_class, a.classes, command.a.string(),
                  known.empty() ? "" : ", which names " + list_text(known)),
      fmt::format("give a number from 0 to {}{}", a.classes - 1, known.empty() ? "" : ", or one of these names"));
}

}  // namespace

void run_compare(const CompareCommand& command) {
  require_separate({{"the first", command.a}, {"the second", command.b}}, {{"--out", command.out}});
  const analysis::Predictions a = analysis::read_predictions(command.a), b = analysis::read_predictions(command.b);
  const std::string json = analysis::mcnemar_json(analysis::compare_predictions(a, b, wanted_class(command, a)));
  if (command.out.empty())
    fmt::print("{}", json);
  else
    write_file(command.out, json);
}

Command compare_command() {
  return make_command("compare", "McNemar's test between two evaluations of the same images",
                      "Example: do they differ on surprise?\n"
                      "  palimpsest compare --a a.csv --b b.csv --class 3 --out mcnemar.json",
                      run_compare);
}

}  // namespace palimpsest::experiments
