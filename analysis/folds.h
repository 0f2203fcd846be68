#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/words.h"

namespace palimpsest::analysis {

// How images are halved for 2-fold cross-validation.
enum class FoldKind {
  shuffled,    // random halves
  stratified,  // numbers of positives that differ by at most one
  grouped,     // no subject in both halves, and as stratified as whole subjects allow
};
constexpr auto words(FoldKind) {
  return std::to_array<Word<FoldKind>>(
      {{"stratified", FoldKind::stratified}, {"grouped", FoldKind::grouped}, {"shuffled", FoldKind::shuffled}});
}

// 0 or 1 for every image. labels: 0 or 1; groups: 0, 1, ... (subjects), used for `grouped` only.
//
// grouped: subjects that have positives, in random order, each join the half with fewer positives; then the others, in
// random order, the half with fewer images; ties are tossed. Both halves have a positive if two subjects have one.
std::vector<std::uint8_t> two_folds(FoldKind kind, std::span<const std::int64_t> labels, std::span<const int> groups,
                                    Random random);

}  // namespace palimpsest::analysis
