#include "analysis/gram.h"

#include <cmath>

#include "base/npy.h"
#include "base/random.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::analysis {
namespace {

// Straight from the definition.
double reference(const std::vector<float>& x, int rows, bool standardise, int a, int b) {
  const int dimension = int(x.size()) / rows;
  double sum = 0;
  for (int d = 0; d < dimension; ++d) {
    const auto at = [&](int row) { return double(x[std::size_t(row) * std::size_t(dimension) + std::size_t(d)]); };
    double mean = 0, variance = 0;
    for (int i = 0; i < rows; ++i) mean += at(i) / rows;
    for (int i = 0; i < rows; ++i) variance += (at(i) - mean) * (at(i) - mean) / rows;
    const double scale = standardise && variance > 1e-20 ? 1 / variance : 1;
    sum += (at(a) - mean) * (at(b) - mean) * scale;
  }
  return sum;
}

TEST(Gram, AgreesWithItsDefinition) {
  Random random(1, Purpose::test);
  constexpr int rows = 101, dimension = 1100;  // neither a multiple of the block sizes
  std::vector<float> features(rows * dimension);
  for (auto& f : features) f = float(10 + random.normal());
  for (int i = 0; i < rows; ++i) features[std::size_t(i) * dimension + 3] = 7.1F;  // constant
  for (const bool standardise : {false, true}) {
    const Gram gram = linear_gram("f", features, rows, standardise);
    for (const int i : {0, 1, 47, 48, 100})
      for (const int j : {0, 50, 100}) {
        EXPECT_NEAR(gram.at(i, j), reference(features, rows, standardise, i, j), 1e-9 * dimension);
        EXPECT_EQ(gram.at(i, j), gram.at(j, i));
      }
  }
}

TEST(Gram, AConstantColumnAddsNothing) {
  const std::vector<float> features{0.1F, 1, 0.1F, 2, 0.1F, 4};
  const Gram gram = linear_gram("f", features, 3, true);
  EXPECT_NEAR(gram.at(0, 0) + gram.at(1, 1) + gram.at(2, 2), 3, 1e-12) << "the one live column has variance 1";
}

TEST(Gram, FilesAreCheckedByName) {
  const TempFolder folder;
  const auto path = folder / "features.npy";
  std::vector<float> features(24, 1.0F);
  write_npy(path, std::span<const float>(features), std::vector<std::int64_t>{3, 2, 2, 2});
  const FeatureVectors x = read_feature_vectors(path);
  const Gram gram = linear_gram(x.name, x.values, x.rows, false);
  EXPECT_EQ(gram.size, 3);
  EXPECT_EQ(gram.name, path.string());
  features[17] = NAN;
  write_npy(path, std::span<const float>(features), std::vector<std::int64_t>{3, 2, 2, 2});
  expect_error("features.npy: feature 1 of row 2 is nan", [&] {
    const FeatureVectors broken = read_feature_vectors(path);
    linear_gram(broken.name, broken.values, broken.rows, false);
  });
  write_npy(path, std::span<const float>(features), std::vector<std::int64_t>{24});
  expect_error("features.npy has the shape (24) and holds float32, but one feature vector",
               [&] { read_feature_vectors(path); });
  write_npy(path, std::span<const float>(features), std::vector<std::int64_t>{1, 24});
  expect_error("features.npy", [&] {
    const FeatureVectors one = read_feature_vectors(path);
    linear_gram(one.name, one.values, one.rows, false);
  });
}

// LIBSVM's float32 kernel would be infinite, and its decisions NaN.
TEST(Gram, FeaturesTooLargeAreRefused) {
  const std::vector<float> features{1e30F, 0, 0, -1e30F, 2, 1};
  expect_error("big has features so large", [&] { linear_gram("big", features, 3, false); });
  EXPECT_EQ(linear_gram("big", features, 3, true).size, 3) << "standardised they are fine";
}

TEST(Gram, LabelFilesAreCheckedByName) {
  const TempFolder folder;
  const auto path = folder / "labels.npy";
  write_npy(path, std::vector<std::int64_t>{0, 1, 2}, std::vector<std::int64_t>{3});
  expect_error("labels.npy: label 2 is 2", [&] { read_concept_labels(path); });
  EXPECT_EQ(read_concept_groups(path), (std::vector<std::int64_t>{0, 1, 2}));
  write_npy(path, std::vector<std::int64_t>{0, 1}, std::vector<std::int64_t>{2, 1});
  expect_error("labels.npy has the shape (2, 1), but one number for each image", [&] { read_concept_labels(path); });
}

}  // namespace
}  // namespace palimpsest::analysis
