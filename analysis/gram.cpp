#include "analysis/gram.h"

#include <fmt/ranges.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/npy.h"

namespace palimpsest::analysis {

namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Features = Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

// Columns [first, first + block.cols()) of the features, centred and perhaps standardised. Differences from the first
// row are exact for a constant column, which therefore becomes exactly 0.
void centre_block(const Features& features, Eigen::Index first, bool standardise, Matrix& block) {
  block = features.middleCols(first, block.cols()).cast<double>();
  const Eigen::RowVectorXd origin = block.row(0);
  block.rowwise() -= origin;
  const Eigen::RowVectorXd mean = block.colwise().mean();
  block.rowwise() -= mean;
  if (!standardise) return;
  for (Eigen::Index c = 0; c < block.cols(); ++c) {
    const double sd = std::sqrt(block.col(c).squaredNorm() / double(block.rows()));
    if (sd > 0) block.col(c) /= sd;
  }
}

void require_finite(const std::string& name, std::span<const float> features, int rows) {
  const std::size_t dimension = features.size() / std::size_t(rows);
  for (std::size_t i = 0; i < features.size(); ++i)
    if (!std::isfinite(features[i]))
      throw Error(fmt::format("{}: feature {} of row {} is {}", name, i % dimension, i / dimension, features[i]),
                  "the network that made it has diverged; check its weights");
}

}  // namespace

Gram linear_gram(std::string name, std::span<const float> features, int rows, bool standardise) {
  if (rows < 2) throw Error(fmt::format("{} has {} rows", name, rows), "a concept test needs at least 2 images");
  PALIMPSEST_REQUIRE(features.size() % std::size_t(rows) == 0, "{} values in {} rows", features.size(), rows);
  require_finite(name, features, rows);
  const auto dimension = Eigen::Index(features.size() / std::size_t(rows));
  const Features all(features.data(), rows, dimension);

  Gram gram{std::move(name), rows, standardise, std::vector<double>(std::size_t(rows) * std::size_t(rows), 0.0)};
  Eigen::Map<Matrix> values(gram.values.data(), rows, rows);
  constexpr Eigen::Index width = 512, height = 48;
  const auto blocks = (dimension + width - 1) / width;
  const auto tiles = (Eigen::Index{rows} + height - 1) / height;
  // Two passes per block of columns: threads share the columns to centre, then the row tiles of the lower triangle.
  // Each sum is made by one thread in a fixed order, so the result does not depend on their number.
  for (Eigen::Index b = 0; b < blocks; ++b) {
    Matrix block(rows, std::min(width, dimension - b * width));
    centre_block(all, b * width, standardise, block);
#pragma omp parallel for schedule(dynamic)
    for (Eigen::Index t = tiles - 1; t >= 0; --t) {
      const auto first = t * height, n = std::min(height, rows - first);
      values.block(first, 0, n, first + n).noalias() +=
          block.middleRows(first, n) * block.topRows(first + n).transpose();
    }
  }
  // |K_ij| <= max K_ii; LIBSVM keeps kernel rows as float32.
  if (!(values.diagonal().maxCoeff() <= double(std::numeric_limits<float>::max())))
    throw Error(fmt::format("{} has features so large that their squares exceed float32", gram.name),
                "scale them down, or give --standardise");
  for (Eigen::Index i = 0; i < rows; ++i)
    for (Eigen::Index j = i + 1; j < rows; ++j) values(i, j) = values(j, i);
  return gram;
}

FeatureVectors read_feature_vectors(const fs::path& path) {
  const NpyArray array = read_npy(path);
  if (array.kind != 'f' || array.shape.size() < 2 || array.count() == 0)
    throw Error(fmt::format("{} has the shape ({}) and holds {}, but one feature vector of floats for each image is "
                            "needed",
                            path.string(), fmt::join(array.shape, ", "), array.stored),
                "save float32 with shape (N, ...), as 'predict --features' does");
  const auto rows = int(array.shape[0]);
  return {path.string(), rows, int(array.count() / rows), floats_and_remark(array)};
}

std::vector<std::int64_t> read_concept_groups(const fs::path& path) {
  const NpyArray array = read_npy(path);
  if (array.shape.size() != 1)
    throw Error(fmt::format("{} has the shape ({}), but one number for each image is needed", path.string(),
                            fmt::join(array.shape, ", ")),
                "save int64 with shape (N,)");
  return integers_and_remark(array);
}

Gram rows_of(const Gram& gram, std::span<const int> rows) {
  Gram some{gram.name, int(rows.size()), gram.standardised, {}};
  some.values.reserve(rows.size() * rows.size());
  for (const int i : rows)
    for (const int j : rows) some.values.push_back(gram.at(i, j));
  return some;
}

std::vector<std::int64_t> read_concept_labels(const fs::path& path) {
  auto labels = read_concept_groups(path);
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] != 0 && labels[i] != 1)
      throw Error(fmt::format("{}: label {} is {}", path.string(), i, labels[i]),
                  "labels are 0 (without) or 1 (with the concept)");
  return labels;
}

}  // namespace palimpsest::analysis
