#include "experiments/study/config.h"

#include "tests/support/expect_error.h"
#include "tests/support/goldens.h"

namespace palimpsest::experiments {
namespace {

const std::string sets = "emotion = 'affectnet:e'\npain = 'unbc:p'\nconcepts = 'ckplus:c'\n";

StudyConfig parse(const std::string& text) {
  return parse_study_config(sets + text, "study.toml");
}

TEST(StudyConfig, DefaultsAreThePapers) {
  const StudyConfig config = parse("");
  EXPECT_EQ(config.size, 224);
  EXPECT_EQ(config.model.width, 1);
  EXPECT_EQ(config.model.hidden, (std::vector<int>{4096, 4096}));
  EXPECT_EQ(config.data.pain_images, 1000);
  EXPECT_EQ(config.data.pain_validation, 100);
  EXPECT_EQ(config.concept_test.repeats, 500);
  EXPECT_EQ(config.concept_test.c, 1);
  EXPECT_EQ(config.bottom_cut, std::vector<int>{5});
  EXPECT_EQ(config.hypotheses, (std::vector<Hypothesis>{{"contempt", 14}, {"surprise", 5}}));
  EXPECT_EQ(config.train_emotion.preset, "emotion");
  EXPECT_EQ(config.train_pain.epochs, 50) << "the preset's";
}

TEST(StudyConfig, ReadsEveryKindOfValue) {
  const StudyConfig config = parse(
      "drawn = true\nhypotheses = [['fear', 20]]\n[data]\ntest_participants = ['042', '043']\n[train.pain]\nrate = 1\n"
      "epochs = 3\n[null]\nseeds = [7, 8]\n[concept]\nstandardise = true\n[action_units.emotions]\nfear = [1, 20]\n");
  EXPECT_EQ(config.drawn, Drawn::yes);
  EXPECT_EQ(config.hypotheses, (std::vector<Hypothesis>{{"fear", 20}}));
  EXPECT_EQ(config.data.test_participants, (std::vector<std::string>{"042", "043"}));
  EXPECT_EQ(config.train_pain.rate, 1);
  EXPECT_EQ(config.train_pain.epochs, 3);
  EXPECT_EQ(config.null_seeds, (std::vector<std::uint64_t>{7, 8}));
  EXPECT_TRUE(config.concept_test.standardise);
  EXPECT_EQ(config.emotion_units.size(), 1u);
}

TEST(StudyConfig, UnknownKeyNamesTheNearest) {
  try {
    parse("[train.pain]\nepoch = 3\n");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("study.toml:5: unknown option 'train.pain.epoch'"));
    EXPECT_THAT(error.remedy(), testing::HasSubstr("did you mean train.pain.epochs?"));
  }
  expect_error("unknown option 'learning'", [] { parse("[learning]\nrate = 1\n"); });
  expect_error("unknown option 'train.pian'", [] { parse("[train.pian]\nrate = 1\n"); });
}

TEST(StudyConfig, WrongTypesAndRangesNameTheKey) {
  expect_error("model.size: 'big' is not a multiple of 32", [] { parse("[model]\nsize = 'big'\n"); });
  expect_error("model is not a table", [] { parse("model = 3\n"); });
  expect_error("train.pain.rate: 'fast' is not a number above 0", [] { parse("[train.pain]\nrate = 'fast'\n"); });
  expect_error("train.pain.rate: 'nan' is not a number above 0", [] { parse("[train.pain]\nrate = nan\n"); });
  expect_error("hypotheses: '14 contempt' is not a class and one concept",
               [] { parse("hypotheses = [[14, 'contempt']]\n"); });
  expect_error("model.size: '100' is not a multiple of 32", [] { parse("[model]\nsize = 100\n"); });
  expect_error("model.head: 'wide' is not one of fc, dense", [] { parse("[model]\nhead = 'wide'\n"); });
  expect_error("model.head must be one of fc, dense: the study's features are not averaged",
               [] { parse("[model]\nhead = 'gap'\n"); });
  expect_error("train.pain.epochs: '0' is not a whole number of at least 1",
               [] { parse("[train.pain]\nepochs = 0\n"); });
  expect_error("null.seeds must be different", [] { parse("[null]\nseeds = [1]\n"); });
  expect_error("study.toml:4", [] { parse("= 3\n"); });
}

TEST(StudyConfig, TasksMayBeOthers) {
  const StudyConfig config = parse_study_config(
      "emotion = 'folder:dogs'\npain = 'folder:cats'\nconcepts = 'folder:parts'\nconcept-labels = 'parts.csv'\n"
      "hypotheses = [['golden retriever', 'long_ears'], ['pug', 14]]\n[names]\nsource = 'breed'\ntarget = 'cat'\n",
      "study.toml");
  EXPECT_EQ(config.hypotheses, (std::vector<Hypothesis>{{"golden retriever", 0, "long_ears"}, {"pug", 14}}));
  EXPECT_EQ(with_plurals(config.names).sources, "breeds");
  EXPECT_EQ(with_plurals({.source = "class"}).sources, "classes");
  EXPECT_EQ(with_plurals({.source = "berry"}).sources, "berries");
  EXPECT_EQ(step_name_of("Dog's breed!"), "dog_s_breed");
  expect_error("names.source must be", [] { parse("[names]\nsource = 'retrain'\n"); });
  expect_error("names.target must be", [] { parse("[names]\ntarget = 'emotion'\n"); });
  expect_error("names.target must be", [] { parse("[names]\ntarget = '!'\n"); });
  expect_error("unless concept-labels names a CSV", [] {
    parse_study_config("emotion = 'folder:a'\npain = 'folder:b'\nconcepts = 'folder:c'\n", "study.toml");
  });
}

TEST(StudyConfig, ArmsAreDifferentAndKnown) {
  const StudyConfig config = parse("[mitigation]\narms = ['rehearsal', 'l2-sp']\nrehearse-images = 3\n");
  EXPECT_EQ(config.arms, (std::vector{Arm::rehearsal, Arm::l2_sp}));
  EXPECT_EQ(config.rehearse_images, 3);
  EXPECT_TRUE(parse("").arms.empty());
  expect_error("mitigation.arms must be different arms", [] { parse("[mitigation]\narms = ['l2-sp', 'l2-sp']\n"); });
  expect_error("'ewc' is not one of drop-classes, l2-sp, rehearsal", [] { parse("[mitigation]\narms = ['ewc']\n"); });
  expect_error("mitigation.l2-sp", [] { parse("[mitigation]\nl2-sp = 0\n"); });
}

TEST(StudyConfig, DataMustFitTheirPlace) {
  expect_error("data.orientation must be stored, unless emotion is a folder:DIR",
               [] { parse("[data]\norientation = 'exif'\n"); });
  expect_error("emotion must be given", [] { parse_study_config("", "study.toml"); });
  expect_error("pain must be a data set with parts; ckplus:... has none", [] {
    parse_study_config("emotion = 'affectnet:e'\npain = 'ckplus:p'\nconcepts = 'ckplus:c'\n", "study.toml");
  });
}

// The reference names every key, and gives the default for all except the starting weights.
TEST(StudyConfig, PaperConfigIsTheDefaultAndNamesEveryKey) {
  const fs::path path = goldens() / "../../experiments/configs/paper.toml";
  const StudyConfig paper = read_study_config(path);
  StudyConfig plain;
  plain.emotion = paper.emotion, plain.pain = paper.pain, plain.concepts = paper.concepts;
  plain.model.init = paper.model.init;
  const auto given = config_values(paper), standard = config_values(plain);
  const std::string text = read_file(path);
  ASSERT_EQ(given.size(), standard.size());
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string key = given[i].first.substr(given[i].first.rfind('.') + 1);
    EXPECT_THAT(text, testing::HasSubstr(key)) << given[i].first;
    if (given[i].first.starts_with("train.emotion.")) continue;  // spelled out there
    EXPECT_EQ(given[i], standard[i]);
  }
}

TEST(StudyConfig, TheOneForPhotographsIsRead) {
  const StudyConfig config = read_study_config(goldens() / "../../experiments/configs/photographs.toml");
  EXPECT_EQ(config.model.width, 1);
  EXPECT_EQ(config.data.crop, data::Crop::landmarks);
}

}  // namespace
}  // namespace palimpsest::experiments
