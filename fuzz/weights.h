#pragma once
#include <cstdint>

#include "base/tensor_file.h"
#include "fuzz/harness.h"
#include "nn/weights.h"

namespace palimpsest::fuzz {

// Everything that a command asks of a weights file. A tensor has as many values as its shape says.
inline void examine(const TensorFile& file) {
  for (const std::string& name : file.names()) {
    const std::int64_t count = file.info(name).count();
    PALIMPSEST_REQUIRE(file.has(name) && count >= 0, "{}", name);
    try {
      if (count < 100'000) PALIMPSEST_REQUIRE(std::int64_t(file.read_floats(name).size()) == count, "{}", name);
    } catch (const ContractError&) {
      throw;
    } catch (const Error&) {
    }
  }
  const nn::WeightsContents contents = nn::contents_of(file);
  nn::left_out_line(file, contents);
  nn::assumption_line(file, contents);
  nn::notes_of(file);
  nn::states_normalisation(file);
  nn::states_size(file);
  nn::architecture_of(file);
}

}  // namespace palimpsest::fuzz
