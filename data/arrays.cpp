#include "data/arrays.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/npy.h"

namespace palimpsest {

Arrays::Arrays(std::vector<float> values, std::vector<std::int64_t> labels, int count, int height, int width)
    : values_(std::move(values)), labels_(std::move(labels)), count_(count), height_(height), width_(width) {
  PALIMPSEST_REQUIRE(values_.size() == 3 * std::size_t(count) * std::size_t(height) * std::size_t(width), "{} values",
                     values_.size());
  PALIMPSEST_REQUIRE(labels_.empty() || labels_.size() == std::size_t(count), "{} labels", labels_.size());
}

void Arrays::fill(int index, const Transform& transform, const Normalisation&, float* out) const {
  const std::size_t size = 3 * std::size_t(height_) * std::size_t(width_);
  transform_array(values_.data() + std::size_t(index) * size, height_, width_, transform, out);
}

int Arrays::largest_label() const {
  return labels_.empty() ? -1 : int(*std::max_element(labels_.begin(), labels_.end()));
}

namespace {

std::vector<float> read_values(const NpyArray& x) {
  const auto& shape = x.shape;
  if (x.kind != 'f' || shape.size() != 4 || shape[1] != 3)
    throw Error(fmt::format("{} has the shape ({}){}, where float32 (N, 3, H, W) is needed", x.path.string(),
                            fmt::join(shape, ", "), x.kind == 'f' ? "" : " and is no array of floats"),
                "save it with x.astype('float32'), channels second");
  for (const auto extent : shape)
    if (extent < 1 || extent > std::numeric_limits<int>::max())
      throw Error(
          fmt::format("{} has the shape ({}), which holds no usable picture", x.path.string(), fmt::join(shape, ", ")),
          "give it at least one");
  auto values = x.floats();
  const auto bad = std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
  if (bad != values.end()) {
    const auto per_picture = std::ptrdiff_t(values.size()) / shape[0];
    throw Error(fmt::format("{} holds {} in picture {}", x.path.string(), *bad, (bad - values.begin()) / per_picture),
                "every value must be finite");
  }
  return values;
}

std::vector<std::int64_t> read_labels(const fs::path& path, std::int64_t count, int classes) {
  const NpyArray y = read_npy(path);
  if (y.shape.size() != 1 || y.shape[0] != count)
    throw Error(fmt::format("{} has the shape ({}), where one label for each of {} pictures is needed", path.string(),
                            fmt::join(y.shape, ", "), count),
                "save it as int64 with the shape (N,)");
  auto labels = y.integers();
  const std::int64_t end = classes > 0 ? classes : std::numeric_limits<int>::max();
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] < 0 || labels[i] >= end)
      throw Error(fmt::format("{} has the label {} for picture {}, which is not in 0 to {}", path.string(), labels[i],
                              i, end - 1),
                  "labels count from 0");
  return labels;
}

}  // namespace

std::shared_ptr<const Arrays> read_arrays(const Source& source, int classes) {
  PALIMPSEST_REQUIRE(source.scheme == Scheme::arrays, "{}", source.text);
  const NpyArray x = read_npy(source.path);
  auto values = read_values(x);
  std::vector<std::int64_t> labels;
  if (!source.labels.empty()) labels = read_labels(source.labels, x.shape[0], classes);
  return std::make_shared<Arrays>(std::move(values), std::move(labels), int(x.shape[0]), int(x.shape[2]),
                                  int(x.shape[3]));
}

}  // namespace palimpsest
