#include "data/frame_draw.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/error.h"
#include "base/random.h"

namespace palimpsest::data {

namespace {

using Indices = std::vector<int>;

// Streams of Purpose::split, distinguished by their epoch number.
enum Stream : std::uint32_t { first_picks = 1, fill = 2, fill_in_order = 100, to_validation = 200 };

Indices shuffled(const Indices& items, Random random) {
  Indices result;
  result.reserve(items.size());
  for (const int i : permutation(int(items.size()), random)) result.push_back(items[std::size_t(i)]);
  return result;
}

class Drawing {
 public:
  Drawing(const Dataset& set, const Indices& pool, bool consecutive, std::uint64_t seed)
      : set_(set), consecutive_(consecutive), seed_(seed), taken_(set.samples.size()) {
    for (const int i : pool) {
      of_class_[label(i)].push_back(i);
      participants_[sample(i).subject][label(i)].push_back(i);
    }
  }

  // Condition (i): one frame with and one without pain of each participant.
  void take_one_of_each() {
    std::uint64_t number = 0;
    for (const auto& [name, frames] : participants_) {
      for (const int c : {0, 1})
        if (frames[std::size_t(c)].empty())
          throw Error(
              fmt::format("participant {} of {} has no frame {} pain", name, set_.name, c == 1 ? "with" : "without"),
              "make it a test participant (--test-participants), or leave it out of the set: the study takes at "
              "least one frame of either kind from every training participant");
      take_pair(name, frames, number++);
    }
  }

  // Condition (ii) and the numbers. Random order reaches about 43 % of long runs before neighbours block one another;
  // if that is not enough, every other frame is taken in order, and the surplus is dropped at random.
  void take_up_to(int per_class) {
    if (per_class < int(participants_.size()))
      throw Error(
          fmt::format("{} frames with pain are too few for {} participants of {}", per_class, participants_.size(),
                      set_.name),
          "ask for more frames with --pain-images N: every participant gives at least one with and one without pain");
    const auto start = taken_;
    for (const bool in_order : {false, true}) {
      taken_ = start;
      if (fill_class(1, per_class, in_order) && fill_class(0, per_class, in_order)) return;
    }
    throw Error(
        fmt::format("{} has only {} frames with pain and {} without for training, no two of them consecutive, but "
                    "{} of each are requested",
                    set_.name, count(1), count(0), per_class),
        "ask for fewer frames with --pain-images N (and --pain-validation)");
  }

  // Splits the drawn frames: first one of each participant, then at random, always leaving one for training.
  FrameDraw split(int validation_per_class) const {
    FrameDraw drawn;
    std::array<int, 2> room{validation_per_class, validation_per_class};
    std::vector<bool> chosen(taken_.size());
    std::map<std::string, int> left;
    Indices all;
    for (std::size_t i = 0; i < taken_.size(); ++i)
      if (taken_[i]) {
        all.push_back(int(i));
        ++left[set_.samples[i].subject];
      }
    const auto order = shuffled(all, Random(seed_, Purpose::split, to_validation));
    std::map<std::string, int> in_validation;
    const auto move = [&](int i) {
      auto& remaining = left[sample(i).subject];
      if (chosen[std::size_t(i)] || room[label(i)] == 0 || remaining < 2) return;
      chosen[std::size_t(i)] = true;
      --room[label(i)];
      --remaining;
      ++in_validation[sample(i).subject];
    };
    for (const int i : order)
      if (!in_validation.contains(sample(i).subject)) move(i);
    for (const int i : order) move(i);
    for (const int i : all) (chosen[std::size_t(i)] ? drawn.validation : drawn.train).push_back(i);
    if (validation_per_class > 0 && in_validation.size() < participants_.size())
      drawn.warnings.push_back(fmt::format("the {} validation frames of {} have only {} of the {} participants",
                                           2 * validation_per_class, set_.name, in_validation.size(),
                                           participants_.size()));
    if (room[0] != 0 || room[1] != 0)
      throw Error(fmt::format("{} has too few frames to leave one of each participant for training", set_.name),
                  "ask for fewer validation frames");
    return drawn;
  }

 private:
  const Sample& sample(int i) const { return set_.samples[std::size_t(i)]; }
  std::size_t label(int i) const { return sample(i).label == 1 ? 1 : 0; }

  bool consecutive(int i, int j) const {
    return sample(i).subject == sample(j).subject && sample(i).sequence == sample(j).sequence &&
           std::abs(sample(i).frame - sample(j).frame) <= 1;
  }

  // Samples are in order, so consecutive frames are neighbours.
  bool free(int i) const {
    if (taken_[std::size_t(i)]) return false;
    if (consecutive_) return true;
    if (i > 0 && taken_[std::size_t(i) - 1] && consecutive(i, i - 1)) return false;
    return !(std::size_t(i) + 1 < taken_.size() && taken_[std::size_t(i) + 1] && consecutive(i, i + 1));
  }

  void take_pair(const std::string& name, const std::array<Indices, 2>& frames, std::uint64_t number) {
    const Random random(seed_, Purpose::split, first_picks, number);
    const auto without = shuffled(frames[0], random);
    for (const int pain : shuffled(frames[1], random)) {
      taken_[std::size_t(pain)] = true;
      const auto other = std::find_if(without.begin(), without.end(), [&](int i) { return free(i); });
      if (other != without.end()) {
        taken_[std::size_t(*other)] = true;
        return;
      }
      taken_[std::size_t(pain)] = false;
    }
    throw Error(fmt::format("participant {} of {} has no frame without pain that is not next to one with pain", name,
                            set_.name),
                "make it a test participant (--test-participants), or leave it out of the set");
  }

  int count(std::size_t c) const {
    return int(std::count_if(of_class_[c].begin(), of_class_[c].end(), [&](int i) { return taken_[std::size_t(i)]; }));
  }

  bool fill_class(std::size_t c, int wanted, bool in_order) {
    const Random random(seed_, Purpose::split, in_order ? fill_in_order : fill, c);
    const auto order = in_order ? of_class_[c] : shuffled(of_class_[c], random);
    int have = count(c);
    Indices added;
    for (const int i : order) {
      if (!in_order && have == wanted) break;
      if (!free(i)) continue;
      taken_[std::size_t(i)] = true;
      added.push_back(i);
      ++have;
    }
    for (const int i : shuffled(added, random)) {
      if (have <= wanted) break;
      taken_[std::size_t(i)] = false;
      --have;
    }
    return have == wanted;
  }

  const Dataset& set_;
  bool consecutive_;
  std::uint64_t seed_;
  std::vector<bool> taken_;
  std::array<Indices, 2> of_class_;
  std::map<std::string, std::array<Indices, 2>> participants_;
};

}  // namespace

FrameDraw draw_frames(const Dataset& set, const std::vector<int>& pool, int train_per_class, int validation_per_class,
                      bool consecutive_frames, std::uint64_t seed) {
  Drawing drawing(set, pool, consecutive_frames, seed);
  drawing.take_one_of_each();
  drawing.take_up_to(train_per_class + validation_per_class);
  return drawing.split(validation_per_class);
}

}  // namespace palimpsest::data
