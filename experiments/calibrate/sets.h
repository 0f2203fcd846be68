#pragma once
#include "analysis/rejections.h"
#include "experiments/calibrate.h"
#include "experiments/calibrate/made_up.h"
#include "experiments/study/map_ranking.h"

namespace palimpsest::experiments::calibrate {

// What a kind of sets is made of. Noise as a multiple of each feature's deviation.
struct Noise {
  double before = 0, after = 0;
  bool shuffled = false;  // labels in random order: nothing can be lost
};

// The features before, of the study's files of this name.
FeatureFiles features_before(const fs::path& study, const std::string& name);

// Sets of emotion images: half of those to train probes on and half of those to test.
class EmotionSets {
 public:
  EmotionSets(const fs::path& study, int emotions, double c, const std::vector<std::uint8_t>& planned);

  // The noise with which two made-up networks' probes disagree on that share of the test images.
  double noise_for(double disagreement, std::uint64_t seed) const;
  void run(const Noise& noise, const CalibrateCommand& command, analysis::Rejections& rejections) const;

 private:
  Eigen::MatrixXd scores(const Rows& train, std::span<const int> train_labels, const Rows& test) const;
  Pool train_, test_;
  std::vector<float> deviation_;
  int emotions_;
  double c_;
  std::vector<double> contrast_;  // planned emotions less the others; empty: none
};

// The explained images of every emotion, before and after: where the sign of what each person's maps lose is random,
// nothing is lost.
class MapSets {
 public:
  MapSets(const fs::path& study, int k);
  void run(const CalibrateCommand& command, analysis::Rejections& rejections) const;

 private:
  std::vector<std::vector<ExplainedMap>> emotions_;
};

// Sets of peak frames: those of some persons.
class ConceptSets {
 public:
  ConceptSets(const fs::path& study, int unit, bool standardise, double c);
  void run(const Noise& noise, const CalibrateCommand& command, analysis::Rejections& rejections) const;

 private:
  Pool pool_;
  std::vector<float> deviation_;
  std::vector<std::int64_t> labels_;
  std::vector<std::vector<int>> persons_;  // rows of each
  std::string name_;
  bool standardise_;
  double c_;
};

}  // namespace palimpsest::experiments::calibrate
