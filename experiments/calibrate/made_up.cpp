#include "experiments/calibrate/made_up.h"

#include <algorithm>
#include <cmath>

#include "base/csv.h"
#include "base/error.h"
#include "base/npy.h"

namespace palimpsest::experiments::calibrate {

Pool read_pool(const FeatureFiles& files) {
  const NpyArray array = read_npy(files.features);
  const Csv csv = read_csv(files.ids);
  if (array.shape.size() != 2 || array.shape[0] != std::int64_t(csv.rows.size()))
    throw Error(fmt::format("{} and {} are not for the same images", files.features.string(), files.ids.string()),
                "run the study again with --redo features");
  Pool pool;
  const std::vector<float> values = array.floats();
  pool.features = Eigen::Map<const Rows>(values.data(), array.shape[0], array.shape[1]);
  const auto id = std::size_t(csv.column("id")), label = std::size_t(csv.column("label"));
  for (std::size_t row = 0; row < csv.rows.size(); ++row) {
    pool.labels.push_back(int(parse_integer(csv.rows[row][label], csv.where(row))));
    pool.ids.push_back(csv.rows[row][id]);
  }
  return pool;
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
