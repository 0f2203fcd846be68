#include "analysis/folds.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"

namespace palimpsest::analysis {

namespace {

// Like base/random.h's permutation, but continuing an existing stream.
template <typename T>
void shuffle(std::vector<T>& values, Random& random) {
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random.below(std::uint32_t(i))]);
}

// Shuffles each class and deals it out alternately, continuing where the previous class stopped: both the positives and
// the totals of the two halves differ by at most one.
std::vector<std::uint8_t> stratified(std::span<const std::int64_t> labels, Random& random) {
  std::array<std::vector<std::size_t>, 2> members;
  for (std::size_t i = 0; i < labels.size(); ++i) members[labels[i] == 1].push_back(i);
  std::vector<std::uint8_t> fold(labels.size());
  auto next = std::uint8_t(random.below(2));
  for (auto& of_class : members) {
    shuffle(of_class, random);
    for (const auto i : of_class) fold[i] = next, next ^= 1;
  }
  return fold;
}

std::vector<std::uint8_t> grouped(std::span<const std::int64_t> labels, std::span<const int> groups, Random& random) {
  const auto count = std::size_t(*std::max_element(groups.begin(), groups.end())) + 1;
  std::vector<int> images(count, 0), positives(count, 0);
  for (std::size_t i = 0; i < labels.size(); ++i)
    ++images[std::size_t(groups[i])], positives[std::size_t(groups[i])] += labels[i] == 1;
  std::vector<std::size_t> order(count);
  for (std::size_t g = 0; g < count; ++g) order[g] = g;
  shuffle(order, random);
  std::stable_partition(order.begin(), order.end(), [&](std::size_t g) { return positives[g] > 0; });

  std::array<int, 2> fold_images{}, fold_positives{};
  std::vector<std::uint8_t> fold_of_group(count);
  for (const auto g : order) {
    const auto& load = positives[g] > 0 ? fold_positives : fold_images;
    const auto fold = std::size_t(load[0] == load[1] ? random.below(2) : load[1] < load[0]);
    fold_images[fold] += images[g];
    fold_positives[fold] += positives[g];
    fold_of_group[g] = std::uint8_t(fold);
  }
  std::vector<std::uint8_t> fold(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) fold[i] = fold_of_group[std::size_t(groups[i])];
  return fold;
}

}  // namespace

std::vector<std::uint8_t> two_folds(FoldKind kind, std::span<const std::int64_t> labels, std::span<const int> groups,
                                    Random random) {
  PALIMPSEST_REQUIRE(labels.size() >= 2, "{} images", labels.size());
  if (kind == FoldKind::stratified) return stratified(labels, random);
  if (kind == FoldKind::grouped) {
    PALIMPSEST_REQUIRE(groups.size() == labels.size(), "{} groups for {} images", groups.size(), labels.size());
    return grouped(labels, groups, random);
  }
  std::vector<std::size_t> order(labels.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  shuffle(order, random);
  std::vector<std::uint8_t> fold(labels.size(), 0);
  for (std::size_t i = order.size() / 2; i < order.size(); ++i) fold[order[i]] = 1;
  return fold;
}

}  // namespace palimpsest::analysis
