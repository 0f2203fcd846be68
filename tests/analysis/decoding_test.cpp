#include "analysis/decoding.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <set>

namespace palimpsest::analysis {
namespace {

std::vector<std::int64_t> single_groups(std::size_t count) {
  std::vector<std::int64_t> groups(count);
  std::iota(groups.begin(), groups.end(), 0);
  return groups;
}

// Noise in 10 columns, of which column c % 10 of class c is raised by `signal`.
struct Made {
  std::vector<float> values;
  std::vector<int> labels;
  FeatureRows rows() const { return {values, 10, "made"}; }
};
Made made(int count, int classes, double signal, std::uint64_t seed) {
  Made m;
  Random random(seed, Purpose::test);
  for (int i = 0; i < count; ++i) {
    m.labels.push_back(i % classes);
    for (int j = 0; j < 10; ++j) m.values.push_back(float(random.normal() + (j == i % classes ? signal : 0)));
  }
  return m;
}

std::vector<std::uint8_t> halves_of(const Made& m) {
  return class_halves(m.labels, single_groups(m.labels.size()), Random(1, Purpose::folds));
}

TEST(ClassHalves, AreEvenForEveryClass) {
  std::vector<int> labels;
  for (int i = 0; i < 101; ++i) labels.push_back(i % 7 == 0 ? 2 : i % 3 == 0 ? 1 : 0);
  const auto halves = class_halves(labels, single_groups(101), Random(1, Purpose::folds));
  for (int c = 0; c < 3; ++c) {
    int difference = 0;
    for (std::size_t i = 0; i < labels.size(); ++i)
      if (labels[i] == c) difference += halves[i] == 0 ? 1 : -1;
    EXPECT_LE(std::abs(difference), 1) << c;
  }
  EXPECT_NE(halves, class_halves(labels, single_groups(101), Random(2, Purpose::folds)));
}

TEST(ClassHalves, NoGroupIsInBoth) {
  std::vector<int> labels;
  std::vector<std::int64_t> groups;
  for (int i = 0; i < 120; ++i) labels.push_back(i % 2), groups.push_back(i / 6);
  const auto halves = class_halves(labels, groups, Random(3, Purpose::folds));
  std::map<std::int64_t, std::set<int>> of_group;
  for (std::size_t i = 0; i < halves.size(); ++i) of_group[groups[i]].insert(halves[i]);
  for (const auto& [group, in] : of_group) EXPECT_EQ(in.size(), 1u) << group;
  EXPECT_EQ(std::accumulate(halves.begin(), halves.end(), 0), 60);
}

TEST(ProbeAreas, FindWhatIsThereAndNothingElse) {
  const Made clear = made(300, 3, 4, 1), nothing = made(300, 3, 0, 2);
  for (const double area : probe_areas(clear.rows(), clear.labels, 3, halves_of(clear), 1)) EXPECT_GT(area, 0.97);
  for (const double area : probe_areas(nothing.rows(), nothing.labels, 3, halves_of(nothing), 1))
    EXPECT_NEAR(area, 0.5, 0.1);
}

// A constant far above the features changes nothing: a probe's bias makes up for it.
TEST(ProbeAreas, DoNotDependOnTheFeaturesMean) {
  const Made m = made(120, 3, 1, 1);
  Made raised = m;
  for (float& value : raised.values) value += 100;
  const auto a = probe_areas(m.rows(), m.labels, 3, halves_of(m), 1);
  const auto b = probe_areas(raised.rows(), m.labels, 3, halves_of(m), 1);
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(a[c], b[c], 2e-3);
}

TEST(ProbeAreas, OfFeaturesThatDoNotVaryThereAreNone) {
  Made m = made(60, 3, 4, 1);
  m.values.assign(m.values.size(), 0.3F);
  for (const double area : probe_areas(m.rows(), m.labels, 3, halves_of(m), 1)) EXPECT_TRUE(std::isnan(area));
  EXPECT_TRUE(std::isnan(read_concept(m.rows(), m.rows(), made(60, 2, 0, 1).labels, halves_of(m), 1).before));
}

TEST(ProbeAreas, AClassThatAHalfLacksHasNone) {
  Made m = made(60, 3, 4, 1);
  std::vector<std::uint8_t> halves = halves_of(m);
  for (std::size_t i = 0; i < halves.size(); ++i)
    if (m.labels[i] == 2) halves[i] = 1;
  const auto areas = probe_areas(m.rows(), m.labels, 3, halves, 1);
  EXPECT_TRUE(std::isnan(areas[2]));
  EXPECT_GT(areas[0], 0.9);
}

// By 4 standard deviations, the direction of one column: its area is that of two normal distributions, above .99.
class ReadConcept : public testing::Test {
 protected:
  Made before = made(200, 2, 4, 1);
  ConceptReading read(const Made& after) {
    return read_concept(before.rows(), after.rows(), before.labels, halves_of(before), 1);
  }
};

TEST_F(ReadConcept, ThatStaysIsReadByTheSameDirection) {
  const ConceptReading got = read(before);
  EXPECT_GT(got.before, 0.99);
  EXPECT_EQ(got.unchanged, got.before);
  EXPECT_EQ(got.refitted, got.before);
}

TEST_F(ReadConcept, ThatMovesIsReadByAnotherDirectionOnly) {
  Made after = before;  // columns exchanged: the concept's 0 and 1 with 2 and 3
  for (std::size_t row = 0; row < after.values.size(); row += 10) {
    std::swap(after.values[row], after.values[row + 2]);
    std::swap(after.values[row + 1], after.values[row + 3]);
  }
  const ConceptReading got = read(after);
  EXPECT_GT(got.before, 0.99);
  EXPECT_LT(got.unchanged, 0.75);
  EXPECT_GT(got.refitted, 0.99);
}

TEST_F(ReadConcept, ThatIsLostIsReadByNoDirection) {
  const ConceptReading got = read(made(200, 2, 0, 9));
  EXPECT_GT(got.before, 0.99);
  EXPECT_NEAR(got.unchanged, 0.5, 0.12);
  EXPECT_NEAR(got.refitted, 0.5, 0.12);
}

TEST_F(ReadConcept, WithoutExamplesInAHalfCannotBeRead) {
  std::vector<std::uint8_t> halves(200);
  for (std::size_t i = 0; i < 200; ++i) halves[i] = std::uint8_t(before.labels[i]);
  EXPECT_TRUE(std::isnan(read_concept(before.rows(), before.rows(), before.labels, halves, 1).refitted));
}

}  // namespace
}  // namespace palimpsest::analysis
