#pragma once
#include <map>
#include <memory>
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
  MachineSettings on;     // threads resolved
  std::string processor;  // device and threads as text: another number of threads gives different bits
  StudyRecord record;
  std::map<std::string, std::string> fingerprints;  // of "emotion", "pain", "concepts"
  data::Dataset peaks;                              // CK+
  std::vector<Step> steps;

  // Gram matrices of all models' features, full face and bottom cut, shared by the tests of all action units.
  using Grams = std::map<bool, std::vector<analysis::Gram>>;
  std::shared_ptr<Grams> grams = std::make_shared<Grams>();

  fs::path at(const std::string& file) const { return study / file; }
};

// Reads the data sets, fills in the record and the fingerprints, and plans every step. Throws Error for unsuitable
// data: an unknown emotion in a hypothesis, no test images.
StudyPlan plan_study(const StudyConfig& config, const fs::path& study, const MachineSettings& on);

// plan_training.cpp: emotion, pain-bK, retrain-bK, evaluate-..., null-bK-sN
void plan_training(StudyPlan& plan);
void plan_null(StudyPlan& plan);

// plan_measures.cpp: mcnemar, explain-bK, maps, null
void plan_measures(StudyPlan& plan);
void plan_explanations(StudyPlan& plan);
void plan_null_summary(StudyPlan& plan);

// plan_concepts.cpp: features-bK, concept-auN, concepts, ranking
void plan_concepts(StudyPlan& plan);

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

// How pain uses an action unit: "never", "core" or "sometimes".
std::string pain_group(const StudyRecord& record, int unit);

}  // namespace palimpsest::experiments
