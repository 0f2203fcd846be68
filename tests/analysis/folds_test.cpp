#include "analysis/folds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace palimpsest::analysis {
namespace {

struct Halves {
  int images[2] = {}, positives[2] = {};
};
Halves halves(const std::vector<std::uint8_t>& fold, const std::vector<std::int64_t>& labels) {
  Halves h;
  for (std::size_t i = 0; i < fold.size(); ++i) ++h.images[fold[i]], h.positives[fold[i]] += labels[i] == 1;
  return h;
}

Random stream(std::uint64_t repeat) {
  return {1, Purpose::folds, 0, repeat};
}

TEST(Folds, StratifiedHalvesDifferByOneAtMost) {
  for (const int positives : {2, 3, 37, 102})
    for (const int n : {205, 206}) {
      std::vector<std::int64_t> labels(std::size_t(n), 0);
      std::fill_n(labels.begin(), positives, 1);
      std::set<std::string> different;
      for (std::uint64_t r = 0; r < 20; ++r) {
        const auto fold = two_folds(FoldKind::stratified, labels, {}, stream(r));
        const Halves h = halves(fold, labels);
        EXPECT_LE(std::abs(h.images[0] - h.images[1]), 1);
        EXPECT_LE(std::abs(h.positives[0] - h.positives[1]), 1);
        different.emplace(fold.begin(), fold.end());
      }
      EXPECT_EQ(different.size(), 20U);
    }
}

TEST(Folds, ShuffledHalvesHaveEqualSizesOnly) {
  std::vector<std::int64_t> labels(100, 0);
  std::fill_n(labels.begin(), 20, 1);
  std::set<int> positives;
  for (std::uint64_t r = 0; r < 30; ++r) {
    const Halves h = halves(two_folds(FoldKind::shuffled, labels, {}, stream(r)), labels);
    EXPECT_EQ(h.images[0], 50);
    positives.insert(h.positives[0]);
  }
  EXPECT_GT(positives.size(), 2U);
}

TEST(Folds, NoSubjectIsInBothGroupedHalves) {
  std::vector<std::int64_t> labels;
  std::vector<int> groups;
  for (int s = 0; s < 40; ++s)
    for (int i = 0; i <= s % 7; ++i) groups.push_back(s), labels.push_back(s % 5 == 0 && i == 0);
  std::set<std::string> different;
  for (std::uint64_t r = 0; r < 30; ++r) {
    const auto fold = two_folds(FoldKind::grouped, labels, groups, stream(r));
    std::vector<int> of_subject(40, -1);
    for (std::size_t i = 0; i < fold.size(); ++i) {
      int& seen = of_subject[std::size_t(groups[i])];
      EXPECT_TRUE(seen == -1 || seen == fold[i]);
      seen = fold[i];
    }
    const Halves h = halves(fold, labels);
    EXPECT_EQ(h.positives[0], 4);
    EXPECT_LE(std::abs(h.images[0] - h.images[1]), 7) << "within one subject";
    different.emplace(fold.begin(), fold.end());
  }
  EXPECT_EQ(different.size(), 30U);
}

TEST(Folds, TwoSubjectsWithPositivesAreParted) {
  const std::vector<std::int64_t> labels{1, 1, 1, 0, 0, 1, 0, 0};
  const std::vector<int> groups{0, 0, 0, 1, 1, 2, 3, 3};
  int first_in_zero = 0;
  for (std::uint64_t r = 0; r < 200; ++r) {
    const auto fold = two_folds(FoldKind::grouped, labels, groups, stream(r));
    EXPECT_NE(fold[0], fold[5]);
    first_in_zero += fold[0] == 0;
  }
  EXPECT_NEAR(first_in_zero, 100, 40) << "which half is which is a toss";
}

}  // namespace
}  // namespace palimpsest::analysis
