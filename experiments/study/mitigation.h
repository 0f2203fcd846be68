#pragma once
#include <optional>
#include <string>
#include <vector>

#include "analysis/class_losses.h"
#include "analysis/predictions.h"
#include "base/files.h"
#include "experiments/study/arms.h"

namespace palimpsest::experiments {

// What is measured of FreezeBk, or of an arm of it: predictions of the target's test images, and a probe's scores of
// the source's, images x classes.
struct MeasuredModel {
  int k = 0;
  std::optional<Arm> arm;
  analysis::Predictions target;
  Eigen::MatrixXd source;
  std::vector<Eigen::MatrixXd> other_runs;  // scores of further runs of the same training
};

// How well a model knows the target and still knows the source. Intervals and differences are over the images, on
// which the models are compared in pairs; how much another run of the same training differs is not part of them.
struct MitigatedModel {
  struct Class {  // of the source
    std::string name;
    analysis::Estimate auc;                        // DeLong's interval
    std::optional<analysis::Estimate> auc_gained;  // an arm's: its AUC less FreezeB0's
  };
  int k = 0;
  std::string arm;                                              // "l2-sp"; empty: none
  std::vector<double> recalls;                                  // of the target's classes
  double recall = 0;                                            // their mean
  analysis::Estimate auc;                                       // mean of the source's classes
  std::vector<double> other_aucs;                               // the same of further runs
  std::vector<Class> classes;                                   // those with 2 images or more
  std::optional<analysis::Estimate> recall_gained, auc_gained;  // an arm's: less FreezeB0's
};

// models: FreezeB0 among them; source_labels: of the rows of all their scores.
// Throws Error when two models were not measured on the same images.
std::vector<MitigatedModel> compare_arms(const std::vector<MeasuredModel>& models,
                                         const std::vector<int>& source_labels,
                                         const std::vector<std::string>& source_classes);

// mitigation/mitigation.json, and one row for each model and class of the source, and for their mean, as CSV.
struct Mitigation {
  std::vector<std::string> target_classes, dropped;  // dropped: by the arm drop-classes
  double l2_sp = 0;                                  // of the arm l2-sp
  int rehearse_images = 0;                           // of the arm rehearsal
  std::vector<MitigatedModel> models;

  const MitigatedModel* freeze_b0() const;  // null: none
};
void write_mitigation(const fs::path& folder, const Mitigation& mitigation);
Mitigation read_mitigation(const fs::path& path);  // throws Error naming the file

}  // namespace palimpsest::experiments
