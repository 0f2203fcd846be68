#include <algorithm>
#include <map>
#include <set>

#include "base/random.h"
#include "data/splits.h"
#include "tests/data/scratch.h"

namespace palimpsest::data {
namespace {

// `participants` with `sequences` of `frames` frames each; the middle `pain` frames of each sequence show pain.
Dataset pain_set(int participants, int sequences, int frames, int pain) {
  Dataset set;
  set.name = "unbc:set";
  set.classes = {"no pain", "pain"};
  for (int p = 0; p < participants; ++p)
    for (int s = 0; s < sequences; ++s)
      for (int f = 1; f <= frames; ++f) {
        Sample sample;
        sample.subject = fmt::format("{:03}-p{}", 42 + p, p);
        sample.sequence = fmt::format("p{}t{}aaaff", p, s);
        sample.frame = f;
        sample.id = fmt::format("{}/{}/{:03}", sample.subject, sample.sequence, f);
        sample.label = f > (frames - pain) / 2 && f <= (frames + pain) / 2;
        set.samples.push_back(sample);
      }
  return set;
}

PainSelection selection(int train, int validation) {
  PainSelection result;
  result.test_participants = {"last4"};
  result.train = train;
  result.validation = validation;
  return result;
}

std::map<std::string, std::array<int, 2>> per_participant(const Dataset& set) {
  std::map<std::string, std::array<int, 2>> counts;
  for (const auto& sample : set.samples) ++counts[sample.subject][std::size_t(sample.label)];
  return counts;
}

void expect_the_papers_conditions(const Selected& selected, int participants, int train, int validation) {
  const auto& parts = selected.parts;
  EXPECT_EQ(class_counts(parts.train), (std::vector<std::int64_t>{train / 2, train / 2}));
  EXPECT_EQ(class_counts(parts.validation), (std::vector<std::int64_t>{validation / 2, validation / 2}));
  Dataset both = parts.train;
  both.samples.insert(both.samples.end(), parts.validation.samples.begin(), parts.validation.samples.end());
  const auto counts = per_participant(both);
  EXPECT_EQ(int(counts.size()), participants);
  for (const auto& [name, n] : counts) EXPECT_TRUE(n[0] >= 1 && n[1] >= 1) << name;
  EXPECT_EQ(int(per_participant(parts.train).size()), participants);
  EXPECT_EQ(int(per_participant(parts.validation).size()), participants);
  std::set<std::tuple<std::string, std::string, int>> taken;
  for (const auto& s : both.samples) EXPECT_TRUE(taken.insert({s.subject, s.sequence, s.frame}).second) << s.id;
  for (const auto& s : both.samples) EXPECT_FALSE(taken.contains({s.subject, s.sequence, s.frame + 1})) << s.id;
  for (const auto& s : parts.test.samples) EXPECT_FALSE(counts.contains(s.subject));
}

TEST(SelectPain, ThePapersNumbersAndConditionsHoldForEverySeed) {
  const Dataset set = pain_set(25, 8, 240, 40);  // 48,000 frames, 17 % with pain
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const auto selected = select_pain(set, selection(900, 100), seed);
    expect_the_papers_conditions(selected, 21, 900, 100);
    EXPECT_EQ(selected.parts.test.samples.size(), 4U * 8 * 240);
    EXPECT_TRUE(selected.warnings.empty()) << selected.warnings[0];
  }
}

TEST(SelectPain, TheSameSeedGivesTheSameFrames) {
  const Dataset set = pain_set(9, 3, 60, 12);
  const auto a = select_pain(set, selection(80, 20), 3), b = select_pain(set, selection(80, 20), 3),
             c = select_pain(set, selection(80, 20), 4);
  const auto first = [](const Selected& s) {
    std::vector<std::string> ids;
    for (const auto& sample : s.parts.train.samples) ids.push_back(sample.id);
    return ids;
  };
  EXPECT_EQ(first(a), first(b));
  EXPECT_NE(first(a), first(c));
}

TEST(SelectPain, TightSetsAreFilledFrameByFrame) {
  // 5 training participants x 2 sequences x 20 consecutive pain frames: at most 10 of each 20, 100 in all. Random order
  // would stop at about 87.
  const auto selected = select_pain(pain_set(9, 2, 80, 20), selection(160, 20), 1);
  expect_the_papers_conditions(selected, 5, 160, 20);
}

TEST(SelectPain, RandomSetsEitherMeetTheConditionsOrAreRefused) {
  int met = 0;
  for (std::uint32_t trial = 0; trial < 60; ++trial) {
    Random random(11, Purpose::test, 0, trial);
    Dataset set = pain_set(6 + int(random.below(4)), 1 + int(random.below(3)), 10 + int(random.below(30)), 4);
    for (auto& sample : set.samples) sample.label = random.chance(0.3);
    std::erase_if(set.samples, [&](const Sample&) { return random.chance(0.1); });
    const int participants = int(per_participant(set).size()) - 4, train = 2 * participants + 2 * int(random.below(10));
    try {
      const auto selected = select_pain(set, selection(train, 2 * participants), trial);
      expect_the_papers_conditions(selected, participants, train, 2 * participants);
      ++met;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("unbc:set"));
    }
  }
  EXPECT_GT(met, 15);
}

