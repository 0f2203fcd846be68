#pragma once
#include <string>

#include "experiments/settings/fields.h"

namespace palimpsest::experiments {

// What the tasks of a study are called: in the names and titles of its steps, and on the page.
struct TaskNames {
  std::string source = option(source, "source", "emotion", "one class of the first task, of which some may be lost");
  std::string sources = option(sources, "sources", "", "several of them; empty: by the usual rule");
  std::string target = option(target, "target", "pain", "what is learned after it");
  std::string unit = option(unit, "concept", "action unit", "what the concept tests look for");
  std::string units = option(units, "concepts", "", "several of them; empty: by the usual rule");
  bool operator==(const TaskNames&) const = default;
};
TaskNames with_plurals(TaskNames names);

// The name of a step, which is also its folder's: "Dog breed" -> "dog_breed"; empty without
// a letter or digit of ASCII.
std::string step_name_of(const std::string& task);

}  // namespace palimpsest::experiments
