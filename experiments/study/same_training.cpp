#include "experiments/study/same_training.h"

#include "analysis/class_losses.h"
#include "analysis/mcnemar.h"
#include "experiments/study/features.h"
#include "experiments/study/parts.h"
#include "experiments/study/test_names.h"

namespace palimpsest::experiments {

double mcnemar_p(const Eigen::MatrixXd& before, const Eigen::MatrixXd& after, std::span<const int> labels, int label) {
  int lost = 0, gained = 0;
  for (std::ptrdiff_t i = 0; i < before.rows(); ++i) {
    if (labels[std::size_t(i)] != label) continue;
    const bool was_right = decision(before, i) == label, is_right = decision(after, i) == label;
    lost += was_right && !is_right;
    gained += is_right && !was_right;
  }
  return analysis::mcnemar(lost, gained).exact_p;
}

void add_same_training(const fs::path& study, const StudyRecord& record, int number, analysis::Rejections& rejections) {
  for (const int k : record.after()) {
    std::vector<Scores> runs;
    for (const ModelRun& run : record.runs)
      if (run.k == k) runs.push_back(read_scores(study / run_step("probe", run)));
    if (runs.size() < 2) continue;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const std::vector<int>& labels = runs[i].labels;
      const Eigen::MatrixXd& other = runs[(i + 1) % runs.size()].odds;
      const analysis::ClassLosses losses(runs[i].odds, std::span(&other, 1), labels);
      for (int e = 0; e < int(record.emotions.size()); ++e) {
        if (!losses.of(e)) continue;
        rejections.add(calibrate::class_loss_images, losses.of(e)->loss.test.p, number);
        rejections.add(calibrate::class_recall, mcnemar_p(runs[i].odds, other, labels, e), number);
      }
      rejections.add(calibrate::all_classes_images, losses.omnibus().p, number);
    }
  }
}

}  // namespace palimpsest::experiments
