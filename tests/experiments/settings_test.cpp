// An option is defined in one place; everything else follows from it.
#include "experiments/command_line.h"
#include "experiments/settings/toml.h"
#include "experiments/study/plan.h"
#include "experiments/train.h"
#include "tests/support/expect_error.h"
#include "tests/support/goldens.h"

namespace palimpsest::experiments {
namespace {

using testing::HasSubstr;

struct Toy {
  double wobble = option(wobble, "wobble", 0.5, "how much it wobbles", heading("Toys"), at_least(0), formerly("shake"));
};
void run_toy(const Toy&) {}

TEST(Settings, AnOptionInOnePlaceIsInAllOthers) {
  const std::vector<Command> commands{make_command("toy", "A toy", "", run_toy)};
  EXPECT_THAT(parse_command_line({"toy", "--help"}, commands).text, HasSubstr("--wobble NUMBER=0.5"));
  EXPECT_THAT(options_page(commands),
              HasSubstr("| `--wobble` | a number of at least 0 | `0.5` | how much it wobbles |"));
  const auto parsed = parse_command_line({"toy", "--wobble", "2"}, commands);
  EXPECT_EQ(std::static_pointer_cast<Toy>(parsed.call.settings)->wobble, 2);
  EXPECT_THAT(parse_command_line({"toy", "--wobble", "-1"}, commands).text,
              HasSubstr("--wobble: '-1' is not a number of at least 0"));

  Toy toy;
  const Fields fields = fields_of(toy);
  EXPECT_EQ(write_toml(fields), "\n# Toys\nwobble = 0.5\n");
  for (const char* const text : {"wobble = 3", "shake = 3"}) {
    toy = {};
    EXPECT_EQ(read_toml(text, "toy.toml", fields), std::set<std::string>{"wobble"});
    EXPECT_EQ(toy.wobble, 3);
  }
  expect_error("toy.toml:2: wobble is given twice", [&] { read_toml("shake = 1\nwobble = 1", "toy.toml", fields); });
  expect_error("toy.toml:2: wobble: '-1' is not a number of at least 0",
               [&] { read_toml("\nwobble = -1", "toy.toml", fields); });
  toy.wobble = 3;
  std::map<std::string, std::string> inputs;
  add_inputs(fields, "toy", inputs);
  EXPECT_EQ(inputs, (std::map<std::string, std::string>{{"toy.wobble", "3"}}));
}

// An option that used to be true or false keeps the meaning of command lines and files that say so.
TEST(Settings, AWordThatWasAFlag) {
  struct Cut {
    data::BottomCut how = option(how, "cut", data::BottomCut::no, "how", heading("Toys"), once_a_flag("stretch"));
  };
  const std::vector<Command> commands{make_command<Cut>("toy", "A toy", "", [](const Cut&) {})};
  const auto on_command_line = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "toy");
    return std::static_pointer_cast<Cut>(parse_command_line(arguments, commands).call.settings)->how;
  };
  EXPECT_EQ(on_command_line({}), data::BottomCut::no);
  EXPECT_EQ(on_command_line({"--cut"}), data::BottomCut::stretch);
  EXPECT_EQ(on_command_line({"--cut", "--quiet"}), data::BottomCut::stretch);
  EXPECT_EQ(on_command_line({"--cut", "--no-cut"}), data::BottomCut::no);
  EXPECT_EQ(on_command_line({"--cut", "blank"}), data::BottomCut::blank);
  EXPECT_EQ(on_command_line({"--cut=blank"}), data::BottomCut::blank);
  EXPECT_EQ(parse_command_line({"toy", "--cut", "off"}, commands).exit_code, 2);
  EXPECT_THAT(parse_command_line({"toy", "--help"}, commands).text, HasSubstr("no|blank|stretch=no"));

  Cut cut;
  const Fields fields = fields_of(cut);
  for (const auto& [text, meaning] : {std::pair{"cut = true", data::BottomCut::stretch},
                                      {"cut = false", data::BottomCut::no},
                                      {"cut = 'blank'", data::BottomCut::blank}}) {
    read_toml(text, "toy.toml", fields);
    EXPECT_EQ(cut.how, meaning) << text;
  }
  EXPECT_THAT(write_toml(fields), HasSubstr("cut = 'blank'"));
  expect_error("toy.toml:1: cut: 1 is not one of no, blank, stretch",
               [&] { read_toml("cut = 1", "toy.toml", fields); });
}

std::vector<std::string> another_value(const Field& field) {
  for (const auto& choice : field.choices)
    if (choice != field.text()) return {choice};
  if (field.type == FieldType::flag) return {field.text() == "true" ? "false" : "true"};
  if (field.name == "data") return {"folder:x"};
  if (field.name == "rules") return {"epsilon"};
  if (field.name == "dialect") return {"captum"};
  if (field.name == "vgg") return {"19"};
  if (field.type == FieldType::number) return {field.text() == "0.5" ? "0.25" : "0.5"};
  if (field.type == FieldType::integer) return {field.name == "size" ? "64" : "5"};
  return {"something"};
}

// A study resumes only if nothing has changed that its results depend on.
template <class Group>
void expect_inputs_to_follow() {
  const Group group;
  const Fields fields = fields_of(group);
  std::map<std::string, std::string> before;
  add_inputs(fields, "", before);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Field& field = fields[i];
    Group changed;
    const Fields of_changed = fields_of(changed);
    const Field& other = of_changed[i];
    other.set(another_value(other), field.name);
    ASSERT_NE(other.text(), field.text()) << field.name;
    std::map<std::string, std::string> after;
    add_inputs(of_changed, "", after);
    EXPECT_EQ(before != after, field.changes_results && !field.names_content) << field.name;
  }
}

TEST(Settings, WhatChangesResultsIsAnInputOfTheStep) {
  expect_inputs_to_follow<Recipe>();
  expect_inputs_to_follow<DataSettings>();
  expect_inputs_to_follow<RelevanceSettings>();
  expect_inputs_to_follow<ConceptSettings>();
  // Only these are declared to have no effect, or are paths whose content is an input.
  std::set<std::string> irrelevant;
  const TrainCommand command;
  const Fields fields = fields_of(command);
  for (const Field& field : fields)
    if (field.in_files && (!field.changes_results || field.names_content)) irrelevant.insert(field.name);
  EXPECT_EQ(irrelevant,
            (std::set<std::string>{"cache", "cache-limit", "data", "init", "preset", "rehearse", "skipped"}));
}

TEST(Settings, EveryOptionOfTrainIsOnThePageAndInItsConfig) {
  const TrainCommand command;
  const Fields fields = fields_of(command);
  const std::string help = parse_command_line({"train", "--help"}).text, page = options_page();
  const std::string config = train_config_text(command);
  for (const Field& field : fields) {
    EXPECT_THAT(help, HasSubstr("--" + field.name));
    EXPECT_THAT(page, HasSubstr("| `--" + field.name + "` |"));
    if (!field.in_files || field.optional) continue;
    EXPECT_THAT(config, HasSubstr("\n" + field.name + " = "));
  }
}

TEST(Settings, ThePageIsTrue) {
  const std::string page = read_file(goldens() / "../../docs/options.md");
  EXPECT_TRUE(page == options_page()) << "palimpsest info --options > docs/options.md";
}

}  // namespace
}  // namespace palimpsest::experiments
