#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace palimpsest::analysis {

// Counts of images by true class (row) and predicted class (column).
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(int classes);  // requires: classes >= 1
  ConfusionMatrix(int classes, std::span<const int> labels, std::span<const int> predicted);

  void add(int label, int predicted);  // requires: both in [0, classes)
  int classes() const { return classes_; }
  std::int64_t at(int label, int predicted) const;
  std::int64_t support(int label) const;       // images of the class
  std::int64_t predicted_as(int label) const;  // images predicted as the class
  std::int64_t correct() const;
  std::int64_t total() const;

 private:
  int classes_;
  std::vector<std::int64_t> counts_;  // classes x classes
};

// One class against the rest: precision = TP / (TP + FP), recall = TP / (TP + FN), F1 = 2 TP / (2 TP + FP + FN).
// A quotient 0/0 is 0, as in scikit-learn with zero_division = 0.
struct ClassScores {
  double precision = 0, recall = 0, f1 = 0;
  std::int64_t support = 0;
};

// The figures of the paper's Table 1. `macro` is the unweighted mean over all classes, those without images included
// (recall 0); `macro_present` is the mean over the classes that have images. The support of both is the number of
// images.
struct Scores {
  std::vector<ClassScores> classes;
  ClassScores macro, macro_present;
  double accuracy = 0;
};
Scores scores(const ConfusionMatrix& matrix);

struct Interval {
  double low = 0, high = 0;
};

// Wilson's score interval for a share (Wilson, JASA 22, 1927). Without trials it is [0, 1].
Interval wilson_interval(std::int64_t successes, std::int64_t trials, double confidence = 0.95);
// For a share of an effective number of trials above 0, which need not be whole.
Interval wilson_interval_of_share(double share, double trials, double confidence = 0.95);

struct ClassRecall {
  std::int64_t correct = 0, support = 0;
  double recall = 0;  // 0 if the class has no image
  Interval interval;  // Wilson, 95 %
};
std::vector<ClassRecall> recall_per_class(const ConfusionMatrix& matrix);

}  // namespace palimpsest::analysis
