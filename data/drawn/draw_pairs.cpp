#include "data/drawn/draw_pairs.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "data/crop.h"
#include "data/drawn/emotions.h"
#include "data/drawn/face.h"
#include "data/drawn/masks.h"
#include "data/drawn/set_files.h"
#include "data/drawn/set_writer.h"
#include "data/image_encode.h"
#include "data/parallel.h"

namespace palimpsest::data::drawn {

namespace {

std::vector<Emotion> emotions_showing(int unit) {
  std::vector<Emotion> emotions;
  for (int e = 0; e < emotion_count; ++e) {
    const Prototype& p = prototype(Emotion(e));
    if (std::ranges::count(p.core, unit) + std::ranges::count(p.variant, unit) +
            std::ranges::count(p.companions, unit, &Prototype::Companion::number) >
        0)
      emotions.push_back(Emotion(e));
  }
  return emotions;
}

struct PlannedPair {
  std::string name;  // "AU05-0001"
  int unit = 0;
  PlannedPicture face;  // as it shows the unit
  Expression without;
};

// A face shows the unit by chance: expressions are drawn until one does, of itself and not because another unit implies
// it.
void choose_expression(PlannedPair& pair, std::uint64_t number, Emotion emotion, PairContext context,
                       const DrawSetsOptions& common) {
  for (std::uint32_t attempt = 0;; ++attempt) {
    PALIMPSEST_REQUIRE(attempt < 100000, "AU{} does not occur", pair.unit);
    Random random(common.seed, Purpose::draw_expression, attempt, number);
    Expression with = context == PairContext::peaks ? unscored_blend(random)
                                                    : unscored_expression(emotion, {common.keep, common.stray}, random);
    if (!with.has(pair.unit)) continue;
    Expression without = with;
    without.set(pair.unit, 0);
    score_parted_lips(with);
    score_parted_lips(without);
    if (without.has(pair.unit)) continue;
    pair.face.expression = with;
    pair.without = without;
    return;
  }
}

PlannedPair plan_pair(int unit, int index, const std::vector<Emotion>& emotions, PairContext context,
                      const DrawSetsOptions& common) {
  PlannedPair pair;
  pair.name = fmt::format("AU{:02}-{:04}", unit, index + 1);
  pair.unit = unit;
  pair.face.person = pair_people + std::uint64_t(index);
  const std::uint64_t number = pair_people + (std::uint64_t(unit) << 20) + std::uint64_t(index);
  if (context == PairContext::peaks) {
    pair.face.emotion = "peak";
    place_in_ckplus(pair.face, number, 1, common);
    choose_expression(pair, number, Emotion::neutral, context, common);
    return pair;
  }
  const Emotion emotion = emotions[std::size_t(index) % emotions.size()];
  pair.face.emotion = emotion_name(emotion);
  pair.face.scene = random_scene(common.seed, Setting::in_the_wild, number);
  pair.face.width = pair.face.height = common.image_size;
  choose_expression(pair, number, emotion, context, common);
  return pair;
}

// The share of the absolute change of all pixels that is in cells where the unit does not act. Empty: nothing changed.
std::string share_outside(const Image& a, const Image& b, const std::vector<std::uint32_t>& cells, int unit) {
  const int bit = action_unit_index(unit);
  std::int64_t change[2] = {0, 0};
  for (int y = 0; y < a.height; ++y)
    for (int x = 0; x < a.width; ++x) {
      const std::uint32_t cell =
          cells[std::size_t(y * mask_grid / a.height) * mask_grid + std::size_t(x * mask_grid / a.width)];
      for (int c = 0; c < 3; ++c) change[(cell >> bit) & 1] += std::abs(int(a.at(x, y)[c]) - int(b.at(x, y)[c]));
    }
  const std::int64_t all = change[0] + change[1];
  return all == 0 ? "" : fmt::format("{:.4f}", double(change[0]) / double(all));
}

// Draws and writes both pictures; the row of pairs.csv.
std::string draw_pair(const PlannedPair& pair, const fs::path& folder, std::uint64_t seed) {
  const PlannedPicture& p = pair.face;
  const Identity person = random_identity(seed, p.person);
  const DrawnFace with = draw_face(person, p.expression, p.scene, p.width, p.height);
  const DrawnFace without = draw_face(person, pair.without, p.scene, p.width, p.height);
  const std::string stem = fmt::format("AU{:02}/{}", pair.unit, pair.name);
  write_part(folder / (stem + "-with.png"), encode_png(with.image));
  write_part(folder / (stem + "-without.png"), encode_png(without.image));
  const auto cells = action_unit_masks(person, p.expression, p.scene, p.width, p.height);
  std::string points;
  for (const Point point : with.landmarks)
    points += fmt::format("{}{:.2f};{:.2f}", points.empty() ? "" : ";", point.x, point.y);
  Sample sample;
  sample.landmarks = with.landmarks;
  const Box crop = crop_box(sample, p.width, p.height, {}).box, &face = with.box;
  return fmt::format(
      "{0},{1},{2},{3},{4}-with.png,{4}-without.png,{5},{6:.2f},{7:.2f},{8:.2f},{9:.2f},{10},{11},{12},"
      "{13},{14},{15},{16}\n",
      pair.name, p.person, pair.unit, p.emotion, stem, share_outside(with.image, without.image, cells, pair.unit),
      crop.left, crop.top, crop.right, crop.bottom, face.left, face.top, face.right, face.bottom,
      expression_text(p.expression), expression_text(pair.without), points);
}

std::vector<PlannedPair> plan(const std::vector<int>& units, const DrawPairsOptions& options,
                              const DrawSetsOptions& common) {
  std::vector<PlannedPair> pairs;
  for (const int unit : units) {
    const std::vector<Emotion> emotions = emotions_showing(unit);
    for (int i = 0; i < options.pairs_per_unit; ++i)
      pairs.push_back(plan_pair(unit, i, emotions, options.context, common));
  }
  return pairs;
}

// The units asked for, ascending, each once.
std::vector<int> units_of(const DrawPairsOptions& options) {
  std::vector<int> shown = units_of_emotions();
  if (options.units.empty()) return shown;
  const std::set<int> units(options.units.begin(), options.units.end());
  for (const int unit : units) {
    if (action_unit_index(unit) < 0) {
      std::vector<int> known;
      for (const auto& info : action_unit_table()) known.push_back(info.number);
      throw Error(fmt::format("faces are not drawn with AU{}", unit),
                  fmt::format("--pair-units takes {}", fmt::join(known, ", ")));
    }
    if (options.context == PairContext::emotions && std::ranges::count(shown, unit) == 0)
      throw Error(fmt::format("no drawn emotion shows AU{}", unit), "leave it out, or add --pair-context peaks");
  }
  return {units.begin(), units.end()};
}

}  // namespace

std::vector<int> units_of_emotions() {
  std::vector<int> units;
  for (const auto& info : action_unit_table())
    if (!emotions_showing(info.number).empty()) units.push_back(info.number);
  return units;
}

void draw_pairs(const DrawPairsOptions& options, const DrawSetsOptions& common) {
  require_drawable(common);
  if (options.pairs_per_unit < 1 || options.pairs_per_unit > 100000)
    throw Error(fmt::format("the number of pairs of each action unit is {}, but must be from 1 to 100000",
                            options.pairs_per_unit),
                "choose another value");
  const std::vector<int> units = units_of(options);
  const nlohmann::ordered_json manifest{{"drawn_by", "palimpsest"},
                                        {"version", drawing_version},
                                        {"set", "pairs"},
                                        {"seed", common.seed},
                                        {"keep", common.keep},
                                        {"stray", common.stray},
                                        {"context", word_of(options.context)},
                                        {"image_size", common.image_size},
                                        {"units", units},
                                        {"pairs_per_unit", options.pairs_per_unit}};
  create_folder(options.folder);
  require_free_space(options.folder,
                     units.size() * std::uint64_t(options.pairs_per_unit) *
                         (6 * std::uint64_t(common.image_size) * std::uint64_t(common.image_size) + 8192),
                     "pairs of faces");
  draw_once(options.folder, manifest.dump(2) + "\n", "--pairs", [&] {
    const std::vector<PlannedPair> pairs = plan(units, options, common);
    std::vector<std::string> rows(pairs.size());
    parallel_for(int(pairs.size()), common.threads, "pairs of faces",
                 [&](int i) { rows[std::size_t(i)] = draw_pair(pairs[std::size_t(i)], options.folder, common.seed); });
    write_part(options.folder / "pairs.csv",
               fmt::format("pair,subject,action_unit,context,with,without,outside,crop_left,crop_top,crop_right,"
                           "crop_bottom,face_left,face_top,face_right,face_bottom,action_units_with,"
                           "action_units_without,landmarks\n{}",
                           fmt::join(rows, "")));
  });
}

}  // namespace palimpsest::data::drawn
