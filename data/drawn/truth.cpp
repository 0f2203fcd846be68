#include "data/drawn/truth.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/csv.h"
#include "base/error.h"
#include "base/npy.h"
#include "data/drawn/masks.h"

namespace palimpsest::data::drawn {

namespace {

constexpr std::size_t cells = std::size_t(mask_grid) * mask_grid;

std::string_view last_part(std::string_view id) {
  return id.substr(id.rfind('/') + 1);
}

std::vector<TruthEntry> read_entries(const fs::path& path) {
  const Csv csv = read_csv(path);
  const int id = csv.column("id"), part = csv.column("part"), person = csv.column("person");
  const int emotion = csv.column("emotion"), width = csv.column("width"), height = csv.column("height");
  const int mask_row = csv.column("mask_row"), units = csv.column("action_units");
  std::vector<TruthEntry> entries;
  for (std::size_t row = 0; row < csv.rows.size(); ++row) {
    const auto field = [&](int column) -> const std::string& { return csv.rows[row][std::size_t(column)]; };
    const std::string where = csv.where(row);
    const auto number = [&](int column, int least) {
      const long value = parse_integer(field(column), where);
      if (value < least || value > 1'000'000)
        throw Error(fmt::format("{} has the {} {}", where, csv.header[std::size_t(column)], value),
                    "draw the faces again");
      return int(value);
    };
    entries.push_back({field(id), field(part), field(person), field(emotion), number(width, 1), number(height, 1),
                       number(mask_row, -1), parse_expression(field(units), where)});
  }
  return entries;
}

std::string read_masks(const fs::path& path, const std::vector<TruthEntry>& entries) {
  int rows = 0;
  for (const TruthEntry& entry : entries) rows = std::max(rows, entry.mask_row + 1);
  if (rows == 0) return {};
  NpyArray array = read_npy(path);
  if (array.kind != 'u' || array.item_size != 4 || array.shape.size() != 3 || array.shape[0] < rows ||
      array.shape[1] != mask_grid || array.shape[2] != mask_grid)
    throw Error(fmt::format("{} does not hold {} masks of {} x {}", path.string(), rows, mask_grid, mask_grid),
                "draw the faces again");
  return std::move(array.bytes);
}

}  // namespace

Truth::Truth(std::vector<TruthEntry> entries, std::string masks)
    : entries_(std::move(entries)), masks_(std::move(masks)) {
  for (std::size_t i = 0; i < entries_.size(); ++i) by_name_.emplace(last_part(entries_[i].id), i);
}

const TruthEntry* Truth::find(std::string_view id) const {
  const auto found = by_name_.find(last_part(id));
  return found == by_name_.end() ? nullptr : &entries_[found->second];
}

std::vector<float> Truth::mask(std::string_view id, int action_unit, const Box& box, int width, int height) const {
  const int bit = action_unit_index(action_unit);
  if (bit < 0) throw Error(fmt::format("faces are not drawn with AU{}", action_unit), "see truth/action_units.csv");
  const TruthEntry* entry = find(id);
  if (!entry || entry->mask_row < 0) return {};
  const char* row = masks_.data() + std::size_t(entry->mask_row) * cells * sizeof(std::uint32_t);
  const auto acts_at = [&](double x, double y) {  // pixels of the picture
    const int column = int(std::floor(x * mask_grid / entry->width)),
              line = int(std::floor(y * mask_grid / entry->height));
    if (column < 0 || column >= mask_grid || line < 0 || line >= mask_grid) return 0u;
    std::uint32_t cell = 0;
    std::memcpy(&cell, row + std::size_t(line * mask_grid + column) * sizeof cell, sizeof cell);
    return (cell >> bit) & 1u;
  };
  std::vector<float> area(std::size_t(width) * std::size_t(height));
  constexpr int samples = 3;  // per side of a pixel
  const double dx = (box.right - box.left) / (width * samples), dy = (box.bottom - box.top) / (height * samples);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      unsigned sum = 0;
      for (int k = 0; k < samples * samples; ++k)
        sum +=
            acts_at(box.left + (x * samples + k % samples + .5) * dx, box.top + (y * samples + k / samples + .5) * dy);
      area[std::size_t(y) * std::size_t(width) + std::size_t(x)] = float(sum) / (samples * samples);
    }
  return area;
}

std::vector<float> Truth::mask(std::string_view id, int action_unit, int size) const {
  const TruthEntry* entry = find(id);
  const Box whole{0, 0, double(entry ? entry->width : 1), double(entry ? entry->height : 1)};
  return mask(id, action_unit, whole, size, size);
}

std::optional<Truth> load_truth(const fs::path& set_folder) {
  const fs::path folder = set_folder / "truth";
  std::error_code code;
  if (!fs::is_regular_file(folder / "truth.csv", code)) return std::nullopt;
  std::vector<TruthEntry> entries = read_entries(folder / "truth.csv");
  std::string masks = read_masks(folder / "masks.npy", entries);
  return Truth(std::move(entries), std::move(masks));
}

}  // namespace palimpsest::data::drawn
