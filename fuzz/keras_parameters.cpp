#include "nn/keras_parameters.h"

#include <algorithm>
#include <sstream>

#include "fuzz/harness.h"
#include "nn/keras_weightless.h"

// Our half of reading Keras' HDF5, on what libhdf5 would return. The first line is a configuration; then a line for
// each object and for each layer of the list: "data PATH EXTENT...", "group PATH WEIGHT...", "layer NAME".
void palimpsest::fuzz::target(std::string_view bytes) {
  std::istringstream lines{std::string(bytes)};
  std::string configuration, line;
  std::getline(lines, configuration);
  std::vector<nn::Hdf5File::Object> objects;
  std::vector<std::string> layers;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string kind, name;
    words >> kind >> name;
    if (kind == "layer") layers.push_back(name);
    if (kind != "data" && kind != "group") continue;
    nn::Hdf5File::Object object;
    object.name = name;
    object.data = kind == "data";
    object.info.dtype = "F32";
    // As nn/hdf5_file.cpp, which refuses other shapes before anybody counts their values.
    std::int64_t count = 1;
    for (std::int64_t extent = 0; object.data && words >> extent;) {
      if (extent < 0 || extent > std::int64_t{1} << 40 || __builtin_mul_overflow(count, extent, &count)) return;
      object.info.shape.push_back(extent);
    }
    for (std::string weight; !object.data && words >> weight;) object.weight_names.push_back(weight);
    objects.push_back(std::move(object));
  }
  const auto check = [&](const nn::KerasParameters& parameters) {
    for (const auto& [path, parameter] : parameters.names) {
      const auto is_it = [&](const auto& object) { return object.data && object.name == path; };
      PALIMPSEST_REQUIRE(std::ranges::any_of(objects, is_it), "{} is not in the file", path);
      PALIMPSEST_REQUIRE(parameter.ends_with(".weight") || parameter.ends_with(".bias"), "{}", parameter);
    }
    nn::places_all(parameters, objects);
  };
  check(nn::named_parameters(objects));
  if (const auto found = nn::listed_parameters(objects, layers)) check(*found);
  if (const auto found = nn::configured_parameters(objects, nn::read_keras_configuration(configuration))) check(*found);
  nn::keras_weightless_objection(layers, false);
}
