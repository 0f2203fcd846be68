// The report from a fabricated study: its text must follow from the files, and it must be one well-formed page.
#include <cmath>
#include <map>

#include "analysis/predictions.h"
#include "data/image.h"
#include "experiments/report/report.h"
#include "experiments/study/explained_sample.h"
#include "experiments/study/map_ranking.h"
#include "experiments/study/records.h"
#include "experiments/study/truth_areas.h"
#include "tests/experiments/well_formed.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::experiments {
namespace {

// `right` of `images` of each class are predicted right, the others as the next class.
void write_made_up(const fs::path& path, const std::vector<int>& right, int images) {
  analysis::Predictions p;
  p.classes = int(right.size());
  for (int c = 0; c < p.classes; ++c)
    for (int i = 0; i < images; ++i) {
      const int predicted = i < right[std::size_t(c)] ? c : (c + 1) % p.classes;
      p.ids.push_back(fmt::format("{}/{:03}.png", c, i));
      p.labels.push_back(c);
      p.predicted.push_back(predicted);
      for (int q = 0; q < p.classes; ++q) p.probabilities.push_back(q == predicted ? 1.f : 0.f);
    }
  create_folder(path.parent_path());
  analysis::write_predictions(path, p);
}

class Report : public testing::Test {
 protected:
  void SetUp() override {
    record.emotion = "affectnet:<sets>&co";
    record.emotions = {"neutral", "surprise", "contempt"};
    record.hypotheses = {{"contempt", 14}, {"surprise", 5}};
    record.emotion_units = {{"surprise", {1, 5}}, {"contempt", {14}}};
    record.pain_units = {4};
    record.bottom_cut = {5};
    record.drawn = true;
    record.machines = {"cpu (<A>)", "cpu (B)"};
    write_record(study / "study.json", record);
  }

  void evaluate(int contempt_after) {
    for (int k = 0; k <= most_frozen; ++k) {
      write_made_up(study / fmt::format("evaluate-pain-b{}/predictions.csv", k), {90, 80}, 100);
      write_made_up(study / fmt::format("evaluate-retrain-b{}/predictions.csv", k),
                    {80, 70, k == 0 ? contempt_after : 85}, 100);
    }
    McNemarRow row{0, "contempt", true, 100, analysis::mcnemar(85 - contempt_after, 0), 0};
    row.holm = std::min(1.0, 2 * row.test.exact_p);
    create_folder(study / "mcnemar");
    write_records(study / "mcnemar/mcnemar.json", std::vector{row});
  }

  static analysis::Estimate estimate(double value, double error) {
    const analysis::VariancePart part{error * error, 100};
    return analysis::estimate(value, std::span(&part, 1));
  }

  // AUC lost by FreezeB0, by emotion; each with a standard error of .01.
  void lose(const std::map<std::string, double>& lost, double selectivity, int runs = 3) {
    Losses losses{.01, {.001, .01, .1}, {.9, .95, .94}, {}, {}};
    for (const auto& [emotion, loss] : lost) {
      LossRow row{0, emotion, emotion != "neutral", 100, {}};
      row.auc.before = .95;
      row.auc.after = .95 - loss;
      row.auc.runs = runs;
      row.auc.loss = row.auc.images = estimate(loss, .01);
      row.holm = std::min(1.0, 2 * row.auc.loss.test.p);
      losses.rows.push_back(row);
    }
    losses.models.push_back({0, runs, {4.2, 3, 20, omnibus_p}, estimate(.03, .01), estimate(selectivity, .01)});
    create_folder(study / "losses");
    write_losses(study / "losses/losses.json", losses);
  }

  void test_concept(double lost, double error) {
    ConceptRow row;
    row.unit = 14;
    row.hypothesis = true;
    row.auc.before = .9;
    row.auc.after = .9 - lost;
    row.auc.runs = 3;
    row.auc.loss = estimate(lost, error);
    row.holm = row.auc.loss.test.p;
    const double difference = -lost / 4;
    row.positives = 37;
    row.images = 593;
    row.repeats = 500;
    row.f1_before = .7413;
    row.f1_after = .7413 + difference;
    row.difference = difference;
    row.corrected = {-.6, 999, .55};
    row.paired = {-std::numeric_limits<double>::infinity(), 499, 0};
    create_folder(study / "concepts");
    write_records(study / "concepts/concepts.json", std::vector{row});
  }