TEST(SelectPain, TestParticipantsMustBeNamedOnRealData) {
  const Dataset set = pain_set(25, 1, 100, 20);
  PainSelection named = selection(100, 20);
  named.test_participants.clear();
  expect_error_with({"unbc:set", "042-p0 100 frames 20.0 % pain", "066-p24 100 frames", "--test-participants"},
                    [&] { select_pain(set, named, 0); });
  named.test_participants = {"042", "050-p8", "051", "060", "051"};
  const auto selected = select_pain(set, named, 0);
  EXPECT_EQ(selected.parts.test.samples.size(), 400U);
  EXPECT_EQ(selected.choices.at(1).second, "042-p0,050-p8,051-p9,060-p18");
  named.test_participants = {"099"};
  expect_error_with({"'099'", "042-p0", "first4"}, [&] { select_pain(set, named, 0); });
  named.test_participants = {"first25"};
  expect_error_with({"all 25"}, [&] { select_pain(set, named, 0); });
}

TEST(SelectPain, DrawnSetsHaveADefault) {
  Scratch scratch;
  Dataset set = pain_set(9, 2, 60, 12);
  set.folder = scratch.path();
  PainSelection unnamed = selection(40, 10);
  unnamed.test_participants.clear();
  scratch.file("drawn.json", "{}");
  EXPECT_EQ(select_pain(set, unnamed, 0).choices.at(1).second, "047-p5,048-p6,049-p7,050-p8");
  scratch.file("drawn.json", R"({"test_participants": ["042", "044-p2"]})");
  EXPECT_EQ(select_pain(set, unnamed, 0).choices.at(1).second, "042-p0,044-p2");
  scratch.file("drawn.json", "{");
  expect_error_with({"drawn.json"}, [&] { select_pain(set, unnamed, 0); });
}

TEST(SelectPain, ATestShareFarFromThePapersIsAWarning) {
  const auto selected = select_pain(pain_set(9, 2, 60, 12), selection(40, 10), 0);
  ASSERT_EQ(selected.warnings.size(), 1U);
  EXPECT_THAT(selected.warnings[0], testing::HasSubstr("44.4 %"));
}

TEST(SelectPain, WhatCannotBeMetIsNamed) {
  Dataset set = pain_set(9, 2, 60, 12);
  expect_error_with({"unbc:set has only", "consecutive"}, [&] { select_pain(set, selection(900, 100), 0); });
  expect_error_with({"too few for 5 participants"}, [&] { select_pain(set, selection(4, 2), 0); });
  expect_error_with({"41", "even"}, [&] { select_pain(set, selection(41, 10), 0); });
  expect_error_with({"no training frames"}, [&] { select_pain(set, selection(0, 10), 0); });
  for (auto& sample : set.samples)
    if (sample.subject == "044-p2") sample.label = 0;
  expect_error_with({"044-p2", "no frame with pain"}, [&] { select_pain(set, selection(40, 10), 0); });
}

TEST(SelectPain, ATestPartWithoutPainIsAnError) {
  Dataset set = pain_set(8, 2, 40, 12);
  for (auto& sample : set.samples)
    if (sample.subject == "042-p0") sample.label = 0;
  PainSelection choice = selection(40, 8);
  choice.test_participants = {"042"};
  expect_error_with({"042-p0", "no frame with pain", "--test-participants"}, [&] { select_pain(set, choice, 1); });
}

}  // namespace
}  // namespace palimpsest::data
