#include "analysis/concept.h"

#include <omp.h>

#include <cstdlib>
#include <numeric>

#include "analysis/concept_folds.h"
#include "analysis/svm.h"
#include "base/npy.h"
#include "tests/analysis/golden_json.h"
#include "tests/analysis/made_subjects.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::analysis {
namespace {

// Features that show the concept with the given strength.
struct Made : MadeSubjects {
  Gram gram(const std::string& name, double strength, std::uint64_t seed) const {
    Random random(seed, Purpose::test);
    constexpr int dimension = 40;
    std::vector<float> features;
    for (const auto label : labels)
      for (int d = 0; d < dimension; ++d)
        features.push_back(float(random.normal() + (d < 5 ? strength * double(label) : 0)));
    return linear_gram(name, features, int(labels.size()), false);
  }
};

Made make(int subjects = 30, int per_subject = 4) {
  return {make_subjects(subjects, per_subject)};
}

Gram golden_gram(bool standardise) {
  const FeatureVectors x = read_feature_vectors(golden_path("concept_features.npy"));
  return linear_gram(x.name, x.values, x.rows, standardise);
}

ConceptOptions quick() {
  ConceptOptions options;
  options.repeats = 20;
  options.bootstrap_draws = 200;
  return options;
}

TEST(Concept, FoldsAndDecisionsAgreeWithScikitLearn) {
  const auto labels = read_concept_labels(golden_path("concept_labels.npy"));
  for (const bool standardise : {false, true}) {
    const std::vector<Gram> sets{golden_gram(standardise)};
    for (const auto& golden : golden_json("concept")) {
      if (golden["standardise"] != standardise) continue;
      ConceptOptions options;
      options.c = golden["c"];
      options.tolerance = 1e-7;
      const auto fold = golden["fold"].get<std::vector<std::uint8_t>>();
      const ConceptRepeat got = concept_repeat(sets, labels, fold, options);
      for (const std::size_t test : {0, 1}) {
        EXPECT_NEAR(got.scores[0][test].f1, golden["f1"][test], 1e-12);
        EXPECT_NEAR(got.scores[0][test].auc, golden["auc"][test], 1e-12);
        std::vector<int> rows;
        for (std::size_t i = 0; i < fold.size(); ++i)
          if (fold[i] != test) rows.push_back(int(i));
        const Svm svm = train_svm(sets[0], rows, labels, options.c, options.tolerance);
        for (std::size_t i = 0; i < fold.size(); ++i) {
          if (fold[i] == test) {
            EXPECT_NEAR(svm.decision(sets[0], int(i)), golden["decisions"][i], 2e-4);
          }
        }
      }
    }
  }
}

TEST(Concept, TheSameForAnyNumberOfThreads) {
  const Made made = make();
  const int before = omp_get_max_threads();
  std::vector<std::string> results;
  for (const int threads : {1, 2, 5}) {
    omp_set_num_threads(threads);
    const std::vector<Gram> sets{made.gram("a", 1, 1), made.gram("b", 0.3, 2), made.gram("c", 0.5, 3)};
    results.push_back(concept_json(concept_test(sets, made.labels, made.groups, quick()), {}, true));
  }
  omp_set_num_threads(before);
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

TEST(Concept, TheCLibrarysRandomNumbersAreNotTouched) {
  const Made made = make();
  const std::vector<Gram> sets{made.gram("a", 1, 1)};
  std::srand(1);
  const int expected = std::rand();
  std::srand(1);
  concept_test(sets, made.labels, made.groups, quick());
  EXPECT_EQ(std::rand(), expected);
}

TEST(Concept, StrongerFeaturesWin) {
  const Made made = make();
  const std::vector<Gram> sets{made.gram("strong", 1.5, 1), made.gram("weak", 0.2, 2)};
  const ConceptResult got = concept_test(sets, made.labels, made.groups, quick());
  const PairResult& pair = got.main.pairs.at(0);
  EXPECT_EQ(got.images, 120);
  EXPECT_EQ(got.subjects, 30);
  EXPECT_GT(got.main.sets[0].f1_mean, 0.7);
  EXPECT_GT(pair.effect.mean, 0.2) << "first minus second";
  EXPECT_TRUE(pair.effect.low > 0 && pair.effect.low < pair.effect.mean && pair.effect.mean < pair.effect.high);
  EXPECT_GT(pair.paired_t.t, 10);
  EXPECT_EQ(pair.paired_t.df, 19);
  EXPECT_EQ(pair.corrected_t.df, 39);
  EXPECT_LT(pair.corrected_t.t, pair.paired_t.t / 2) << "the corrected test is far more careful";
  EXPECT_GT(pair.auc_difference, 0.1);
  ASSERT_TRUE(got.grouped.has_value());
  EXPECT_GT(got.grouped->pairs.at(0).effect.mean, 0.2);
  EXPECT_NEAR(pair.effect.mean, got.main.sets[0].f1_mean - got.main.sets[1].f1_mean, 1e-15);
}

TEST(Concept, AFeatureSetAgainstItselfDiffersByNothing) {
  const Made made = make();
  const std::vector<Gram> sets{made.gram("same", 1, 1), made.gram("same", 1, 1)};
  const PairResult pair = concept_test(sets, made.labels, made.groups, quick()).main.pairs.at(0);
  EXPECT_EQ(pair.paired_t.t, 0);
  EXPECT_EQ(pair.paired_t.p, 1);
  EXPECT_EQ(pair.corrected_t.p, 1);
  EXPECT_EQ(pair.effect.low, 0);
  EXPECT_EQ(pair.effect.high, 0);
}

TEST(Concept, ChosenPairs) {
  const Made made = make();
  const std::vector<Gram> sets{made.gram("a", 1, 1), made.gram("b", 0.5, 2), made.gram("c", 0.2, 3)};
  ConceptOptions options = quick();
  const auto by_default = concept_test(sets, made.labels, made.groups, options).main.pairs;
  ASSERT_EQ(by_default.size(), 2U);
  EXPECT_EQ(by_default[1].first, 0);
  EXPECT_EQ(by_default[1].second, 2);
  options.pairs = {{2, 0}};
  const auto reversed = concept_test(sets, made.labels, made.groups, options).main.pairs;
  ASSERT_EQ(reversed.size(), 1U);
  EXPECT_EQ(reversed[0].effect.mean, -by_default[1].effect.mean);
  EXPECT_EQ(reversed[0].paired_t.t, -by_default[1].paired_t.t);
  options.pairs = {{0, 3}};
  EXPECT_THROW(concept_test(sets, made.labels, made.groups, options), ContractError);
}

// The fast bootstrap (matrix products over subjects' counts) against the definition, computed plainly for one draw.
TEST(Concept, BootstrapAgreesWithItsDefinition) {
  const Made made = make(12, 3);
  const std::vector<Gram> sets{made.gram("a", 1, 1), made.gram("b", 0.5, 2)};
  const auto groups = dense_groups(made.groups);
  std::vector<ConceptRepeat> repeats;
  for (std::uint64_t r = 0; r < 5; ++r) {
    const Random random(1, Purpose::folds, 0, r);
    repeats.push_back(
        concept_repeat(sets, made.labels, two_folds(FoldKind::stratified, made.labels, groups, random), quick()));
  }
  const std::vector<std::pair<int, int>> pairs{{0, 1}};
  const auto got = bootstrap_f1_differences(repeats, made.labels, groups, pairs, 1, 9).at(0);
  const auto weights = bootstrap_counts(12, 9, 0);
  double expected[2] = {};
  for (const auto& repeat : repeats)
    for (const std::size_t s : {0, 1})
      for (const int f : {0, 1}) {
        double hits = 0, called = 0, actual = 0;
        for (std::size_t i = 0; i < groups.size(); ++i) {
          if (repeat.fold[i] != f) continue;
          const double w = weights[std::size_t(groups[i])];
          hits += w * double(repeat.predicted[s][i] && made.labels[i]);
          called += w * repeat.predicted[s][i];
          actual += w * double(made.labels[i]);
        }
        if (hits > 0) expected[s] += 2 * hits / (called + actual) / 10;
      }
  EXPECT_NEAR(got.first, expected[0] - expected[1], 1e-12);
  EXPECT_EQ(got.first, got.second) << "one draw has no spread";
}

TEST(Concept, UndefinedF1IsCounted) {
  const Made made = make();
  Gram nothing{"nothing", int(made.labels.size()), false, {}};
  nothing.values.assign(made.labels.size() * made.labels.size(), 0.0);
  const std::vector<Gram> sets{nothing};
  const ConceptResult got = concept_test(sets, made.labels, {}, quick());
  EXPECT_EQ(got.main.sets[0].f1_mean, 0) << "without features the SVM says no to all";
  EXPECT_EQ(got.main.undefined_f1, 40);
  EXPECT_TRUE(got.main.pairs.empty());
  EXPECT_FALSE(got.grouped.has_value());
}

TEST(Concept, BadInputIsAnErrorWithRemedy) {
  const Made made = make(5, 4);
  const std::vector<Gram> sets{made.gram("a.npy", 1, 1)};
  auto labels = made.labels;
  const auto with = [&](auto change) {
    ConceptOptions options = quick();
    change(options);
    concept_test(sets, labels, made.groups, options);
  };
  expect_error("--repeats", [&] {
    try {
      with([](ConceptOptions& o) { o.repeats = 1; });
    } catch (const Error& error) {
      throw Error(error.remedy(), "x");
    }
  });
  expect_error("C is 0", [&] { with([](ConceptOptions& o) { o.c = 0; }); });
  labels.assign(20, 0);
  labels[3] = 1;
  expect_error("a.npy: 1 images show the concept and 19 do not", [&] { with([](ConceptOptions&) {}); });
  labels[8] = 1;  // the same subject as image 3
  EXPECT_NO_THROW(with([](ConceptOptions&) {})) << "grouped folds are left out";
  expect_error("fewer than 2 subjects", [&] { with([](ConceptOptions& o) { o.folds = FoldKind::grouped; }); });
  labels.pop_back();
  expect_error("a.npy has 20 rows, but there are 19 labels", [&] { with([](ConceptOptions&) {}); });
  expect_error("groups", [&] { concept_test(sets, made.labels, std::vector<std::int64_t>(3), quick()); });
}

TEST(Concept, JsonHasTheDocumentedKeys) {
  const Made made = make();
  const std::vector<Gram> sets{made.gram("a.npy", 1, 1), made.gram("b.npy", 0.3, 2)};
  const ConceptResult result = concept_test(sets, made.labels, made.groups, quick());
  ConceptLosses probes;
  probes.c = .01;
  probes.losses.resize(2);
  const auto json = nlohmann::json::parse(concept_json(result, probes));
  EXPECT_EQ(json["probes"]["c"], .01);
  EXPECT_EQ(json["probes"]["halves"], "grouped");
  EXPECT_EQ(json["probes"]["losses"].size(), 2U);
  EXPECT_EQ(json["repeats"], 20);
  EXPECT_EQ(json["sets"][1]["file"], "b.npy");
  EXPECT_EQ(json["sets"][0]["f1_mean"], result.main.sets[0].f1_mean);
  EXPECT_TRUE(json["sets"][0].contains("f1_sd"));
  EXPECT_FALSE(json["sets"][0].contains("f1"));
  for (const char* test : {"paired_t", "corrected_t"})
    for (const char* key : {"t", "df", "p"}) EXPECT_TRUE(json[test][key].is_number()) << test << " " << key;
  for (const char* key : {"mean", "low", "high"}) EXPECT_TRUE(json["effect"][key].is_number()) << key;
  EXPECT_EQ(json["undefined_f1"], result.main.undefined_f1);
  EXPECT_EQ(json["grouped"]["folds"], "grouped");
  EXPECT_EQ(json["pairs"][0]["second"], "b.npy");
  const auto long_form = nlohmann::json::parse(concept_json(result, probes, true));
  EXPECT_EQ(long_form["sets"][0]["f1"].size(), 20U);
}

}  // namespace
}  // namespace palimpsest::analysis
