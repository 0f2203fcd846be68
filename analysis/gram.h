#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/files.h"

namespace palimpsest::analysis {

// The inner products of N feature vectors, all that a linear SVM needs; computed once per feature set.
struct Gram {
  std::string name;  // the file, for messages and reports
  int size = 0;      // N
  bool standardised = false;
  std::vector<double> values;  // N x N, symmetric

  double at(int i, int j) const { return values[std::size_t(i) * std::size_t(size) + std::size_t(j)]; }
};

// features: rows x dimension, row-major. Products are summed in double, the same for any number of threads.
//
// Every column is centred on its mean over all rows. This does not affect a linear SVM with a bias (in its dual,
// sum alpha_i y_i = 0 removes what is added to whole rows and columns), but LIBSVM keeps kernel rows in float32, and
// small numbers round less. With `standardise` every column is divided by its standard deviation (divisor N, like
// scikit-learn's StandardScaler; a constant column stays 0). Both statistics are over all rows, test folds included:
// they do not use labels, so nothing leaks, but this is a transform of the whole set and reported as such.
//
// Throws Error naming `name` when a feature is not finite, squares exceed float32, or there are fewer than 2 rows.
Gram linear_gram(std::string name, std::span<const float> features, int rows, bool standardise);

// The features of N images, rows of `columns`.
struct FeatureVectors {
  std::string name;  // the file
  int rows = 0, columns = 0;
  std::vector<float> values;
};
// From a .npy of floats (N, ...); the remaining axes are one feature vector. Throws Error naming the file.
FeatureVectors read_feature_vectors(const fs::path& path);

// That of some of the rows.
Gram rows_of(const Gram& gram, std::span<const int> rows);

// int64 (N,): 0 or 1 for labels, subject numbers for groups. Throw Error naming the file.
std::vector<std::int64_t> read_concept_labels(const fs::path& path);
std::vector<std::int64_t> read_concept_groups(const fs::path& path);

}  // namespace palimpsest::analysis