  std::string page() {
    run_report({study.path()});
    return read_file(study / "report.html");
  }

  TempFolder study;
  StudyRecord record;
  double omnibus_p = .2;
};

void expect_self_contained(const std::string& page) {
  for (const char* word : {"<script", "http://", "https://", "<link", "@import", "url("})
    EXPECT_EQ(page.find(word), std::string::npos) << word;
}

TEST_F(Report, SaysWhatIsMissing) {
  const std::string html = page();
  expect_well_formed(html);
  expect_self_contained(html);
  EXPECT_THAT(html, testing::HasSubstr("The study is not finished"));
  EXPECT_THAT(html, testing::HasSubstr("The linear probes have not been trained"));
  EXPECT_THAT(html, testing::HasSubstr("The concept tests have not been run"));
  EXPECT_THAT(html, testing::HasSubstr("Nothing has been explained yet"));
  EXPECT_THAT(html, testing::HasSubstr("affectnet:&lt;sets&gt;&amp;co"));
  EXPECT_THAT(html, testing::HasSubstr("Computed with cpu (&lt;A&gt;) and cpu (B). Another processor may round"));
}

TEST_F(Report, ALossIsTheHeadline) {
  evaluate(30);
  lose({{"neutral", .001}, {"surprise", .015}, {"contempt", .08}}, .05);
  test_concept(.02, .02);
  const std::string html = page();
  expect_well_formed(html);
  expect_self_contained(html);
  EXPECT_THAT(html,
              testing::HasSubstr("<b>Yes.</b> 1 of 3 emotions can be read less well from the network’s features "
                                 "over 3 runs of fine-tuning all blocks for pain: <b>contempt</b> (0.950 → 0.870)"));
  EXPECT_THAT(html, testing::HasSubstr("The hypotheses’ emotions lose more than the others (+0.050"));
  EXPECT_THAT(html, testing::Not(testing::HasSubstr(", one run")));
  EXPECT_THAT(html, testing::HasSubstr("<b>contempt</b> is lost. Supported (AUC lost +0.080"));
  EXPECT_THAT(html, testing::HasSubstr("<b>surprise</b> is lost. Not shown (AUC lost +0.015"));
  EXPECT_THAT(html, testing::HasSubstr("recall of contempt by one head each, 85 % → 30 %"));
  EXPECT_THAT(html, testing::HasSubstr("<b>AU14</b>: in the expected direction, but within"));
  EXPECT_THAT(html, testing::HasSubstr("<b>AU5</b> was not tested"));
  EXPECT_THAT(html, testing::HasSubstr("8.19 × 10⁻¹⁸"));  // the paper's p
  EXPECT_THAT(html, testing::HasSubstr("4.88 × 10⁻³⁴"));
}

TEST_F(Report, AGeneralLossIsNotCalledSelective) {
  omnibus_p = 1e-6;
  lose({{"neutral", .07}, {"surprise", .06}, {"contempt", .08}}, .001);
  const std::string html = page();
  EXPECT_THAT(html, testing::HasSubstr("<b>Yes.</b> All 3 emotions"));
  EXPECT_THAT(html, testing::HasSubstr("The loss is general. "));
  EXPECT_THAT(html, testing::HasSubstr("That the hypotheses’ emotions lose more than the others is not shown"));
  EXPECT_THAT(html, testing::HasSubstr("All emotions together: p = 1.00 × 10⁻⁶"));
}

TEST_F(Report, ALossOfAllTogetherIsNotNone) {
  omnibus_p = 1e-4;
  lose({{"neutral", .015}, {"surprise", .018}, {"contempt", .017}}, .001);
  const std::string html = page();
  EXPECT_THAT(html, testing::HasSubstr("<b>Yes, but not which.</b>"));
  EXPECT_THAT(html, testing::Not(testing::HasSubstr("Not shown.</b> None")));
}

TEST_F(Report, OneRunDoesNotTellWhatTrainingDoes) {
  lose({{"neutral", 0}, {"surprise", 0}, {"contempt", .08}}, .05, 1);
  const std::string html = page();
  EXPECT_THAT(html, testing::HasSubstr("in this one run of fine-tuning"));
  EXPECT_THAT(html, testing::HasSubstr("other runs may lose other emotions"));
  EXPECT_THAT(html, testing::HasSubstr("contain the choice of test images only"));
  EXPECT_THAT(html, testing::HasSubstr("<b>contempt</b> is lost. Supported in this one run (AUC lost +0.080"));
  EXPECT_THAT(html, testing::HasSubstr("+0.060 to +0.100</span><span class=\"soft\">, one run</span></td><td"));
  EXPECT_THAT(html, testing::ContainsRegex(", one run</span></td><td[^>]*>–</td>")) << "no p of what a training does";
  EXPECT_THAT(html, testing::HasSubstr("so its p is left out"));
}

TEST_F(Report, WithoutTestImagesNothingIsMeasured) {
  lose({}, 0);
  EXPECT_THAT(page(), testing::HasSubstr("<b>Not measured.</b> How well an emotion is read needs two test images"));
}

TEST_F(Report, AClassWithTooFewTestImagesIsNamed) {
  lose({{"neutral", .05}, {"surprise", .04}}, .01);
  const std::string html = page();
  EXPECT_THAT(html, testing::HasSubstr("All 2 emotions can be read less well"));
  EXPECT_THAT(html, testing::HasSubstr("Not measured, for want of test images: contempt. "));
  EXPECT_THAT(html, testing::HasSubstr("<b>contempt</b> is lost. Not tested: too few test images."));
  EXPECT_THAT(html, testing::HasSubstr("Left out: contempt. An AUC with its error needs at least two test images of an "
                                       "emotion and two of others."));
}

TEST_F(Report, AGainIsNotALoss) {
  lose({{"neutral", 0}, {"surprise", 0}, {"contempt", -.08}}, .05);
  const std::string html = page();
  EXPECT_THAT(html, testing::HasSubstr("<b>Not shown.</b> None of the 3 emotions"));
  EXPECT_THAT(html, testing::HasSubstr("Read better: <b>contempt</b> (0.950 → 1.030)"));
}

TEST_F(Report, AnActionUnitIsLostByItsAuc) {
  test_concept(.135, .02);
  EXPECT_THAT(page(), testing::HasSubstr("<b>AU14</b>: supported, it is decoded less well. AUC 0.900 → 0.765"));
  test_concept(-.004, .02);
  EXPECT_THAT(page(), testing::HasSubstr("<b>AU14</b>: not supported"));
}

TEST_F(Report, APairTellsWhetherAnActionUnitIsUsed) {
  EXPECT_THAT(page(), testing::Not(testing::HasSubstr("Is the action unit used?")));
  const auto effect = [](double before, double after, const char* ratio) {
    const auto figure = [](double x) {
      return fmt::format(R"({{"mean": {}, "low": {}, "high": {}}})", x, x - .1, x + .1);
    };
    return fmt::format(R"("pairs": 60, "subjects": 60, "effect_before": {}, "effect_after": {}, "difference": {},
                          "to_before": {}, "to_after": {}, "from_before": {}, "from_after": {}, "ratio": {}}})",
                       figure(before), figure(after), figure(after - before), figure(.3), figure(.2), figure(0),
                       figure(0), ratio);
  };
  create_folder(study / "pairs");
  write_file(study / "pairs/effects.json",
             R"([{"action_unit": 14, "context": "all", "class": "contempt", )" +
                 effect(.5, .2, R"({"mean": 0.4, "low": 0.2, "high": 0.6})") +
                 R"(, {"action_unit": 5, "context": "all", "class": "surprise", )" + effect(.05, 0, "null") +
                 R"(, {"action_unit": 1, "context": "all", "class": "surprise", )" + effect(.3, .28, "null") +
                 R"(, {"action_unit": 1, "context": "all", "class": "contempt", )" + effect(-9, -9, "null") +
                 R"(, {"action_unit": 1, "context": "fear", "class": "surprise", )" + effect(7, 7, "null") + "]");
  const std::string html = page();
  expect_well_formed(html);
  EXPECT_THAT(html, testing::HasSubstr("Is the action unit used?"));
  const std::string section = html.substr(html.find("Is the action unit used?"), 4000);
  EXPECT_LT(section.find("used less"), section.find("use before not shown"));
  EXPECT_LT(section.find("use before not shown"), section.find("no change shown"));
  EXPECT_EQ(section.find("+7.00"), section.npos) << "of one context";
  EXPECT_EQ(section.find("9.00"), section.npos) << "contempt does not have AU1";
  write_file(study / "pairs/effects.json", R"([{"action_unit": 14, "context": "all"}])");
  expect_error("effects.json is not usable", [&] { page(); });
}

