#include "cuda/algorithm_table.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/csv.h"
#include "base/error.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

constexpr std::array<std::string_view, 9> kTiles{"automatic", "large",    "tall",  "square",   "small",
                                                 "narrow",    "few_rows", "plain", "warpgroup"};

template <std::size_t N>
std::size_t place_in(const std::array<std::string_view, N>& words, const std::string& word, const std::string& where) {
  const auto at = std::find(words.begin(), words.end(), word);
  if (at == words.end())
    throw Error(fmt::format("{}: '{}' is not one of {}", where, word, fmt::join(words, ", ")), "choose one of them");
  return std::size_t(at - words.begin());
}

// "a:b:c" into its parts
std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts{""};
  for (const char c : text) {
    if (c == ':')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

}  // namespace

Algorithm algorithm_named(const std::string& name, const std::string& where) {
  for (const auto library : {Provider::library, Provider::library_legacy})
    if (name == name_of({library, GemmTile::automatic, 0})) return {library, GemmTile::automatic, 0};
  const auto parts = parts_of(name);
  if (parts[0] != "own" || parts.size() > 3)
    throw Error(fmt::format("{}: '{}' is not a known algorithm", where, name),
                "give library, library:legacy, own, own:TILE or own:TILE:SPLITS, such as own:large:1");
  Algorithm algorithm;
  if (parts.size() > 1) algorithm.tile = GemmTile(place_in(kTiles, parts[1], where));
  if (parts.size() > 2) algorithm.splits = int(parse_integer(parts[2], where));
  if (algorithm.splits < 0) throw Error(fmt::format("{}: {} splits", where, algorithm.splits), "give 0 or more");
  return algorithm;
}

std::string name_of(const Algorithm& algorithm) {
  if (algorithm.provider == Provider::library) return "library";
  if (algorithm.provider == Provider::library_legacy) return "library:legacy";
  const auto tile = kTiles.at(std::size_t(algorithm.tile));
  if (algorithm.splits > 0) return fmt::format("own:{}:{}", tile, algorithm.splits);
  return algorithm.tile == GemmTile::automatic ? "own" : fmt::format("own:{}", tile);
}

Algorithm algorithm_of(const AlgorithmTable& table, LayerPass pass, const LayerShape& shape) {
  const auto name = table.find(pass, shape);
  return name ? algorithm_named(*name, "--convolution " + table.description()) : Algorithm{};
}

std::vector<std::string> algorithm_names() {
  return {"own",        "own:large",     "own:tall", "own:square",    "own:small",
          "own:narrow", "own:warpgroup", "library",  "library:legacy"};
}

}  // namespace palimpsest::PALIMPSEST_CUDA
