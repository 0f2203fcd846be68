#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "ops/layer.h"

namespace palimpsest {

// "forward", "backward_data", "backward_weights", "relevance"
std::string pass_name(LayerPass pass);
LayerPass pass_named(const std::string& name);  // throws std::out_of_range for another name

// Which algorithm runs each pass of a layer of a shape. The choice changes the last bits of a result, so it is an
// input of a run: the device's fixed rule ("auto"), one algorithm for everything, or a file that `bench --tune`
// wrote on this machine. The file is JSON: {"device": ..., "choices": [{"pass": "forward", "shape": [n, c, h, w,
// k], "algorithm": "winograd", ...}]}; other keys are informational. A fully connected layer, if the device chooses
// for those too, is (n, inputs, 1, 1, outputs).
class AlgorithmTable {
 public:
  AlgorithmTable() = default;  // the device's own rule

  // `choice`: "auto", the name of an algorithm, or a file (ending in .json). Throws Error naming the file when it is
  // missing or malformed.
  static AlgorithmTable of(const std::string& choice);

  void set(LayerPass pass, const LayerShape& shape, const std::string& algorithm);
  // Empty: the device's own rule decides.
  std::optional<std::string> find(LayerPass pass, const LayerShape& shape) const;

  // The choice as a run records it: for a file, its name and a checksum of its content.
  const std::string& description() const { return description_; }

 private:
  void read(const std::filesystem::path& file);

  std::map<std::tuple<LayerPass, int, int, int, int, int>, std::string> choices_;
  std::optional<std::string> everywhere_;
  std::string description_ = "auto";
};

}  // namespace palimpsest
