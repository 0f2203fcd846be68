#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "base/files.h"
#include "tests/support/goldens.h"

namespace palimpsest::analysis {

inline fs::path golden_path(const std::string& name) {
  return goldens() / "analysis" / name;
}
inline nlohmann::json golden_json(const std::string& name) {
  return nlohmann::json::parse(read_file(golden_path(name + ".json")));
}

// |got - expected| within `relative` of the expected value, so that far tails are compared too.
inline bool close(double got, double expected, double relative) {
  return std::abs(got - expected) <= relative * std::abs(expected);
}

}  // namespace palimpsest::analysis
