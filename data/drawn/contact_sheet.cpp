#include "data/drawn/contact_sheet.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/drawn/camera.h"
#include "data/drawn/canvas.h"
#include "data/drawn/emotions.h"
#include "data/drawn/face.h"
#include "data/drawn/pain.h"
#include "data/parallel.h"

namespace palimpsest::data::drawn {

namespace {

constexpr int label_height = 16;
constexpr std::uint64_t sheet_people = 5u << 28;  // not a person of the sets

struct Tile {
  std::string label;
  std::uint64_t person = 0;
  Expression expression;
  Scene scene;
};

void write_label(const Canvas& canvas, double x, double y, const std::string& text, int width) {
  cairo_t* cr = canvas.cr();
  cairo_select_font_face(cr, "@cairo:", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);  // built into cairo
  cairo_set_font_size(cr, 11);
  cairo_text_extents_t extents;
  cairo_text_extents(cr, text.c_str(), &extents);
  if (extents.width > width - 4) cairo_set_font_size(cr, std::max(6.0, 11 * (width - 4) / extents.width));
  canvas.colour({.93, .93, .90});
  cairo_move_to(cr, x + 3, y + label_height - 4);
  cairo_show_text(cr, text.c_str());
}

// `columns` tiles a row, drawn at `size` pixels and enlarged `zoom` times by repetition.
void write_sheet(const fs::path& path, const std::vector<Tile>& tiles, int columns, int size, int zoom,
                 std::uint64_t seed) {
  const int width = size * zoom, height = width + label_height;
  const int rows = (int(tiles.size()) + columns - 1) / columns;
  const Canvas canvas(columns * width, rows * height);
  const auto corner = [&](std::size_t i) { return std::array{int(i) % columns * width, int(i) / columns * height}; };
  for (std::size_t i = 0; i < tiles.size(); ++i) write_label(canvas, corner(i)[0], corner(i)[1], tiles[i].label, width);
  canvas.flush();
  Image sheet = photograph(canvas, 1, [] {
    Scene plain;
    plain.noise = 0;
    return plain;
  }());
  parallel_for(int(tiles.size()), 0, path.filename().string(), [&](int n) {
    const Tile& tile = tiles[std::size_t(n)];
    const Image face = draw_face(random_identity(seed, tile.person), tile.expression, tile.scene, size, size).image;
    const auto [left, top] = corner(std::size_t(n));
    for (int y = 0; y < width; ++y)
      for (int x = 0; x < width; ++x)
        std::copy_n(face.at(x / zoom, y / zoom), 3, sheet.at(left + x, top + label_height + y));
  });
  write_png(path, sheet);
}

Tile portrait(std::uint64_t seed, std::uint64_t person, const std::string& label) {
  Tile tile{label, person, {}, random_scene(seed, Setting::laboratory, person)};
  tile.scene.noise = 0;
  return tile;
}

// A person without glasses or of the given kind, so that the sheet shows a range and nothing is hidden.
std::vector<std::uint64_t> three_people(std::uint64_t seed) {
  std::vector<std::uint64_t> people;
  for (std::uint64_t person = sheet_people; people.size() < 3; ++person) {
    const Identity face = random_identity(seed, person);
    const double light = face.skin.g;
    const bool wanted = people.empty()       ? face.feminine && light > .65
                        : people.size() == 1 ? !face.feminine && light < .5
                                             : light > .5;
    if (wanted && !face.glasses && face.age < .5) people.push_back(person);
  }
  return people;
}

void action_unit_sheet(const fs::path& path, std::uint64_t seed, std::initializer_list<double> intensities, int size,
                       int zoom) {
  std::vector<Tile> tiles;
  const int columns = 10;
  for (const std::uint64_t person : three_people(seed))
    for (const double intensity : intensities) {
      const auto add = [&](const std::string& name, std::initializer_list<int> numbers, Side side) {
        tiles.push_back(portrait(seed, person, name));
        for (int number : numbers) tiles.back().expression.set(number, intensity, side);
      };
      add("neutral", {}, Side::both);
      for (const auto& unit : action_unit_table())
        add(fmt::format("AU{} at {}", unit.number, intensity), {unit.number}, Side::both);
      add(fmt::format("AU12+14 left at {}", intensity), {12, 14}, Side::left);
    }
  write_sheet(path, tiles, columns, size, zoom, seed);
}

std::string numbers_text(const Expression& expression) {
  std::string text;
  for (const auto& unit : action_unit_table()) {
    if (!expression.has(unit.number)) continue;
    const Side side = expression.side(unit.number);
    text += fmt::format("{}{}{}", text.empty() ? "" : "+", unit.number,
                        side == Side::left    ? "L"
                        : side == Side::right ? "R"
                                              : "");
  }
  return text;
}

void emotion_sheet(const fs::path& path, std::uint64_t seed) {
  std::vector<Tile> tiles;
  for (int e = 0; e < emotion_count; ++e)
    for (int i = 0; i < 10; ++i) {
      const std::uint64_t person = sheet_people + 100 + std::uint64_t(10 * e + i);
      Random random(seed, Purpose::draw_expression, 0, person);
      Tile tile{
          {}, person, random_expression(Emotion(e), {}, random), random_scene(seed, Setting::in_the_wild, person)};
      tile.label = fmt::format("{} {}", emotion_name(Emotion(e)), numbers_text(tile.expression));
      tiles.push_back(std::move(tile));
    }
  write_sheet(path, tiles, 10, 144, 1, seed);
}

void pain_sheet(const fs::path& path, std::uint64_t seed) {
  std::vector<Tile> tiles;
  constexpr int frames = 24, shown = 12;
  for (std::uint64_t row = 0; row < 6; ++row) {
    const std::uint64_t person = sheet_people + 300 + row;
    Random random(seed, Purpose::draw_sequence, 0, person);
    const auto film = pain_sequence({frames, .34, .25, true}, 3, random);
    for (int f = 0; f < frames; f += frames / shown) {
      Tile tile{{}, person, film[std::size_t(f)], random_scene(seed, Setting::laboratory, person, std::uint32_t(f))};
      tile.label = fmt::format("PSPI {}: {}", pspi(tile.expression), numbers_text(tile.expression));
      tiles.push_back(std::move(tile));
    }
  }
  write_sheet(path, tiles, shown, 120, 1, seed);
}

}  // namespace

void write_contact_sheets(const fs::path& folder, std::uint64_t seed) {
  create_folder(folder);
  action_unit_sheet(folder / "action_units.png", seed, {1, 3, 5}, 160, 1);
  action_unit_sheet(folder / "action_units_64.png", seed, {3}, 64, 2);
  emotion_sheet(folder / "emotions.png", seed);
  pain_sheet(folder / "pain.png", seed);
}

}  // namespace palimpsest::data::drawn
