#include "experiments/calibrate/made_up.h"

#include <algorithm>
#include <cmath>

namespace palimpsest::experiments::calibrate {

Pool::Pool(const FeatureFiles& files) {
  Features read = read_features(files);
  features = Eigen::Map<const Rows>(read.values.data(), std::ptrdiff_t(read.labels.size()), read.columns);
  labels = std::move(read.labels);
  ids = std::move(read.ids);
}

std::vector<float> deviations(const Rows& features) {
  std::vector<float> all;
  for (std::ptrdiff_t c = 0; c < features.cols(); ++c) {
    const Eigen::ArrayXd column = features.col(c).cast<double>();
    all.push_back(float(std::sqrt((column - column.mean()).square().mean())));
  }
  return all;
}

Rows noisy(const Rows& features, std::span<const int> rows, std::span<const float> deviation, double noise,
           Random& random) {
  Rows made(std::ptrdiff_t(rows.size()), features.cols());
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::ptrdiff_t c = 0; c < features.cols(); ++c)
      made(std::ptrdiff_t(i), c) = features(rows[i], c) + float(noise * random.normal()) * deviation[std::size_t(c)];
  return made;
}

std::vector<int> some_of(int count, int wanted, Random& random) {
  std::vector<int> all = permutation(count, Random(random.bits(), Purpose::calibrate));
  all.resize(std::size_t(std::min(count, wanted)));
  std::ranges::sort(all);
  return all;
}

}  // namespace palimpsest::experiments::calibrate