TEST_F(Report, TheFirstFigureShowsHowMuchEachEmotionLoses) {
  lose({{"neutral", .001}, {"surprise", .015}, {"contempt", .08}}, .05);
  const std::string html = page();
  const std::size_t header = html.find("</header>");
  EXPECT_LT(html.find("contempt: 0.950 to 0.870, lost +0.080 (+0.060 to +0.100), p = "), header);
  EXPECT_LT(html.find("surprise: 0.950 to 0.935"), header);
}

// 80 neutral faces are predicted as neutral, and so are 70 of contempt, which recall does not show.
TEST_F(Report, PrecisionStandsBesideRecall) {
  evaluate(30);
  EXPECT_THAT(page(), testing::HasSubstr(">53.3 %<"));
}

TEST_F(Report, SaysHowTheModelsWereTrained) {
  for (const std::string step : {"emotion", "pain-b5", "pain-b0", "retrain-b0"}) {
    const std::string freeze = step == "pain-b5" ? "5" : "0", keep = step == "emotion" ? "auc" : "last";
    create_folder(study / step);
    write_file(study / step / "state.json",
               R"({"inputs":{"data pain":"278b766325c7","device":"cpu, 2 threads, convolution auto","train.freeze":")" +
                   freeze + R"(","train.keep":")" + keep + "\"}}");
    write_file(study / step / "metrics.jsonl",
               R"({"epoch":1,"train_loss":0.2,"train_accuracy":0.6,"validation_loss":0.1,"validation_accuracy":0.7})");
  }
  const std::string html = page();
  expect_well_formed(html);
  EXPECT_THAT(html, testing::HasSubstr("cpu, 2 threads, convolution auto"));
  EXPECT_THAT(html, testing::ContainsRegex("freeze</th><td[^>]*>0</td><td[^>]*>0 to 5</td>"));
  EXPECT_THAT(html, testing::Not(testing::HasSubstr("278b766325c7"))) << "of a data set, not of the training";
  EXPECT_THAT(html, testing::HasSubstr(
                        "Kept was the epoch of highest mean AUC on the validation part (emotion); the last epoch ("));
}

