#pragma once
#include <map>
#include <memory>
#include <mutex>
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
  // Of steps beside which others run, and of those that have the machine to themselves; device and threads as text,
  // since another number of threads gives different bits.
  MachineSettings on, alone;
  std::string processor, processor_alone;
  StudyRecord record;
  std::map<std::string, std::string> fingerprints;  // of "emotion", "pain", "concepts"
  data::Dataset peaks;                              // CK+
  std::vector<Step> steps;

  // Gram matrices of the features of all pain runs, in the record's order, shared by the tests of all action units.
  using Grams = std::map<Faces, std::vector<analysis::Gram>>;
  std::shared_ptr<Grams> grams = std::make_shared<Grams>();
  std::shared_ptr<std::mutex> making_grams = std::make_shared<std::mutex>();

  fs::path at(const std::string& file) const { return study / file; }
};

// Reads the data sets, fills in the record and the fingerprints, and plans every step. Throws Error for unsuitable
// data: an unknown emotion in a hypothesis, no test images.
// together: how many steps run at a time, each on its share of the threads.
StudyPlan plan_study(const StudyConfig& config, const fs::path& study, const MachineSettings& on, int together = 1);

// A copy for a step, which would otherwise contain itself.
StudyPlan without_steps(const StudyPlan& plan);

// plan_training.cpp: emotion, pain-bK[-sN], retrain-bK, evaluate-..., null-bK-sN
void plan_training(StudyPlan& plan);
void plan_null(StudyPlan& plan);

// plan_probes.cpp: features-bK[-sN], probe-cost, probe-bK[-sN], losses
void plan_features(StudyPlan& plan);
void plan_probes(StudyPlan& plan);
// The features of a run on the peak frames, below the study.
std::string peak_features(const PainRun& run, Faces faces);
std::string peak_ids(Faces faces);

// plan_measures.cpp: mcnemar, explain-bK, maps, null
void plan_measures(StudyPlan& plan);
void plan_explanations(StudyPlan& plan);
void plan_null_summary(StudyPlan& plan);

// plan_concepts.cpp: concept-auN[-FACES], concepts, ranking
void plan_concepts(StudyPlan& plan);

// plan_mitigation.cpp: emotion-drop, pain-b0-ARM, evaluate-..., features-..., probe-..., mitigation
void plan_mitigation(StudyPlan& plan);

// plan_pairs.cpp: pairs
void plan_pairs(StudyPlan& plan);

// summary.cpp: summary
void plan_summary(StudyPlan& plan);

// A command's data, and its part of a step's inputs.
enum class StudySet { emotion, pain, concepts };
DataSettings data_choice(const StudyPlan& plan, StudySet set, Part part);

// A step's dependencies besides the files that it reads: every setting that changes results, as "group.name" and its
// value. For data the content counts, not the path.
void add_inputs(const Fields& fields, const std::string& group, std::map<std::string, std::string>& inputs);
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

// How pain uses an action unit: "never", "core" or "sometimes".
std::string pain_group(const StudyRecord& record, int unit);

}  // namespace palimpsest::experiments
