#include "data/arrays.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/npy.h"
#include "base/npz.h"
#include "base/progress.h"

namespace palimpsest::data {

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

bool Arrays::labelled() const {
  return !labels_.empty() && *std::min_element(labels_.begin(), labels_.end()) >= 0;
}

int Arrays::largest_label() const {
  return labels_.empty() ? -1 : int(*std::max_element(labels_.begin(), labels_.end()));
}

namespace {

// The network takes pictures as unscaled floats, so other numbers (especially uint8) need a scale that only the user
// knows.
void require_pictures(const NpyArray& x) {
  const auto& shape = x.shape;
  const std::string problem = fmt::format("{} has the shape ({}) and holds {}, but float32 (N, 3, H, W) is needed",
                                          x.path.string(), fmt::join(shape, ", "), x.stored);
  if (shape.size() == 4 && shape[1] != 3 && shape[3] == 3)
    throw Error(problem, "save it as float32 with the channels second: x.transpose(0, 3, 1, 2)");
  if (shape.size() == 3 && shape[0] == 3) throw Error(problem, "save it with one more axis: x[None]");
  if (shape.size() != 4 || shape[1] != 3)
    throw Error(problem, "save it as float32 with an axis for the pictures and then one for red, green and blue");
  if (x.kind != 'f')
    throw Error(problem,
                "scale and normalise the pixels as the network was trained, then save them with x.astype('float32')");
  for (const auto extent : shape)
    if (extent < 1 || extent > std::numeric_limits<int>::max())
      throw Error(
          fmt::format("{} has the shape ({}), which holds no usable picture", x.path.string(), fmt::join(shape, ", ")),
          "it must hold at least one");
}

std::vector<float> read_values(const NpyArray& x) {
  require_pictures(x);
  auto values = floats_and_remark(x);
  const auto bad = std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
  if (bad != values.end()) {
    const auto at = bad - values.begin(), per_picture = std::ptrdiff_t(values.size()) / x.shape[0];
    throw Error(
        fmt::format("{} holds {} in picture {}", x.path.string(), x.doubles()[std::size_t(at)], at / per_picture),
        "every value must be finite in float32");
  }
  return values;
}

[[noreturn]] void refuse_label(const fs::path& path, std::int64_t label, std::size_t picture, std::int64_t largest) {
  throw Error(fmt::format("{} has the label {} for picture {}, which is not in 0 to {}", path.string(), label, picture,
                          largest),
              "labels count from 0");
}

std::vector<std::int64_t> read_labels(const fs::path& path, const NpyArray& x) {
  const NpyArray y = read_npy(path);
  const std::int64_t count = x.shape[0];
  if (y.shape.size() != 1 || y.shape[0] != count)
    throw Error(fmt::format("{} has the shape ({}), but one label for each of the {} pictures of {} is needed",
                            path.string(), fmt::join(y.shape, ", "), count, x.path.string()),
                y.shape.size() == 2 && y.shape[1] > 1 ? "save it with the shape (N,); of one-hot labels: y.argmax(1)"
                                                      : "save it as int64 with the shape (N,)");
  auto labels = integers_and_remark(y);
  constexpr std::int64_t end = std::numeric_limits<int>::max();
  for (std::size_t i = 0; i < labels.size(); ++i)  // -1: no label, as 'predict --ids' writes it
    if (labels[i] < -1 || labels[i] >= end) refuse_label(path, labels[i], i, end - 1);
  return labels;
}

// An archive named without its members: x and y, if it has both.
Source with_members(Source source) {
  if (!source.labels.empty() || parse_array_name(source.path).file != source.path || !is_npz(source.path))
    return source;
  const NpzArchive archive(source.path);
  if (archive.members().size() == 1) return source;
  if (!archive.has("x") || !archive.has("y"))
    throw Error(fmt::format("{} has {} arrays, but not x and y: {}", source.path.string(), archive.members().size(),
                            archive.list()),
                fmt::format("name the arrays of pictures and labels: arrays:{0}[...],{0}[...]", source.path.string()));
  remark(fmt::format("{}: of its arrays {} the pictures are x and the labels are y.", source.path.string(),
                     archive.list()));
  source.labels = archive.name_of("y");
  source.path = archive.name_of("x");
  return source;
}

}  // namespace

std::shared_ptr<const Arrays> read_arrays(const Source& named) {
  PALIMPSEST_REQUIRE(named.scheme == Scheme::arrays, "{}", named.text);
  const Source source = with_members(named);
  const NpyArray x = read_npy(source.path);
  auto values = read_values(x);
  std::vector<std::int64_t> labels;
  if (!source.labels.empty()) labels = read_labels(source.labels, x);
  return std::make_shared<Arrays>(std::move(values), std::move(labels), int(x.shape[0]), int(x.shape[2]),
                                  int(x.shape[3]));
}

void require_labels(const Arrays& arrays, const Source& source, int classes) {
  for (int i = 0; i < arrays.count(); ++i)
    if (const int label = arrays.label(i); label < 0 || label >= classes)
      refuse_label(source.labels_or_path(), label, std::size_t(i), classes - 1);
}

}  // namespace palimpsest::data
