#pragma once
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "experiments/command_line.h"
#include "experiments/option_table.h"

// Inside of the command line; these files alone include CLI11.
namespace palimpsest::command_line {

// The number that the whole of `text` spells. CLI11's own reading takes "" for 0, wraps -1 round in unsigned types and
// lets NaN and infinity pass. Throws CLI11's error, so that the program exits with 2.
template <class T>
T number_from(const std::string& option, const std::string& text, const OptionText& about) {
  T value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool good = code == std::errc{} && end == text.data() + text.size() && double(value) >= about.low &&
              double(value) <= about.high;
  if constexpr (std::is_floating_point_v<T>) good = good && std::isfinite(value);
  if (good) return value;
  using Limits = std::numeric_limits<T>;
  std::string wanted = "a finite number";
  if constexpr (std::is_integral_v<T>)
    wanted = fmt::format("a whole number from {} to {}", Limits::min(), Limits::max());
  if (std::isfinite(about.low))
    wanted = fmt::format("a {}number from {} to {}", std::is_integral_v<T> ? "whole " : "", about.low, about.high);
  throw CLI::ValidationError("--" + option, fmt::format("'{}' is not {}", text, wanted));
}

// Adds one option of any of the kinds that commands.h uses; the value that the member has now is shown as its default.
class OptionAdder {
 public:
  explicit OptionAdder(CLI::App& app) : app_(app) {}

  CLI::Option* operator()(const std::string& name, std::string& member, const OptionText& about) const {
    CLI::Option* const option = app_.add_option("--" + name, member, about.help)->default_str(member);
    if (!about.choices.empty()) {
      option->type_name(fmt::format("{}", fmt::join(about.choices, "|")));
      const auto choices = about.choices;
      option->check([choices](const std::string& value) {
        for (const auto& choice : choices)
          if (value == choice) return std::string();
        return fmt::format("'{}' is unknown: use {}", value, fmt::join(choices, ", "));
      });
    }
    return option->group(about.group);
  }

  CLI::Option* operator()(const std::string& name, fs::path& member, const OptionText& about) const {
    const auto set = [&member](const std::string& text) { member = text; };
    return app_.add_option_function<std::string>("--" + name, set, about.help)->type_name("PATH")->group(about.group);
  }

  CLI::Option* operator()(const std::string& name, std::vector<fs::path>& member, const OptionText& about) const {
    const auto set = [&member](const std::vector<std::string>& texts) { member.assign(texts.begin(), texts.end()); };
    return app_.add_option_function<std::vector<std::string>>("--" + name, set, about.help)
        ->type_name("PATH...")
        ->group(about.group);
  }

  CLI::Option* operator()(const std::string& name, bool& member, const OptionText& about) const {
    return app_.add_flag(fmt::format("--{},!--no-{}", name, name), member, about.help)->group(about.group);
  }

  CLI::Option* operator()(const std::string& name, std::optional<int>& member, const OptionText& about) const {
    const auto set = [&member, name, about](const std::string& text) { member = number_from<int>(name, text, about); };
    return app_.add_option_function<std::string>("--" + name, set, about.help)->type_name("INT")->group(about.group);
  }

  CLI::Option* operator()(const std::string& name, std::vector<std::string>& member, const OptionText& about) const {
    return as_list(app_.add_option("--" + name, member, about.help), member, about);
  }

  template <class T>
  CLI::Option* operator()(const std::string& name, std::vector<T>& member, const OptionText& about) const {
    const auto set = [&member, name, about](const std::vector<std::string>& texts) {
      member.clear();
      for (const auto& text : texts) member.push_back(number_from<T>(name, text, about));
    };
    return as_list(app_.add_option_function<std::vector<std::string>>("--" + name, set, about.help), member, about);
  }

  template <class T>
    requires std::is_arithmetic_v<T>
  CLI::Option* operator()(const std::string& name, T& member, const OptionText& about) const {
    const auto set = [&member, name, about](const std::string& text) { member = number_from<T>(name, text, about); };
    return app_.add_option_function<std::string>("--" + name, set, about.help)
        ->type_name(std::is_integral_v<T> ? "INT" : "NUMBER")
        ->default_str(fmt::format("{}", member))
        ->group(about.group);
  }

 private:
  template <class T>
  static CLI::Option* as_list(CLI::Option* option, const std::vector<T>& member, const OptionText& about) {
    return option->delimiter(',')
        ->type_name("LIST")
        ->default_str(fmt::format("{}", fmt::join(member, ",")))
        ->group(about.group);
  }

  CLI::App& app_;
};

// Where the options of every command go while the line is read.
struct Options {
  TrainCommand train;
  fs::path train_config;
  bool no_augment = false;
  PredictCommand predict;
  EvaluateCommand evaluate;
  ExplainCommand explain;
  ConceptCommand concept_test;
  CompareCommand compare;
  StudyCommand study;
  ReportCommand report;
  DrawFacesCommand draw_faces;
  std::string masks = "tested";
  WeightsCommand weights;
  InfoCommand info;
  BenchCommand bench;
  bool quiet = false;
};

// Each adds one command with its options and example.
void add_draw_faces(CLI::App& program, Options& options);
void add_train(CLI::App& program, Options& options);
void add_predict(CLI::App& program, Options& options);
void add_evaluate(CLI::App& program, Options& options);
void add_explain(CLI::App& program, Options& options);
void add_concept(CLI::App& program, Options& options);
void add_compare(CLI::App& program, Options& options);
void add_study(CLI::App& program, Options& options);
void add_report(CLI::App& program, Options& options);
void add_weights(CLI::App& program, Options& options);
void add_info(CLI::App& program, Options& options);
void add_bench(CLI::App& program, Options& options);

// Options that several commands share.
void add_runs_on(const OptionAdder& add, RunsOn& on);
void add_data(const OptionAdder& add, DataChoice& data);  // data set, its part, what is done to pictures
extern const char* const what_is_read;                    // for the end of a command's help

}  // namespace palimpsest::command_line
