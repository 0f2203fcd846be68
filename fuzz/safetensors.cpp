#include "base/safetensors.h"

#include <cstring>

#include "base/dtype.h"
#include "fuzz/harness.h"

// Floats that were read, written and read again have the same bits.
void palimpsest::fuzz::target(std::string_view bytes) {
  const SafetensorsFile file(as_file(bytes));
  std::vector<SafetensorsWriter::Declaration> tensors;
  std::vector<std::vector<float>> values;
  for (const std::string& name : file.names()) {
    if (!floats_from(file.info(name).dtype)) continue;
    tensors.emplace_back(name, file.info(name).shape);
    values.push_back(file.read_floats(name));
    PALIMPSEST_REQUIRE(std::int64_t(values.back().size()) == file.info(name).count(), "{}", name);
  }
  const fs::path copy = as_file({}, "copy");
  SafetensorsWriter writer(copy, tensors, file.metadata());
  for (const auto& tensor : values) writer.append(tensor);
  writer.commit();
  const SafetensorsFile again(copy);
  PALIMPSEST_REQUIRE(again.metadata() == file.metadata(), "metadata");
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto& [name, shape] = tensors[i];
    const auto read = again.read_floats(name);
    PALIMPSEST_REQUIRE(again.info(name).shape == shape && read.size() == values[i].size() &&
                           (read.empty() || std::memcmp(read.data(), values[i].data(), 4 * read.size()) == 0),
                       "{}", name);
  }
}