TEST_F(Report, SaysWhenThereWasLittleToForget) {
  evaluate(30);
  lose({{"neutral", 0}, {"surprise", 0}, {"contempt", .08}}, .05);
  EXPECT_THAT(page(), testing::Not(testing::HasSubstr("Caution")));
  for (int k = 0; k <= most_frozen; ++k)
    write_made_up(study / fmt::format("evaluate-retrain-b{}/predictions.csv", k), {50, 30, 40}, 100);
  EXPECT_THAT(page(), testing::HasSubstr("(mean recall 40 %, by guessing 33 %)"));
}

TEST_F(Report, WhatWasLostIsInTheGalleryWithoutAHypothesis) {
  record.hypotheses = {};
  write_record(study / "study.json", record);
  evaluate(30);
  create_folder(study / "explain-b0/pictures");
  write_file(study / "explain-b0/pictures/index.json", "[]");
  const std::string html = page();
  expect_well_formed(html);
  EXPECT_LT(html.find("<h3>contempt</h3>"), html.find("the other emotions"));
  EXPECT_GT(html.find("No image of neutral and surprise that FreezeB5"), html.find("the other emotions"));
}

TEST_F(Report, GalleryHoldsThePicturesAndTheTrueArea) {
  evaluate(30);
  const fs::path pictures = study / "explain-b0/pictures";
  create_folder(pictures);
  for (const char* name : {"i", "a", "b", "d"})
    data::write_png(pictures / (std::string(name) + ".png"), data::Image(8, 8));
  write_file(pictures / "index.json",
             R"([{"id":"2/077.png","label":2,"input":"i.png","a":"a.png","b":"b.png","difference":"d.png"}])");
  write_truth_areas(study / "explain-b0/truth.json", {{"2/077.png", {14}, {{14, {{.3, .6, .1, .1}}}}}});
  const std::string html = page();
  expect_well_formed(html);
  EXPECT_THAT(html, testing::HasSubstr("55 images that FreezeB5 gets right and FreezeB0 wrong; 1 of 55 explained."));
  EXPECT_THAT(html, testing::HasSubstr("data:image/png;base64,iVBOR"));
  EXPECT_THAT(html, testing::HasSubstr("true area of AU14"));
  write_file(study / "explain-b0/regions.json", R"([{"id":"2/077.png","au":{"x":{"area":0.5}}}])");
  expect_error("regions.json is not usable", [&] { page(); });
  write_file(pictures / "index.json", R"([{"id":"x","label":2,"input":"../../../secret.png"}])");
  expect_error("secret", [&] { page(); });
}

