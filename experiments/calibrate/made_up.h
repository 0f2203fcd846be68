#pragma once
#include <span>
#include <string>
#include <vector>

#include "analysis/probe.h"
#include "base/random.h"
#include "experiments/study/features.h"

// Sets of features in which what is lost is known: those of the network before, with noise.
namespace palimpsest::experiments::calibrate {

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Pool {
  explicit Pool(const FeatureFiles& files);

  Rows features;
  std::vector<int> labels;
  std::vector<std::string> ids;
};

std::vector<float> deviations(const Rows& features);  // of each column, over the rows

// Some rows, each feature with normal noise of `noise` times its deviation.
Rows noisy(const Rows& features, std::span<const int> rows, std::span<const float> deviation, double noise,
           Random& random);

// So many of 0 .. count - 1, in ascending order.
std::vector<int> some_of(int count, int wanted, Random& random);

}  // namespace palimpsest::experiments::calibrate
