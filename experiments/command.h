#pragma once
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "experiments/settings/fields.h"

namespace palimpsest::experiments {

// One use of a command: its settings, which the command line fills in through `fields`, and what is done with them.
struct Call {
  std::shared_ptr<void> settings;
  Fields fields;
  std::function<void(const std::set<std::string>& given)> prepare = [](const auto&) {};  // files and presets
  std::function<void(const std::set<std::string>& given)> settle = [](const auto&) {};   // what follows; checks
  std::function<void()> run = {};
};

// A command of the program: a name, a line about it, examples, and how it begins.
struct Command {
  std::string name, about, footer;
  bool goes_on = false;  // after an interruption, where it stopped
  std::function<Call()> begin = {};
};

// For a struct of settings and, where it has them, prepare(Settings&, given) and settle(Settings&, given), which throws
// Error for inconsistent settings. A command that prepares may get required options from a file.
template <class Settings>
Command make_command(std::string name, std::string about, std::string footer, void (*run)(const Settings&),
                     bool goes_on = false) {
  return {std::move(name), std::move(about), std::move(footer), goes_on, [run] {
            auto settings = std::make_shared<Settings>();
            Call call{.settings = settings, .fields = fields_of(*settings), .run = [run, settings] { run(*settings); }};
            if constexpr (requires(const std::set<std::string>& given) { prepare(*settings, given); }) {
              call.prepare = [settings](const auto& given) { prepare(*settings, given); };
              for (Field& field : call.fields) field.needed = false;
            }
            if constexpr (requires(const std::set<std::string>& given) { settle(*settings, given); })
              call.settle = [settings](const auto& given) { settle(*settings, given); };
            return call;
          }};
}

Command draw_faces_command();
Command train_command();
Command predict_command();
Command evaluate_command();
Command explain_command();
Command concept_command();
Command representation_command();
Command compare_command();
Command pairs_command();
Command study_command();
Command report_command();
Command forget_command();
Command calibrate_command();
Command weights_command();
Command info_command();
Command bench_command();

extern const char* const what_is_read;  // for the end of --help of a command that reads data

}  // namespace palimpsest::experiments