// One upright map with three times the other model's total, and one that is inverted.
TEST_F(Report, InvertedMapsAreFlaggedAndInNoMean) {
  evaluate(30);
  const fs::path pictures = study / "explain-b0/pictures";
  create_folder(pictures);
  write_file(pictures / "index.json",
             R"([{"id":"2/077.png","label":2,"logit_a":3,"logit_b":1,"total_a":3,"total_b":1},)"
             R"({"id":"2/078.png","label":2,"logit_a":3,"logit_b":-0.3,"total_a":99,"total_b":-99}])");
  write_explained_sample(study / "explain-b0/sample.json",
                         {11, {{"contempt", 55, {{"2/077.png", ""}, {"2/078.png", ""}}}}});
  const std::string html = page();
  expect_well_formed(html);
  EXPECT_THAT(html, testing::HasSubstr("The maps of FreezeB5 sum to 3.0 on average, those of FreezeB0 to 1.0"));
  EXPECT_THAT(html, testing::HasSubstr("In 1 of 2 images a model’s logit"));
  EXPECT_THAT(html, testing::HasSubstr("logit −0.30: its map is inverted"));
  EXPECT_THAT(html, testing::HasSubstr("2 of 55 explained; an inverted map in 1"));
  EXPECT_THAT(html, testing::HasSubstr("drawn with seed 11; their subjects are not known"));
}

TEST_F(Report, TheMapsOwnRankingStandsBesideTheHypotheses) {
  record.hypotheses = {{"contempt", 14}, {"contempt", 12}};
  write_record(study / "study.json", record);
  evaluate(30);
  const auto unit = [](int number, double lost) {
    return MapRanking::Unit{number, 6, 6, .1, .4, .4 - lost, {lost, lost - .01, lost + .01}};
  };
  create_folder(study / "explain-b0/pictures");
  write_file(study / "explain-b0/pictures/index.json", "[]");
  write_map_rankings(study / "maps/maps.json",
                     {{0, "contempt", 7, 1, 6, {unit(1, .3), unit(12, .2), unit(9, .1), unit(4, .05), unit(14, -.1)}}});
  const std::string html = page();
  expect_well_formed(html);
  EXPECT_THAT(html, testing::HasSubstr("AU14 dimpler with contempt (the paper’s hypothesis)"));
  EXPECT_THAT(html, testing::HasSubstr("AU12 lip corner puller with contempt (own hypothesis)"));
  EXPECT_THAT(html, testing::HasSubstr("−10.0 (−11.0 to −9.0)"));
  EXPECT_THAT(html, testing::HasSubstr(">5 of 5<")) << "a hypothesis is shown wherever it is";
  EXPECT_THAT(html, testing::Not(testing::HasSubstr(">4 of 5<")));
  EXPECT_THAT(html, testing::HasSubstr("clustered by subject"));
  EXPECT_THAT(html, testing::HasSubstr("1 image is left out"));
}

TEST_F(Report, AFolderWithoutAStudyIsRefused) {
  TempFolder empty;
  expect_error("does not hold a study", [&] { run_report({empty.path()}); });
  write_file(study / "study.json", "{}");
  expect_error("study.json is not usable", [&] { page(); });
  for (const std::vector<ModelRun>& runs :
       {std::vector<ModelRun>{}, {{5}}, {{5, 2}, {0}}, {{5}, {0}, {3, 2}}, {{5}, {-1}}}) {
    record.runs = runs;
    write_record(study / "study.json", record);
    expect_error("study.json is not usable", [&] { page(); });
  }
}

}  // namespace
}  // namespace palimpsest::experiments
