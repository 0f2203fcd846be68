#include <algorithm>
#include <numeric>

#include "analysis/class_losses.h"
#include "analysis/parallel.h"
#include "analysis/probe.h"
#include "base/error.h"
#include "experiments/calibrate/sets.h"
#include "experiments/study/records.h"
#include "experiments/study/same_training.h"
#include "experiments/study/test_names.h"

namespace palimpsest::experiments::calibrate {

namespace {

std::vector<int> all_rows(std::ptrdiff_t count) {
  std::vector<int> rows(std::size_t(count), 0);
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

std::vector<int> pick(const std::vector<int>& labels, std::span<const int> rows) {
  std::vector<int> some;
  for (const int row : rows) some.push_back(labels[std::size_t(row)]);
  return some;
}

}  // namespace

EmotionSets::EmotionSets(const fs::path& study, int emotions, double c, const std::vector<std::uint8_t>& planned)
    : train_(features_before(study, "train")),
      test_(features_before(study, "test")),
      deviation_(deviations(train_.features)),
      emotions_(emotions),
      c_(c) {
  const auto count = double(std::ranges::count(planned, 1));
  if (count == 0 || count == double(emotions)) return;
  for (const std::uint8_t is : planned) contrast_.push_back(is ? 1 / count : -1 / (double(emotions) - count));
}

Eigen::MatrixXd EmotionSets::scores(const Rows& train, std::span<const int> train_labels, const Rows& test) const {
  const analysis::ProbeFeatures x({train.data(), std::size_t(train.size())}, {test.data(), std::size_t(test.size())},
                                  int(train.cols()), "a made-up set");
  return analysis::Probe::train(x.train(), train_labels, emotions_, c_).log_odds(x.score());
}

double EmotionSets::noise_for(double disagreement, std::uint64_t seed) const {
  constexpr double most = 64;  // then nothing can be read: two networks disagree as often as by chance
  const auto train = all_rows(train_.features.rows()), test = all_rows(test_.features.rows());
  const auto disagree = [&](double noise) {
    std::vector<Eigen::MatrixXd> both;
    for (const std::uint32_t network : {1U, 2U}) {
      Random random(seed, Purpose::calibrate, network);
      const Rows x = noisy(train_.features, train, deviation_, noise, random);
      both.push_back(scores(x, train_.labels, noisy(test_.features, test, deviation_, noise, random)));
    }
    double differ = 0;
    for (std::ptrdiff_t i = 0; i < both[0].rows(); ++i) differ += decision(both[0], i) != decision(both[1], i);
    return differ / double(both[0].rows());
  };
  double low = 0, high = 1;
  while (disagree(high) < disagreement && high < most) low = high, high *= 2;
  for (int step = 0; step < 8; ++step) {
    const double middle = (low + high) / 2;
    (disagree(middle) < disagreement ? low : high) = middle;
  }
  return (low + high) / 2;
}

void EmotionSets::run(const Noise& noise, const CalibrateCommand& command, analysis::Rejections& rejections) const {
  analysis::in_parallel("Sets of emotions", 0, command.sets, [&](int set) {
    Random random(command.seed, Purpose::calibrate, 3, std::uint64_t(set));
    const auto half = [&](const Pool& pool) {
      return some_of(int(pool.labels.size()), int(pool.labels.size() / 2), random);
    };
    const std::vector<int> train = half(train_), test = half(test_);
    std::vector<int> train_labels = pick(train_.labels, train);
    const std::vector<int> labels = pick(test_.labels, test);
    if (noise.shuffled)
      train_labels =
          pick(train_labels, permutation(int(train_labels.size()), Random(random.bits(), Purpose::calibrate)));
    const auto network = [&](double level) {
      const Rows x = noisy(train_.features, train, deviation_, level, random);
      return scores(x, train_labels, noisy(test_.features, test, deviation_, level, random));
    };
    const Eigen::MatrixXd before = network(noise.before);
    std::vector<Eigen::MatrixXd> after;
    for (int run = 0; run < command.runs; ++run) after.push_back(network(noise.after));
    const analysis::ClassLosses losses(before, after, labels), first(before, std::span(after).first(1), labels);
    for (int emotion = 0; emotion < emotions_; ++emotion) {
      if (!losses.of(emotion)) continue;
      rejections.add(class_loss, losses.of(emotion)->loss.test.p, set);
      rejections.add(class_loss_images, losses.of(emotion)->images.test.p, set);
      rejections.add(class_recall, mcnemar_p(before, after[0], labels, emotion), set);
    }
    rejections.add(all_classes, losses.omnibus().p, set);
    rejections.add(all_classes_images, first.omnibus().p, set);
    rejections.add(mean_loss, losses.combined(std::vector(std::size_t(emotions_), 1.0 / emotions_)).test.p, set);
    if (!contrast_.empty()) rejections.add(contrast, losses.combined(contrast_).test.p, set);
  });
}

}  // namespace palimpsest::experiments::calibrate
