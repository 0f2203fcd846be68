#include "data/pairs.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/error.h"
#include "base/table.h"
#include "data/image.h"
#include "data/parallel.h"
#include "data/set_files.h"

namespace palimpsest::data {

namespace {

const TableColumns columns{{"pair", "subject", "action_unit", "context", "with", "without", "outside", "landmarks",
                            "face_left", "face_top", "face_right", "face_bottom"},
                           {"outside", "landmarks", "face_left", "face_top", "face_right", "face_bottom"}};
enum Column : std::uint8_t { pair, subject, action_unit, context, with, without, outside, landmarks, face };

class PairReader {
 public:
  explicit PairReader(const fs::path& folder) : folder_(folder), table_(read_table(folder / "pairs.csv", columns)) {}

  Pairs read() {
    pairs_.pictures.name = fmt::format("pairs:{}", folder_.string());
    pairs_.pictures.folder = folder_;
    for (std::size_t row = 0; row < table_.csv.rows.size(); ++row) read_row(row);
    if (pairs_.pairs.empty())
      throw Error(fmt::format("{} has no pairs", table_.csv.path.string()),
                  "draw them with palimpsest draw-faces --pairs");
    return std::move(pairs_);
  }

 private:
  // Empty where the column is missing.
  std::string field(std::size_t row, int column) const {
    const int at = table_.at[std::size_t(column)];
    return at < 0 ? "" : std::string(without_blanks(table_.csv.rows[row][std::size_t(at)]));
  }

  [[noreturn]] void refuse(std::size_t row, const std::string& problem, const std::string& remedy) const {
    throw Error(fmt::format("{}: {}", table_.csv.where(row), problem), remedy);
  }

  void read_row(std::size_t row) {
    Pairs::Pair one{field(row, pair), field(row, subject), field(row, context), 0, {}};
    if (one.id.empty() || one.subject.empty()) refuse(row, "the pair or its subject has no name", "name both");
    if (!ids_.insert(one.id).second)
      refuse(row, fmt::format("the pair {} is listed twice", one.id), "give each pair a name of its own");
    const long number = parse_integer(field(row, action_unit), table_.csv.where(row));
    if (number < 1 || number > 99)
      refuse(row, fmt::format("{} is not the number of an action unit", number), "give one from 1 to 99");
    one.action_unit = int(number);
    if (const std::string share = field(row, outside); !share.empty())
      one.outside = parse_number(share, table_.csv.where(row));
    Sample sample;
    sample.subject = one.subject;
    sample.landmarks = landmarks_of(row);
    sample.face = face_of(row);
    for (const Column which : {with, without}) {
      sample.id = field(row, which);
      sample.image = join_inside(folder_, sample.id, table_.csv.path);
      if (!is_file(sample.image))
        refuse(row, fmt::format("the picture '{}' is missing", sample.id), "draw or unpack the pairs again");
      pairs_.pictures.samples.push_back(sample);
    }
    pairs_.pairs.push_back(std::move(one));
  }

  std::vector<Point> landmarks_of(std::size_t row) const {
    const std::string text = field(row, landmarks);
    std::vector<double> numbers;
    std::vector<Point> points;
    if (parse_numbers(text, ';', numbers)) points = points_from(numbers, 68);
    if (points.empty() && !text.empty())
      refuse(row, "its landmarks are not 68 points", "correct them, or leave them out to use whole pictures");
    return points;
  }

  std::optional<Box> face_of(std::size_t row) const {
    std::array<double, 4> edges{};
    for (int i = 0; i < 4; ++i) {
      const std::string text = field(row, face + i);
      if (text.empty()) return std::nullopt;
      edges[std::size_t(i)] = parse_number(text, table_.csv.where(row));
    }
    return Box{edges[0], edges[1], edges[2], edges[3]};
  }

  const fs::path& folder_;
  Table table_;
  std::set<std::string> ids_;
  Pairs pairs_;
};

}  // namespace

std::vector<int> Pairs::action_units() const {
  std::set<int> units;
  for (const Pair& one : pairs) units.insert(one.action_unit);
  return {units.begin(), units.end()};
}

Pairs read_pairs(const fs::path& folder) {
  return PairReader(folder).read();
}

void require_same_sizes(const Pairs& pairs, int threads) {
  parallel_for(int(pairs.pairs.size()), threads, "checking the pairs", [&](int i) {
    const Sample &a = pairs.pictures.samples[2 * std::size_t(i)], &b = pairs.pictures.samples[2 * std::size_t(i) + 1];
    const Image with = read_image(a.image), without = read_image(b.image);
    if (with.width != without.width || with.height != without.height)
      throw Error(
          fmt::format("the pictures of a pair differ in size: {} has {} x {} pixels, {} {} x {}", a.image.string(),
                      with.width, with.height, b.image.string(), without.width, without.height),
          "give both the same size, or leave the pair out of pairs.csv");
  });
}

}  // namespace palimpsest::data
