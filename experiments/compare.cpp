// `palimpsest compare`: McNemar's test on two evaluations of the same images.
#include "analysis/mcnemar.h"
#include "base/error.h"
#include "experiments/commands.h"

namespace palimpsest {

void run_compare(const CompareCommand& command) {
  const Predictions a = read_predictions(command.a), b = read_predictions(command.b);
  if (command.only_class && (*command.only_class < 0 || *command.only_class >= a.classes))
    throw Error(
        fmt::format("class {} is none of the {} classes of {}", *command.only_class, a.classes, command.a.string()),
        fmt::format("give --class a number from 0 to {}", a.classes - 1));
  const std::string json = mcnemar_json(compare_predictions(a, b, command.only_class));
  if (command.out.empty())
    fmt::print("{}", json);
  else
    write_file(command.out, json);
}

}  // namespace palimpsest
