#pragma once
#include "analysis/rejections.h"
#include "experiments/study/records.h"

namespace palimpsest::experiments {

// Every run of a model as "before" and the next one as "after". They had the same training, so a test of what training
// does should reject in 5 %; one that asks about these very networks (test_names.h: images only, McNemar's) need not.
// Reads the probes of models with several runs. number: that of the study, as a set.
void add_same_training(const fs::path& study, const StudyRecord& record, int number, analysis::Rejections& rejections);

// McNemar's exact p over the images of one class, which each network decides by its largest score.
double mcnemar_p(const Eigen::MatrixXd& before, const Eigen::MatrixXd& after, std::span<const int> labels, int label);

}  // namespace palimpsest::experiments
