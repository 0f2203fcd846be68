#include "nn/keras_weights.h"

#include <hdf5.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "nn/architecture.h"
#include "nn/keras_layers.h"

namespace palimpsest {

namespace {

// An HDF5 identifier and the function that closes it. HDF5 returns a negative number where something went wrong.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  explicit operator bool() const { return id_ >= 0; }
  operator hid_t() const { return id_; }  // NOLINT(google-explicit-constructor): for HDF5's functions

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

[[noreturn]] void unusable(const fs::path& path, const std::string& why) {
  throw Error(fmt::format("{} is not a usable Keras file: {}", path.string(), why),
              "save the weights of a keras.applications VGG16 again with save_weights, or copy the file again");
}

Handle open_file(const fs::path& path) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // our errors say what is needed
  return {H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose};
}

constexpr std::size_t most_names = 100'000;

// Collects the names of hard links; soft and external ones, which may lead anywhere, are not followed.
herr_t collect(hid_t, const char* name, const H5L_info_t* info, void* to) {
  auto& names = *static_cast<std::vector<std::string>*>(to);
  if (info->type == H5L_TYPE_HARD) names.emplace_back(name);
  return names.size() > most_names ? -1 : 0;
}

std::vector<std::string> names_in(hid_t file, const fs::path& path) {
  std::vector<std::string> names;
  if (H5Lvisit(file, H5_INDEX_NAME, H5_ITER_INC, collect, &names) < 0) unusable(path, "it is damaged or cut short");
  return names;
}

// The values as they are stored. Empty when the name is a group.
std::optional<std::vector<std::int64_t>> shape_of_dataset(hid_t file, const std::string& name, const fs::path& path) {
  const Handle object(H5Oopen(file, name.c_str(), H5P_DEFAULT), H5Oclose);
  if (!object) unusable(path, fmt::format("{} is damaged", name));
  if (H5Iget_type(object) != H5I_DATASET) return std::nullopt;
  const Handle space(H5Dget_space(object), H5Sclose), type(H5Dget_type(object), H5Tclose);
  const Handle properties(H5Dget_create_plist(object), H5Pclose);
  if (!space || !type || !properties) unusable(path, fmt::format("{} is damaged", name));
  if (H5Tget_class(type) != H5T_FLOAT) unusable(path, fmt::format("{} does not hold floats", name));
  if (H5Pget_external_count(properties) != 0 || H5Pget_layout(properties) == H5D_VIRTUAL)
    unusable(path, fmt::format("{} keeps its values in another file", name));
  const int axes = H5Sget_simple_extent_ndims(space);
  if (axes < 1 || axes > 4) unusable(path, fmt::format("{} has {} axes", name, axes));
  std::array<hsize_t, 4> extents{};
  H5Sget_simple_extent_dims(space, extents.data(), nullptr);
  std::int64_t count = 1;
  for (int i = 0; i < axes; ++i)
    if (extents[std::size_t(i)] == 0 || extents[std::size_t(i)] > 1 << 30 ||
        __builtin_mul_overflow(count, std::int64_t(extents[std::size_t(i)]), &count) || count > 1 << 30)
      unusable(path, fmt::format("{} has a shape that no VGG16 has", name));
  return std::vector<std::int64_t>(extents.begin(), extents.begin() + axes);
}

// to[o][(c * side + y) * side + x] = from[(y * side + x) * channels + c][o]; channels 0: a plain transpose.
std::vector<float> turn_dense(const std::vector<float>& from, std::int64_t out, std::int64_t in,
                              std::int64_t channels) {
  std::vector<float> to(from.size());
  const std::int64_t per_place = channels == 0 ? 1 : channels, places = in / per_place;
  for (std::int64_t place = 0; place < places; ++place)
    for (std::int64_t c = 0; c < per_place; ++c) {
      const float* const row = from.data() + (place * per_place + c) * out;
      float* const column = to.data() + (channels == 0 ? place : c * places + place);
      for (std::int64_t o = 0; o < out; ++o) column[o * in] = row[o];
    }
  return to;
}

// (height, width, in, out) to (out, in, height, width).
std::vector<float> turn_kernel(const std::vector<float>& from, const std::vector<std::int64_t>& to_shape) {
  const std::int64_t out = to_shape[0], in = to_shape[1], places = to_shape[2] * to_shape[3];
  std::vector<float> to(from.size());
  for (std::int64_t place = 0; place < places; ++place)
    for (std::int64_t i = 0; i < in; ++i)
      for (std::int64_t o = 0; o < out; ++o)
        to[std::size_t((o * in + i) * places + place)] = from[std::size_t((place * in + i) * out + o)];
  return to;
}

}  // namespace

