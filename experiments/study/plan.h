#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "analysis/gram.h"
#include "data/splits.h"
#include "experiments/study/config.h"
#include "experiments/study/records.h"
#include "experiments/study/step_graph.h"

// The study as steps: each plan_ function adds those of one part, in order.
namespace palimpsest::experiments {

// Shared by all steps.
struct StudyPlan {
  StudyConfig config;
  fs::path study;
  std::map<int, fs::path> given;  // weights of the two networks that `forget` compares
  // Of steps beside which others run, and of those that have the machine to themselves; device and threads as text,
  // since another number of threads gives different bits.
  MachineSettings on, alone;
  std::string processor, processor_alone;
  StudyRecord record;
  std::map<std::string, std::string> fingerprints;  // of "emotion", "pain", "concepts"
  data::Dataset peaks;                              // of concepts: CK+'s peak frames
  std::vector<std::string> concept_names;           // numbered from 1; empty: action units
  std::vector<Step> steps;

  // The peak frames' features of all pain runs, in the record's order, shared by the tests of all action units.
  struct PeakFeatures {
    std::vector<analysis::Gram> grams;         // of the frames of the paper's test
    std::vector<Eigen::MatrixXd> coordinates;  // of all frames, for probes
  };
  std::shared_ptr<std::map<Faces, PeakFeatures>> peak_features = std::make_shared<std::map<Faces, PeakFeatures>>();
  std::shared_ptr<std::mutex> reading_peaks = std::make_shared<std::mutex>();

  fs::path at(const std::string& file) const { return study / file; }
};

// Reads the data sets, fills in the record and the fingerprints, and plans every step. Throws Error for unsuitable
// data: an unknown emotion in a hypothesis, no test images.
// together: how many steps run at a time, each on its share of the threads. given: the weights of given_before and
// given_after; then nothing but probes is trained, and config.pain names no set.
StudyPlan plan_study(const StudyConfig& config, const fs::path& study, const MachineSettings& on, int together = 1,
                     const std::map<int, fs::path>& given = {});

// A copy for a step, which would otherwise contain itself.
StudyPlan without_steps(const StudyPlan& plan);

// plan_training.cpp: emotion, pain-bK[-sN], retrain-bK, evaluate-..., null-bK-sN; nothing for given networks
void plan_training(StudyPlan& plan);
void plan_null(StudyPlan& plan);

// plan_probes.cpp: features-bK[-sN], probe-cost, probe-bK[-sN], losses
void plan_features(StudyPlan& plan);
void plan_probes(StudyPlan& plan);
// The features of a run on the peak frames, below the study.
std::string peak_features(const ModelRun& run, Faces faces);
std::string peak_ids(const StudyRecord& record, Faces faces);

// plan_measures.cpp: mcnemar, explain-bK, maps, null
void plan_measures(StudyPlan& plan);
void plan_explanations(StudyPlan& plan);
void plan_null_summary(StudyPlan& plan);

// plan_concepts.cpp: concept-auN[-FACES], concepts, ranking
void plan_concepts(StudyPlan& plan);
// By the mean of each action unit's losses over several models; the units have no intervals. requires: at least one,
// of the same action units
RankingRow pooled_ranking(const std::vector<RankingRow>& models, const StudyRecord& record);

// Whether enough peak frames of the paper's test show an action unit (label 1), and enough do not.
bool enough_peaks(const StudyConfig& config, std::span<const std::int64_t> labels);

// plan_mitigation.cpp: emotion-drop, pain-b0-ARM, evaluate-..., features-..., probe-..., mitigation
void plan_mitigation(StudyPlan& plan);

// plan_pairs.cpp: pairs
void plan_pairs(StudyPlan& plan);

// plan_representation.cpp: representation; nothing for given networks of different blocks
void plan_representation(StudyPlan& plan);

// summary.cpp: summary
void plan_summary(StudyPlan& plan);

// A command's data, and its part of a step's inputs.
enum class StudySet { emotion, pain, concepts };
DataSettings data_choice(const StudyPlan& plan, StudySet set, Part part);

// A step's dependencies besides the files that it reads: every setting that changes results, as "group.name" and its
// value. For data the content counts, not the path.
void add_inputs(const Fields& fields, std::string_view group, std::map<std::string, std::string>& inputs);
void add_data_inputs(const StudyPlan& plan, StudySet set, DataSettings choice,
                     std::map<std::string, std::string>& inputs);

// Whether a hypothesis names the emotion, or the action unit.
bool is_hypothesis(const StudyRecord& record, const std::string& emotion);
bool is_hypothesis(const StudyRecord& record, int unit);

// Holm's adjustment of p within the hypotheses, and within the rest, of each comparison of FreezeB5 with FreezeBk.
template <class Row>
void adjust(std::vector<Row>& rows, double (*p)(const Row&)) {
  std::map<std::pair<int, bool>, std::vector<Row*>> families;
  for (Row& row : rows) families[{row.k, row.hypothesis}].push_back(&row);
  for (const auto& [family, members] : families) {
    std::vector<double> values;
    for (const Row* row : members) values.push_back(p(*row));
    const auto adjusted = analysis::holm(values);
    for (std::size_t i = 0; i < members.size(); ++i) members[i]->holm = adjusted[i];
  }
}

// How relevance is summed by action unit, as --masks says; empty: nothing says where one acts.
fs::path regions_known(const StudyPlan& plan);

}  // namespace palimpsest::experiments
