#include <sstream>

#include "experiments/command_line.h"
#include "experiments/compare.h"
#include "experiments/concept.h"
#include "experiments/draw_faces.h"
#include "experiments/evaluate.h"
#include "experiments/explain.h"
#include "experiments/pairs.h"
#include "experiments/predict.h"
#include "experiments/report/report.h"
#include "experiments/settings/toml.h"
#include "experiments/study/study.h"
#include "experiments/train.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::experiments {
namespace {

CommandLine parse(const std::string& line) {
  std::istringstream words(line);
  std::vector<std::string> arguments;
  for (std::string word; words >> word;) arguments.push_back(word);
  return parse_command_line(arguments);
}

template <class T>
T command(const std::string& line) {
  const CommandLine parsed = parse(line);
  EXPECT_EQ(parsed.exit_code, 0) << parsed.text;
  if (parsed.exit_code != 0) return {};
  return *std::static_pointer_cast<T>(parsed.call.settings);
}

TrainCommand train(const std::string& options) {
  return command<TrainCommand>("train --data folder:x --out RUN " + options);
}

// The command lines that checks outside the project rely on.
TEST(CommandLine, PredictAsDocumented) {
  const auto c =
      command<PredictCommand>("predict --weights W.safetensors --data arrays:x.npy --logits z.npy --features f.npy");
  EXPECT_EQ(c.model.weights, "W.safetensors");
  EXPECT_EQ(c.data.source.text, "arrays:x.npy");
  EXPECT_EQ(c.logits, "z.npy");
  EXPECT_EQ(c.features, "f.npy");
  EXPECT_EQ(c.on.device, DeviceName{});
}

TEST(CommandLine, ExplainAsDocumented) {
  const auto c = command<ExplainCommand>(
      "explain --weights W.safetensors --data arrays:x.npy --target 3,6 --rules study --dialect zennit --maps R.npy "
      "--ledger L.json");
  EXPECT_EQ(c.target, "3,6");
  EXPECT_EQ(c.relevance.rules, "study");
  EXPECT_EQ(c.relevance.dialect, "zennit");
  EXPECT_EQ(c.maps, "R.npy");
  EXPECT_EQ(c.ledger, "L.json");
  EXPECT_FALSE(c.sum_channels);
}

TEST(CommandLine, TrainAsDocumented) {
  const auto c = command<TrainCommand>(
      "train --data arrays:x.npy,y.npy --init W.safetensors --loss focal --gamma 5 --class-counts "
      "74874,134415,25459,14090,6378,3803,24882,3750 --beta 0.99998 --lr 0.01 --momentum 0 --batch 2 --steps 1 "
      "--no-shuffle --no-augment --out RUN --gradients G.safetensors");
  EXPECT_EQ(c.data.source.text, "arrays:x.npy,y.npy");
  EXPECT_EQ(c.init, "W.safetensors");
  EXPECT_EQ(c.loss, Loss::focal);
  EXPECT_EQ(c.gamma, 5);
  EXPECT_EQ(c.class_counts, (std::vector<std::int64_t>{74874, 134415, 25459, 14090, 6378, 3803, 24882, 3750}));
  EXPECT_EQ(c.class_weights, nn::ClassWeights::rescaled) << "--class-counts implies it";
  EXPECT_EQ(c.beta, 0.99998);
  EXPECT_EQ(c.rate, 0.01);
  EXPECT_EQ(c.batch, 2);
  EXPECT_EQ(c.steps, 1);
  EXPECT_FALSE(c.shuffle);
  EXPECT_EQ(c.augment, data::Augmentation::none);
  EXPECT_EQ(c.out, "RUN");
}

TEST(CommandLine, ConceptAsDocumented) {
  const auto c = command<ConceptCommand>(
      "concept --features a.npy b.npy --labels y.npy --groups g.npy --repeats 500 --out concept.json");
  EXPECT_EQ(c.features, (std::vector<fs::path>{"a.npy", "b.npy"}));
  EXPECT_EQ(c.labels, "y.npy");
  EXPECT_EQ(c.groups, "g.npy");
  EXPECT_EQ(c.test.repeats, 500);
  EXPECT_EQ(c.out, "concept.json");
}

TEST(CommandLine, CompareAsDocumented) {
  const auto c = command<CompareCommand>("compare --a a.csv --b b.csv --class 3 --out mcnemar.json");
  EXPECT_EQ(c.a, "a.csv");
  EXPECT_EQ(c.b, "b.csv");
  EXPECT_EQ(c.only_class, "3");
  EXPECT_EQ(command<CompareCommand>("compare --a a.csv --b b.csv --out m.json").only_class, "");
}

TEST(CommandLine, PairsAsDocumented) {
  const auto c = command<PairsCommand>(
      "pairs --before a.safetensors --after b.safetensors --data pairs --units 5,14 --crop none --out effects");
  EXPECT_EQ(c.before, "a.safetensors");
  EXPECT_EQ(c.after, "b.safetensors");
  EXPECT_EQ(c.folder, "pairs");
  EXPECT_EQ(c.units, (std::vector<int>{5, 14}));
  EXPECT_EQ(c.data.crop, data::Crop::none);
  EXPECT_EQ(c.out, "effects");
  EXPECT_EQ(parse("pairs --before a --data pairs --out effects --part test").exit_code, 2) << "a selection of sets";
}

TEST(CommandLine, StudyAndReport) {
  const auto c = command<StudyCommand>("study demo.toml --out demo --redo emotion pain-3 --threads 2 --quiet");
  EXPECT_EQ(c.config, "demo.toml");
  EXPECT_EQ(c.out, "demo");
  EXPECT_EQ(c.redo, (std::vector<std::string>{"emotion", "pain-3"}));
  EXPECT_EQ(c.on.threads, 2);
  EXPECT_TRUE(parse("study demo.toml --out demo --quiet").quiet);
  EXPECT_FALSE(parse("study demo.toml --out demo").quiet);
  EXPECT_EQ(command<ReportCommand>("report demo").study, "demo");
}

TEST(CommandLine, DrawFaces) {
  const auto c = command<DrawFacesCommand>("draw-faces --out faces --seed 7 --size 64 --masks none --participants 6");
  EXPECT_EQ(c.sets.folder, "faces");
  EXPECT_EQ(c.sets.seed, 7U);
  EXPECT_EQ(c.sets.image_size, 64);
  EXPECT_EQ(c.sets.masks, data::drawn::MaskScope::none);
  EXPECT_EQ(c.sets.participants, 6);
  EXPECT_EQ(command<DrawFacesCommand>("draw-faces --contact-sheets sheets").contact_sheets, "sheets");
  const auto pairs = command<DrawFacesCommand>("draw-faces --pairs p --pair-units 5,14 --pairs-per-unit 7").pairs;
  EXPECT_EQ(pairs.folder, "p");
  EXPECT_EQ(pairs.units, (std::vector<int>{5, 14}));
  EXPECT_EQ(pairs.pairs_per_unit, 7);
  EXPECT_EQ(pairs.context, data::drawn::PairContext::emotions);
  expect_error("draw-faces", [] { parse("draw-faces --seed 3"); });
}

TEST(CommandLine, DefaultsAreThePapers) {
  const TrainCommand c = train("");
  EXPECT_EQ(c.rate, 0.01);
  EXPECT_EQ(c.momentum, 0);
  EXPECT_EQ(c.weight_decay, 0);
  EXPECT_EQ(c.batch, 32);
  EXPECT_EQ(c.width, 1);
  EXPECT_EQ(c.hidden, std::vector<int>{}) << "as --init, else VGG16's own";
  EXPECT_EQ(c.class_weights, nn::ClassWeights::none);
  EXPECT_TRUE(c.shuffle);
  EXPECT_TRUE(c.resume);
}

TEST(Presets, ThePapersThree) {
  const TrainCommand emotion = train("--preset emotion");
  EXPECT_EQ(emotion.gamma, 5);
  EXPECT_EQ(emotion.class_weights, nn::ClassWeights::rescaled);
  EXPECT_EQ(emotion.augment, data::Augmentation::flip);
  EXPECT_EQ(emotion.epochs, 20);
  EXPECT_EQ(emotion.freeze, 0);
  const TrainCommand pain = train("--preset pain --freeze 3");
  EXPECT_EQ(pain.gamma, 2);
  EXPECT_EQ(pain.class_weights, nn::ClassWeights::none);
  EXPECT_EQ(pain.augment, data::Augmentation::keras);
  EXPECT_EQ(pain.epochs, 50);
  EXPECT_EQ(pain.freeze, 3);
  const TrainCommand retrain = train("--preset retrain");
  EXPECT_EQ(retrain.freeze, 5);
  EXPECT_EQ(retrain.gamma, 5);
  for (const TrainCommand& c : {emotion, pain, retrain}) {
    EXPECT_EQ(c.loss, Loss::focal);
    EXPECT_EQ(c.rate, 0.01);
    EXPECT_EQ(c.momentum, 0);
    EXPECT_EQ(c.clip_norm, 0);
  }
}

TEST(Presets, ScratchGoesOnTop) {
  const TrainCommand c = train("--preset emotion,scratch");
  EXPECT_EQ(c.preset, "emotion,scratch");
  EXPECT_EQ(c.gamma, 5) << "from emotion";
  EXPECT_EQ(c.class_weights, nn::ClassWeights::rescaled);
  EXPECT_EQ(c.momentum, 0.9) << "from scratch";
  EXPECT_EQ(c.clip_norm, 1);
  EXPECT_GT(c.plain_epochs, 0);
  expect_error("'nonsense'", [] { train("--preset nonsense"); });
  expect_error("'nonsense'", [] { train("--preset emotion,nonsense"); });
}

TEST(Presets, FillOnlyWhatIsNotGiven) {
  const TrainCommand c = train("--epochs 3 --preset pain --gamma 1 --no-augment");
  EXPECT_EQ(c.epochs, 3);
  EXPECT_EQ(c.gamma, 1);
  EXPECT_EQ(c.augment, data::Augmentation::none);
  EXPECT_EQ(train("--preset pain --class-counts 5,6").class_weights, nn::ClassWeights::rescaled);
  EXPECT_EQ(train("--class-counts 5,6 --class-weights plain").class_weights, nn::ClassWeights::plain);
}

TEST(Config, LinesBeatFilesBeatPresets) {
  const TempFolder folder;
  const fs::path file = folder / "train.toml";
  write_unsynced(file,
                 "preset = \"pain\"\ngamma = 3\nepochs = 7\nhidden = [16, 8]\ntest-participants = [\"042\"]\n"
                 "shuffle = false\nsize = 64\n");
  const TrainCommand c = train("--epochs 9 --config " + file.string());
  EXPECT_EQ(c.preset, "pain");
  EXPECT_EQ(c.augment, data::Augmentation::keras) << "the file's preset";
  EXPECT_EQ(c.gamma, 3) << "the file beats its preset";
  EXPECT_EQ(c.epochs, 9) << "the line beats the file";
  EXPECT_EQ(c.hidden, (std::vector<int>{16, 8}));
  EXPECT_EQ(c.data.test_participants, std::vector<std::string>{"042"});
  EXPECT_EQ(c.data.size, 64);
  EXPECT_FALSE(c.shuffle);
  EXPECT_TRUE(train("--shuffle --config " + file.string()).shuffle);
  EXPECT_EQ(train("--preset emotion --config " + file.string()).augment, data::Augmentation::flip)
      << "the line's preset beats the file's";
}

TEST(Config, ListsReplaceLists) {
  EXPECT_EQ(train("--hidden 12,6").hidden, (std::vector<int>{12, 6}));
  EXPECT_EQ(train("--hidden 12,6 --head dense").hidden, std::vector<int>{});
  EXPECT_EQ(train("--hidden 12,6 --head gap").hidden, (std::vector<int>{12, 6}));
}

TEST(Config, WrittenAndReadBackIsTheSame) {
  const TempFolder folder;
  TrainCommand c = train("--preset emotion,scratch --lr 0.1 --drop-classes contempt,surprise --class-counts 5,6,7");
  c.init = "we\"ird\\name.safetensors";
  c.seed = 18446744073709551ULL;
  const std::string text = train_config_text(c);
  write_unsynced(folder / "config.toml", text);
  TrainCommand back;
  read_toml(text, "config.toml", fields_of(back));
  EXPECT_EQ(train_config_text(back), text);
  EXPECT_EQ(back.rate, 0.1);
  EXPECT_EQ(back.init, c.init);
  EXPECT_EQ(back.seed, c.seed);
}

TEST(Config, BrokenFilesNameFileAndLine) {
  const TempFolder folder;
  const fs::path file = folder / "bad.toml";
  const auto line = "--config " + file.string();
  expect_error("bad.toml", [&] { train(line); });  // not there
  write_unsynced(file, "gamma = 1\nepochs = = 2\n");
  expect_error("bad.toml:2", [&] { train(line); });
  write_unsynced(file, "\n\ngama = 1\n");
  expect_error("bad.toml:3: unknown option 'gama'", [&] { train(line); });
  write_unsynced(file, "epochs = \"many\"\n");
  expect_error("bad.toml:1: epochs: 'many' is not a whole number of at least 1", [&] { train(line); });
  write_unsynced(file, "seed = -1\n");
  expect_error("seed: '-1' is not a whole number of at least 0", [&] { train(line); });
  write_unsynced(file, "hidden = [1, 2.5]\n");
  expect_error("hidden: 2.5 is not a list, each a whole number", [&] { train(line); });
  write_unsynced(file, "augment = \"upside-down\"\n");
  expect_error("augment: 'upside-down' is not one of none, flip, keras", [&] { train(line); });
}

TEST(CommandLine, ValuesThatMakeNoSenseAreNamed) {
  expect_error("--data", [] { command<TrainCommand>("train --out RUN"); });
  expect_error("--out", [] { command<TrainCommand>("train --data folder:x"); });
  expect_error("--class-counts", [] { train("--class-counts 5,6 --class-weights none"); });
  expect_error("--gradients", [] { train("--gradients G.safetensors"); });
  const std::string predict = "predict --weights W --data unbc:x --logits z.npy ";
  expect_error("--pain-validation", [&] { parse(predict + "--pain-images 10 --pain-validation 10"); });
  expect_error("--orientation exif does not work with unbc:x", [&] { parse(predict + "--orientation exif"); });
  EXPECT_EQ(command<TrainCommand>("train --data folder:x --out RUN --orientation exif").data.orientation,
            data::Orientation::exif);
  const auto refused = [](const std::string& line, const std::string& option, const std::string& value) {
    const CommandLine parsed = parse(line + option + " " + value);
    EXPECT_EQ(parsed.exit_code, 2) << option;
    EXPECT_THAT(parsed.text, testing::HasSubstr(option + ": '"));
  };
  for (const auto& [option, value] : {std::pair{"--freeze", "6"},
                                      {"--freeze-blocks", "0,2"},
                                      {"--lr", "0"},
                                      {"--momentum", "1"},
                                      {"--beta", "1"},
                                      {"--batch", "-3"},
                                      {"--class-counts", "5,0"},
                                      {"--size", "31"},
                                      {"--classes", "2147483647"},
                                      {"--hidden", "16,2147483647"},
                                      {"--margin", "-0.1"}})
    refused("train --data folder:x --out RUN ", option, value);
  for (const auto& [option, value] :
       {std::pair{"--size", "0"}, {"--validation-share", "1"}, {"--pain-images", "-2147483648"}})
    refused(predict, option, value);
}

TEST(CommandLine, LinesThatMakeNoSenseExitWithTwo) {
  for (const char* line : {"", "dance", "train --foo", "predict --data arrays:x.npy", "train --epochs many",
                           "explain --weights W --data arrays:x.npy --device abacus", "compare --a a.csv", "study"}) {
    const CommandLine parsed = parse(line);
    EXPECT_EQ(parsed.exit_code, 2) << line;
    EXPECT_FALSE(parsed.command.has_value()) << line;
    EXPECT_FALSE(parsed.text.empty()) << line;
  }
  EXPECT_THAT(parse("train --foo").text, testing::HasSubstr("--foo"));
  EXPECT_THAT(parse("train --foo").text, testing::HasSubstr("palimpsest train --help"));
}

// CLI11 itself reads "" as 0, wraps -1 around in unsigned types and accepts NaN and infinity.
TEST(CommandLine, ValuesThatAreNoNumbersExitWithTwo) {
  const std::vector<std::string> train{"train", "--data", "folder:x", "--out", "RUN"};
  const auto refused = [&](const std::string& option, const std::string& value) {
    auto line = train;
    line.insert(line.end(), {option, value});
    const CommandLine parsed = parse_command_line(line);
    return parsed.exit_code == 2 && parsed.text.find(option + ": '" + value + "' is not") != std::string::npos;
  };
  for (const char* value : {"", "abc", "1e400", "nan", "inf", "0x10", "1,2", "3 4", "--"})
    for (const char* option : {"--lr", "--width", "--epochs", "--seed", "--size"})
      EXPECT_TRUE(refused(option, value)) << option << " " << value;
  for (const char* option : {"--seed", "--split-seed", "--cache-limit"})
    for (const char* value : {"-1", "99999999999999999999", "1.5"})
      EXPECT_TRUE(refused(option, value)) << option << " " << value;
  for (const char* value : {"-1", "1025", "2147483648", "1.5"}) EXPECT_TRUE(refused("--threads", value)) << value;
  EXPECT_TRUE(refused("--hidden", "abc"));
  EXPECT_EQ(parse("predict --weights W --data folder:x --logits z.npy --batch 0").exit_code, 2);
  EXPECT_EQ(command<TrainCommand>("train --data folder:x --out RUN --lr 1e-3").rate, 1e-3);
}

// The text under "Example:" works unchanged: continued lines are joined.
TEST(CommandLine, TheExamplesAreUnderstood) {
  for (const char* name : {"train", "predict", "evaluate", "explain", "concept", "representation", "compare", "pairs",
                           "study", "report", "calibrate", "info", "draw-faces"}) {
    std::string text = parse(std::string(name) + " --help").text;
    text = text.substr(text.find("Example"));
    for (std::size_t at = 0; (at = text.find("\\\n")) != std::string::npos;) text.replace(at, 2, " ");
    std::istringstream lines(text);
    int examples = 0;
    for (std::string line; std::getline(lines, line);) {
      const auto at = line.find("  palimpsest ");
      if (at != 0) continue;
      const CommandLine parsed = parse(line.substr(13));
      EXPECT_TRUE(parsed.command.has_value()) << line << "\n" << parsed.text;
      ++examples;
    }
    EXPECT_GE(examples, 1) << name;
  }
}

TEST(CommandLine, EveryCommandHelpsWithAnExample) {
  const std::string all = parse("--help").text;
  for (const char* name : {"train", "predict", "evaluate", "explain", "concept", "representation", "compare", "pairs",
                           "study", "report", "calibrate", "info", "draw-faces"}) {
    EXPECT_THAT(all, testing::HasSubstr(name));
    const CommandLine help = parse(std::string(name) + " --help");
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_FALSE(help.command.has_value());
    EXPECT_THAT(help.text, testing::HasSubstr("Example"));
    EXPECT_THAT(help.text, testing::HasSubstr(std::string("palimpsest ") + name + " "));
    EXPECT_THAT(help.text, testing::HasSubstr("--quiet"));
  }
}

TEST(CommandLine, Version) {
  const CommandLine parsed = parse("--version");
  EXPECT_EQ(parsed.exit_code, 0);
  EXPECT_THAT(parsed.text, testing::MatchesRegex("palimpsest [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

}  // namespace
}  // namespace palimpsest::experiments