struct KerasWeights::Stored {
  std::string dataset;
  std::vector<std::int64_t> shape;  // Keras'
};

bool is_hdf5(const fs::path& path) {
  static constexpr char signature[9] = "\x89HDF\r\n\x1a\n";
  char start[8] = {};
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (!file) return false;
  const bool whole = std::fread(start, 1, sizeof start, file) == sizeof start;
  std::fclose(file);
  return whole && std::memcmp(start, signature, sizeof start) == 0;
}

KerasWeights::KerasWeights(fs::path path) : path_(std::move(path)) {
  const Handle file = open_file(path_);
  if (!file) unusable(path_, "it is damaged or cut short");
  std::map<std::pair<bool, int>, std::vector<Stored>> layers;  // (dense, number) -> kernel and bias
  for (const auto& name : names_in(file, path_)) {
    const auto layer = keras_layer(name);
    if (!layer) continue;
    if (auto shape = shape_of_dataset(file, name, path_))
      layers[{layer->dense, layer->number}].push_back({name, std::move(*shape)});
  }
  const auto names = layer_names(Architecture{});
  std::size_t dense = 13;
  for (int i = 0; i < 13; ++i)
    for (const auto& stored : layers[{false, i}]) add(names[std::size_t(i)].name, stored);
  for (int i = 0; i < 3; ++i)  // a head without fc1 or fc2 has its layers one after the other
    if (const auto at = layers.find({true, i}); at != layers.end()) {
      for (const auto& stored : at->second) add(names[dense].name, stored);
      ++dense;
    }
  if (tensors_.empty()) unusable(path_, "it has no layer called block1_conv1, ..., fc1, fc2 or predictions");
  find_flattened();
}

// Kernels are told from biases by their axes; names differ between Keras' versions.
void KerasWeights::add(const std::string& name, const Stored& stored) {
  const auto& s = stored.shape;
  Tensor tensor;
  tensor.info.dtype = "F32";
  tensor.dataset = stored.dataset;
  if (s.size() == 4)
    tensor.info.shape = {s[3], s[2], s[0], s[1]};
  else if (s.size() == 2)
    tensor.info.shape = {s[1], s[0]};
  else
    tensor.info.shape = s;
  const std::string full = name + (s.size() == 1 ? ".bias" : ".weight");
  const auto [earlier, is_new] = tensors_.emplace(full, std::move(tensor));
  if (!is_new) unusable(path_, fmt::format("{} and {} are both {}", earlier->second.dataset, stored.dataset, full));
}

void KerasWeights::find_flattened() {
  const auto last = tensors_.find("features.28.weight"), first = tensors_.find("classifier.0.weight");
  if (last == tensors_.end() || first == tensors_.end() || first->second.info.shape.size() != 2) return;
  const std::int64_t channels = last->second.info.shape[0], in = first->second.info.shape[1];
  if (in % channels == 0) first->second.channels = channels;
}

const KerasWeights::Tensor& KerasWeights::find(const std::string& name) const {
  const auto at = tensors_.find(name);
  if (at == tensors_.end()) unusable(path_, fmt::format("it has no {}", name));
  return at->second;
}

const TensorInfo& KerasWeights::info(const std::string& name) const {
  return find(name).info;
}

std::vector<float> KerasWeights::read_floats(const std::string& name) const {
  const Tensor& tensor = find(name);
  const Handle file = open_file(path_);
  if (!file) unusable(path_, "it is damaged or cut short");
  const Handle dataset(H5Dopen2(file, tensor.dataset.c_str(), H5P_DEFAULT), H5Dclose);
  std::vector<float> values(std::size_t(tensor.info.count()));
  if (!dataset || H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0)
    unusable(path_, fmt::format("{} cannot be read", tensor.dataset));
  const auto& shape = tensor.info.shape;
  if (shape.size() == 4) return turn_kernel(values, shape);
  if (shape.size() == 2) return turn_dense(values, shape[0], shape[1], tensor.channels);
  return values;
}

}  // namespace palimpsest
