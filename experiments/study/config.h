#pragma once
#include <string>
#include <utility>
#include <vector>

#include "experiments/settings/settings.h"
#include "experiments/study/arms.h"
#include "experiments/study/emotion_units.h"
#include "experiments/study/names.h"

// What `palimpsest study CONFIG.toml` understands. Every value that is not in the file is the paper's.
// experiments/configs/paper.toml names and explains every key.
namespace palimpsest::experiments {

// Whether the sets carry the truth of drawn faces.
enum class Drawn : std::uint8_t { automatic, yes, no };
constexpr auto words(Drawn) {
  return std::to_array<Word<Drawn>>({{"auto", Drawn::automatic}, {"true", Drawn::yes}, {"false", Drawn::no}});
}

struct StudyConfig {
  fs::path path;
  data::Source emotion = option(emotion, "emotion", {}, "AffectNet, as --data names it");
  data::Source pain = option(pain, "pain", {}, "UNBC");
  data::Source concepts = option(concepts, "concepts", {}, "CK+");
  fs::path concept_labels =
      option(concept_labels, "concept-labels", {},
             "CSV with the columns id and one per concept (1, 0), where concepts are not action units", names_content);
  fs::path pairs = option(pairs, "pairs", {},
                          "pictures with and without an action unit (draw-faces --pairs): what the networks use of it",
                          names_content);
  TaskNames names = in_table<TaskNames>("names");
  Drawn drawn =
      option(drawn, "drawn", Drawn::automatic, "whether the sets are drawn faces, for which the truth is known");
  std::vector<Hypothesis> hypotheses = option(hypotheses, "hypotheses", paper_hypotheses(),
                                              "pairs of an emotion and the action unit suspected of being ignored");
  // The same for all three sets.
  DataSettings data =
      in_table<DataSettings>("data", {"data", "size", "bottom-cut", "class-names", "skipped", "cache", "part"});
  bool cache = option(cache, "cache", true, "keep decoded pictures in STUDY/cache", under("data"), without_effect);
  int size =
      option(size, "size", 224, "side of the pictures in pixels", under("model"), between(32, 1024), multiple_of(32));
  // `init`: of the emotion model; `head_init`: for pain and for re-training.
  NetworkSettings model = in_table<NetworkSettings>("model", {"vgg", "freeze", "freeze-blocks", "classes"});
  std::uint64_t seed = option(seed, "seed", 1, "of all random numbers in training", under("model"));
  std::uint64_t cache_limit = option(cache_limit, "cache-limit", TrainingSettings{}.cache_limit,
                                     "largest cache of block-5 features in bytes, used while a head is re-trained",
                                     under("train"), without_effect);
  Recipe train_emotion = in_table<Recipe>("train.emotion", not_of_a_stage),
         train_pain = in_table<Recipe>("train.pain", not_of_a_stage),
         train_retrain = in_table<Recipe>("train.retrain", not_of_a_stage);
  std::vector<std::uint64_t> pain_seeds =
      option(pain_seeds, "seeds", {2, 3, 4, 5},
             "further runs: seeds from which the models of `repeat` learn pain again", under("train.pain"));
  std::vector<int> repeated = option(repeated, "repeat", {0},
                                     "which FreezeBk have further runs; what is lost is the mean over the runs, and "
                                     "their spread is part of its interval",
                                     under("train.pain"), between(0, 4));
  RelevanceSettings explain = in_table<RelevanceSettings>("explain");
  std::vector<std::string> explained_emotions =
      option(explained_emotions, "emotions", {}, "only these; empty: all", under("explain"));
  int explained_images =
      option(explained_images, "limit", 0, "images per emotion and model, sampled and spread over subjects; 0: all",
             under("explain"), at_least(0));
  std::uint64_t explained_seed = option(explained_seed, "seed", 1, "of that sample", under("explain"));
  ConceptSettings concept_test = in_table<ConceptSettings>("concept");
  int exploratory_repeats =
      option(exploratory_repeats, "exploratory-repeats", 0,
             "repetitions for action units without a hypothesis; 0: the same", under("concept"), at_least(0));
  int paper_peaks = option(paper_peaks, "paper-peaks", 0,
                           "the paper's test only on the first so many peak frames, the AUC lost on all; 0: all",
                           under("concept"), at_least(0));
  int min_positives =
      option(min_positives, "min-positives", 10, "leave out action units with fewer peak frames (of the paper's test)",
             under("concept"), at_least(2));
  std::vector<int> bottom_cut = option(
      bottom_cut, "bottom-cut", {5},
      "action units also tested without the lower face: blanked in place, cut off and stretched, and on the faces "
      "without those of `co-occurring`",
      under("concept"));
  std::vector<int> co_occurring =
      option(co_occurring, "co-occurring", {26}, "action units of the lower face that go with them", under("concept"));
  int grouped_repeats = option(grouped_repeats, "grouped-repeats", 50,
                               "repetitions with each person in one half, from which the AUC lost is measured",
                               under("concept"), at_least(2));
  std::vector<std::uint64_t> null_seeds =
      option(null_seeds, "seeds", {2, 3, 4}, "seeds with which the heads of B5 and B0 are re-trained", under("null"));
  std::vector<Arm> arms =
      option(arms, "arms", {}, "ways to forget less, each tried once on FreezeB0", under("mitigation"));
  std::vector<std::string> dropped =
      option(dropped, "drop-classes", {},
             "drop-classes: what the first training leaves out; empty: the hypotheses' emotions", under("mitigation"));
  double l2_sp = option(l2_sp, "l2-sp", 0.01, "l2-sp: as --l2-sp of train", under("mitigation"), above(0));
  int rehearse_images = option(rehearse_images, "rehearse-images", RetentionSettings{}.rehearse_images,
                               "rehearsal: as --rehearse-images of train", under("mitigation"), between(1, 65536));
  std::vector<EmotionUnits> emotion_units = option(emotion_units, "emotions",
                                                   {{"anger", {4, 5, 7, 23}},
                                                    {"contempt", {12, 14}},
                                                    {"disgust", {9, 15, 16}},
                                                    {"fear", {1, 2, 4, 5, 7, 20, 26}},
                                                    {"happy", {6, 12}},
                                                    {"sad", {1, 4, 15}},
                                                    {"surprise", {1, 2, 5, 26}}},
                                                   "which action units show an emotion", under("action-units"));
  std::vector<int> pain_units =
      option(pain_units, "pain", {4, 6, 7, 9, 10, 43}, "which show pain", under("action-units"));
  std::vector<int> pain_sometimes_units = option(pain_sometimes_units, "pain-sometimes", {12, 20, 25, 26},
                                                 "which sometimes show pain", under("action-units"));
  int report_pictures = option(report_pictures, "pictures", 6,
                               "pictures in the gallery per emotion and model: the first of the explained sample",
                               under("report"), at_least(0));

  StudyConfig();

 private:
  // What a stage freezes and starts from is the study's.
  static constexpr std::initializer_list<const char*> not_of_a_stage{"Network", "seed", "cache-limit"};
};

// Throws Error naming the file, line and key for what is unknown, of another kind, or makes no sense beside the rest.
StudyConfig read_study_config(const fs::path& path);
StudyConfig parse_study_config(const std::string& text, const fs::path& path);

// "train.pain.epochs" -> value as text, for every value, those of presets and defaults included.
std::vector<std::pair<std::string, std::string>> config_values(const StudyConfig& config);

}  // namespace palimpsest::experiments
