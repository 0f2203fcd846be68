#include "ops/algorithm_table.h"

#include <array>

#include "base/error.h"
#include "base/files.h"
#include "base/hash64.h"
#include "base/json.h"

namespace palimpsest {

std::string pass_name(LayerPass pass) {
  constexpr std::array names{"forward", "backward_data", "backward_weights", "relevance"};
  return names.at(static_cast<std::size_t>(pass));
}

AlgorithmTable AlgorithmTable::of(const std::string& choice) {
  AlgorithmTable table;
  if (choice.ends_with(".json"))
    table.read(choice);
  else if (choice != "auto")
    table.everywhere_ = table.description_ = choice;
  return table;
}

LayerPass pass_named(const std::string& name) {
  for (const auto pass :
       {LayerPass::forward, LayerPass::backward_data, LayerPass::backward_weights, LayerPass::relevance})
    if (pass_name(pass) == name) return pass;
  throw std::out_of_range("unknown pass '" + name + "'");
}

void AlgorithmTable::read(const std::filesystem::path& file) {
  const std::string text = read_file(file, 1 << 24);
  try {
    const auto json = Json::parse(text);
    for (const auto& choice : json.at("choices")) {
      const auto shape = choice.at("shape").get<std::array<int, 5>>();
      set(pass_named(choice.at("pass").get<std::string>()),
          Conv2dShape{shape[0], shape[1], shape[2], shape[3], shape[4]}, choice.at("algorithm").get<std::string>());
    }
  } catch (const std::exception& error) {  // of the parser, or from above
    throw Error(fmt::format("{} is not a table of algorithms: {}", file.string(), error.what()),
                "write it with `palimpsest bench --tune FILE.json`");
  }
  Hash64 sum;
  sum.add(text);
  description_ = fmt::format("{} ({:016x})", file.filename().string(), sum.value());
}

void AlgorithmTable::set(LayerPass pass, const LayerShape& s, const std::string& algorithm) {
  choices_[{pass, s.n, s.c, s.h, s.w, s.k}] = algorithm;
}

std::optional<std::string> AlgorithmTable::find(LayerPass pass, const LayerShape& s) const {
  if (const auto at = choices_.find({pass, s.n, s.c, s.h, s.w, s.k}); at != choices_.end()) return at->second;
  return everywhere_;
}

}  // namespace palimpsest
