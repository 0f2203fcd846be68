#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/frame_draw.h"
#include "data/splits.h"

namespace palimpsest::data {

namespace {

struct Participant {
  int frames = 0, pain = 0;
};
using Participants = std::map<std::string, Participant>;

Participants count(const Dataset& set) {
  Participants participants;
  for (const auto& sample : set.samples) {
    auto& participant = participants[sample.subject];
    ++participant.frames;
    participant.pain += sample.label == 1;
  }
  return participants;
}

std::string listing(const Participants& participants) {
  std::string text;
  for (const auto& [name, p] : participants)
    text += fmt::format("{}{} {} frames {:.1f} % pain", text.empty() ? "" : "; ", name, p.frames,
                        100.0 * p.pain / p.frames);
  return text;
}

// The contents of drawn.json; empty if the set was not drawn.
std::vector<std::string> default_participants(const fs::path& folder) {
  const fs::path path = folder / "drawn.json";
  if (!fs::is_regular_file(path)) return {};
  try {
    const auto json = nlohmann::json::parse(read_file(path, 1 << 26));
    if (json.is_object() && json.contains("test_participants"))
      return json.at("test_participants").get<std::vector<std::string>>();
  } catch (const nlohmann::json::exception& error) {
    throw Error(fmt::format("{} is not usable: {}", path.string(), error.what()),
                "draw the set again, or remove that file");
  }
  return {"last4"};
}

// The participants that one word names: "first4", "last4", the whole name, or its part before the '-'.
std::vector<std::string> resolve(const std::string& word, const Participants& participants, const std::string& set) {
  std::vector<std::string> names, found;
  for (const auto& [name, unused] : participants) names.push_back(name);
  for (const std::string_view end : {"first", "last"}) {
    if (!word.starts_with(end) || word.size() == end.size()) continue;
    std::size_t n = 0;
    const auto [rest, code] = std::from_chars(word.data() + end.size(), word.data() + word.size(), n);
    if (code != std::errc{} || rest != word.data() + word.size() || n == 0 || n > names.size()) continue;
    if (end == "first") return {names.begin(), names.begin() + std::ptrdiff_t(n)};
    return {names.end() - std::ptrdiff_t(n), names.end()};
  }
  for (const auto& name : names)
    if (name == word || name.substr(0, name.find('-')) == word) found.push_back(name);
  if (found.size() != 1)
    throw Error(fmt::format("{} has no participant '{}'", set, word),
                fmt::format("its participants are: {}; first4 and last4 also work", fmt::join(names, ", ")));
  return found;
}

std::vector<std::string> test_participants(const Dataset& set, const Participants& all,
                                           const PainSelection& selection) {
  auto words = selection.test_participants;
  if (words.empty()) words = default_participants(set.folder);
  if (words.empty())
    throw Error(
        fmt::format("the test participants of {} are not named; it has: {}", set.name, listing(all)),
        "name them with --test-participants A,B,C,D (the paper's are four who may be shown in publications, about "
        "15 % of the frames), or give first4 or last4");
  std::vector<std::string> names;
  for (const auto& word : words)
    for (auto& name : resolve(word, all, set.name))
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  std::sort(names.begin(), names.end());
  if (names.size() >= all.size())
    throw Error(fmt::format("all {} participants of {} are test participants", all.size(), set.name),
                "name fewer of them");
  return names;
}

void check_counts(const PainSelection& selection) {
  for (const auto& [name, n] : {std::pair{"training", selection.train}, std::pair{"validation", selection.validation}})
    if (n < 0 || n % 2 != 0)
      throw Error(fmt::format("the number of {} frames, {}, is not an even number", name, n),
                  "half of the frames show pain, half do not");
  if (selection.train == 0) throw Error("no training frames are requested", "the paper's number is 900");
}

}  // namespace

Selected select_pain(const Dataset& set, const PainSelection& selection, std::uint64_t seed) {
  check_counts(selection);
  const Participants all = count(set);
  const auto test = test_participants(set, all, selection);
  Selected selected;
  for (Dataset* part : {&selected.parts.train, &selected.parts.validation, &selected.parts.test}) {
    part->name = set.name;
    part->folder = set.folder;
    part->classes = set.classes;
  }
  selected.parts.train.skipped = set.skipped;

  std::vector<int> pool;
  for (std::size_t i = 0; i < set.samples.size(); ++i) {
    if (std::binary_search(test.begin(), test.end(), set.samples[i].subject))
      selected.parts.test.samples.push_back(set.samples[i]);
    else
      pool.push_back(int(i));
  }
  for (const int pain : {0, 1})
    if (class_counts(selected.parts.test)[std::size_t(pain)] == 0)
      throw Error(fmt::format("the test participants of {}, {}, have no frame {} pain", set.name, fmt::join(test, ","),
                              pain == 1 ? "with" : "without"),
                  fmt::format("name others with --test-participants; the set has: {}", listing(all)));
  const FrameDraw drawn =
      draw_frames(set, pool, selection.train / 2, selection.validation / 2, selection.consecutive_frames, seed);
  for (const int i : drawn.train) selected.parts.train.samples.push_back(set.samples[std::size_t(i)]);
  for (const int i : drawn.validation) selected.parts.validation.samples.push_back(set.samples[std::size_t(i)]);
  selected.warnings = drawn.warnings;

  const double share = double(selected.parts.test.samples.size()) / double(set.samples.size());
  if (share < 0.14 || share > 0.17)
    selected.warnings.push_back(fmt::format(
        "the test participants of {} have {:.1f} % of its frames; the paper's have about 15 %", set.name, 100 * share));
  const auto pain_share = [](const Dataset& part) {
    return part.samples.empty() ? 0.0 : double(class_counts(part)[1]) / double(part.samples.size());
  };
  selected.choices = {
      {"pain_above", fmt::format("{}", selection.pain_above)},
      {"test_participants", fmt::format("{}", fmt::join(test, ","))},
      {"test_share", fmt::format("{:.4f}", share)},
      {"test_pain_share", fmt::format("{:.4f}", pain_share(selected.parts.test))},
      {"other_participants", fmt::format("{}", all.size() - test.size())},
      {"train", fmt::format("{} frames, half with pain", selected.parts.train.samples.size())},
      {"validation", fmt::format("{} frames, half with pain", selected.parts.validation.samples.size())},
      {"test", fmt::format("{} frames, all of the test participants", selected.parts.test.samples.size())},
      {"consecutive_frames", selection.consecutive_frames ? "allowed" : "none, over train and validation"},
      {"seed", fmt::format("{}", seed)}};
  return selected;
}

}  // namespace palimpsest::data
