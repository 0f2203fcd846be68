#pragma once
#include <hdf5.h>

#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "nn/network.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::nn {

// Weights files as other programs write them, built tensor by tensor.
struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;  // empty: zeros
  std::string dtype = "F32";  // safetensors alone; others than F32 hold zeros
};
using NamedTensors = std::vector<NamedTensor>;

inline std::int64_t count_of(const NamedTensor& tensor) {
  std::int64_t count = 1;
  for (const auto extent : tensor.shape) count *= extent;
  return count;
}
inline std::vector<float> values_of(const NamedTensor& tensor) {
  return tensor.values.empty() ? std::vector<float>(std::size_t(count_of(tensor))) : tensor.values;
}

inline void write_safetensors(const fs::path& path, const NamedTensors& tensors,
                              const std::map<std::string, std::string>& metadata = {}) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::string data;
  for (const auto& tensor : tensors) {
    const auto begin = data.size();
    if (tensor.dtype == "F32") {
      const auto values = values_of(tensor);
      data.append(reinterpret_cast<const char*>(values.data()), 4 * values.size());
    } else {
      data.append(std::size_t(count_of(tensor)), '\0');  // a byte for each value
    }
    header[tensor.name] = {{"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
  }
  const std::string text = header.dump();
  const std::uint64_t length = text.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  write_unsynced(path, bytes + text + data);
}

inline void write_text_attribute(hid_t object, const char* name, const std::string& text) {
  const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
  H5Tset_size(type, text.size() + 1);
  const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  H5Awrite(attribute, type, text.c_str());
  H5Aclose(attribute);
  H5Sclose(space);
  H5Tclose(type);
}

inline void write_texts(const fs::path& path, const std::string& group, const char* name,
                        const std::vector<std::string>& texts) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t object = H5Oopen(file, group.c_str(), H5P_DEFAULT);
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, 64);
  const hsize_t count = texts.size();
  const hid_t space = H5Screate_simple(1, &count, nullptr);
  std::string bytes(64 * texts.size(), '\0');
  for (std::size_t i = 0; i < texts.size(); ++i) texts[i].copy(bytes.data() + 64 * i, 63);
  const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  H5Awrite(attribute, type, bytes.data());
  H5Aclose(attribute);
  H5Sclose(space);
  H5Tclose(type);
  H5Oclose(object);
  H5Fclose(file);
}
inline void write_layer_names(const fs::path& path, const std::vector<std::string>& names) {
  write_texts(path, ".", "layer_names", names);
}
inline void write_weight_names(const fs::path& path, const std::string& layer, const std::vector<std::string>& names) {
  write_texts(path, layer, "weight_names", names);
}

// `configuration`: the attribute model_config. A tensor whose name ends in "/" is an empty group.
inline void write_hdf5(const fs::path& path, const NamedTensors& tensors, const std::string& configuration = {}) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t parents = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(parents, 1);
  for (const auto& tensor : tensors) {
    if (tensor.name.ends_with('/')) {
      H5Gclose(H5Gcreate2(file, tensor.name.c_str(), parents, H5P_DEFAULT, H5P_DEFAULT));
      continue;
    }
    const std::vector<hsize_t> extents(tensor.shape.begin(), tensor.shape.end());
    const hid_t space = H5Screate_simple(int(extents.size()), extents.data(), nullptr);
    const hid_t dataset =
        H5Dcreate2(file, tensor.name.c_str(), H5T_IEEE_F32LE, space, parents, H5P_DEFAULT, H5P_DEFAULT);
    const auto values = values_of(tensor);
    if (!values.empty()) H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    H5Dclose(dataset);
    H5Sclose(space);
  }
  if (!configuration.empty()) write_text_attribute(file, "model_config", configuration);
  H5Pclose(parents);
  H5Fclose(file);
}

// A network's parameters as torchvision names them, on 32 x 32 pictures.
inline NamedTensors torch_tensors(const Network& network) {
  NamedTensors tensors;
  for (const auto& p : network.parameters()) {
    const Shape& s = p.value.shape;
    NamedTensor tensor{p.name, {s.n, s.c}, network.device().download(p.value)};
    if (p.name.ends_with(".bias")) tensor.shape = {s.c};
    if (p.value.layout == Layout::kernel) tensor.shape = {s.n, s.c, s.h, s.w};
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

// The same as Keras lays them out: kernels turned, layers called `layers` in their order, where "{}" is replaced by
// "kernel:0" and "bias:0". On 32 x 32 pictures flattening changes no order.
inline NamedTensors keras_tensors(const Network& network, const std::vector<std::string>& layers) {
  NamedTensors tensors = torch_tensors(network);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    NamedTensor& t = tensors[i];
    t.name = layers.at(i / 2);
    t.name.replace(t.name.find("{}"), 2, i % 2 == 0 ? "kernel:0" : "bias:0");
    if (i % 2 == 1) continue;
    const bool kernel = t.shape.size() == 4;
    const std::int64_t out = t.shape[0], in = t.shape[1], places = kernel ? 9 : 1;
    std::vector<float> turned(t.values.size());
    for (std::int64_t o = 0; o < out; ++o)
      for (std::int64_t c = 0; c < in; ++c)
        for (std::int64_t p = 0; p < places; ++p)
          turned[std::size_t((p * in + c) * out + o)] = t.values[std::size_t((o * in + c) * places + p)];
    t.values = std::move(turned);
    t.shape = kernel ? std::vector<std::int64_t>{3, 3, in, out} : std::vector<std::int64_t>{in, out};
  }
  return tensors;
}

// block1_conv1 ... block5_conv3 and the given names of the head, each as `pattern` with "LAYER" replaced.
inline std::vector<std::string> keras_names(const std::vector<std::string>& head,
                                            const std::string& pattern = "LAYER/LAYER/{}") {
  std::vector<std::string> names;
  int block = 1, convolution = 1;
  for (const Layer& layer : layers_of(Architecture{}))
    if (layer.kind == Layer::Kind::convolution)
      names.push_back("block" + std::to_string(block) + "_conv" + std::to_string(convolution++));
    else if (layer.kind == Layer::Kind::max_pool)
      ++block, convolution = 1;
  names.insert(names.end(), head.begin(), head.end());
  for (auto& name : names) {
    std::string path = pattern;
    for (auto at = path.find("LAYER"); at != std::string::npos; at = path.find("LAYER")) path.replace(at, 5, name);
    name = path;
  }
  return names;
}

}  // namespace palimpsest::nn
