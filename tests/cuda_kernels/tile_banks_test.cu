#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "cuda/gemm/tiles.cuh"

// The tiles of the tensor cores in shared memory: no access of a warp meets a bank twice, and steps from one place to
// another are what OperandTile says. Places are bytes from the start of a tile.
namespace palimpsest::PALIMPSEST_CUDA::gemm {
namespace {

constexpr int kBanks = 32, kBank = 4;

// The most different words that one bank must give in a clock: shared memory serves 128 bytes at a time, so that lanes
// which read `bytes` each take turns in groups.
int most_words_of_a_bank(const std::vector<int>& places, int bytes) {
  std::size_t most = 0;
  const std::size_t group = std::size_t(kBanks * kBank / bytes);
  for (std::size_t first = 0; first < places.size(); first += group) {
    std::array<std::set<int>, kBanks> words;
    for (std::size_t lane = first; lane < std::min(first + group, places.size()); ++lane)
      for (int word = places[lane] / kBank; word < (places[lane] + bytes) / kBank; ++word)
        words[std::size_t(word % kBanks)].insert(word);
    for (const auto& of_bank : words) most = std::max(most, of_bank.size());
  }
  return int(most);
}

template <class Tile>
int place(int line, int column) {
  return Tile::offset(line, column) * int(sizeof(typename Tile::Element));
}

// ldmatrix: one unit of each of eight lines.
template <class Tile>
void expect_free_matrices() {
  for (int line = 0; line < Tile::kLines; line += 8)
    for (int column = 0; column < Tile::kLength; column += Tile::kUnit) {
      std::vector<int> places;
      for (int row = 0; row < 8; ++row) places.push_back(place<Tile>(line + row, column));
      EXPECT_EQ(most_words_of_a_bank(places, 16), 1) << "line " << line << ", column " << column;
    }
}

// TF32 factors with `outer` contiguous: lane 4 g + t reads `together` values of line t from together * g on.
template <class Tile>
void expect_free_factors(int together) {
  for (int line = 0; line < Tile::kLines; line += 4)
    for (int column = 0; column < Tile::kLength; column += 8 * together) {
      std::vector<int> places;
      for (int lane = 0; lane < 32; ++lane)
        places.push_back(place<Tile>(line + lane % 4, column + lane / 4 * together));
      EXPECT_EQ(most_words_of_a_bank(places, 4 * together), 1) << "line " << line << ", column " << column;
    }
}

// Copies of 16 bytes by neighbouring threads.
template <class Shape, class Tile>
void expect_free_copies() {
  constexpr int kPerLine = Tile::kLength / Tile::kUnit;
  for (int first = 0; first + 32 <= Tile::kLines * kPerLine; first += 32) {
    std::vector<int> places;
    for (int chunk = first; chunk < first + 32; ++chunk)
      places.push_back(place<Tile>(chunk / kPerLine, chunk % kPerLine * Tile::kUnit));
    EXPECT_EQ(most_words_of_a_bank(places, 16), 1) << "chunk " << first;
  }
}

// moved() from every place by every step of lines that the tile has room for, and of columns within the units that the
// starting column leaves free.
template <class Tile>
void expect_steps(int lines, int columns) {
  for (int line = 0; line + lines < Tile::kLines; ++line)
    for (int column = 0; column + columns < Tile::kLength; ++column) {
      if ((column & columns) != 0) continue;
      ASSERT_EQ(Tile::moved(Tile::offset(line, column), lines, columns), Tile::offset(line + lines, column + columns))
          << line << " + " << lines << ", " << column << " + " << columns;
    }
}

template <class Tile>
void expect_every_value_once() {
  std::set<int> places;
  for (int line = 0; line < Tile::kLines; ++line)
    for (int column = 0; column < Tile::kLength; ++column) places.insert(Tile::offset(line, column));
  EXPECT_EQ(int(places.size()), Tile::kValues);
  EXPECT_EQ(*places.rbegin(), Tile::kValues - 1);
}

template <class Shape, Contiguous ORDER, int OUTER>
void check_tile() {
  using Tile = OperandTile<Shape, ORDER, OUTER>;
  SCOPED_TRACE(testing::Message() << int(Shape::kPrecision) << " " << OUTER << " x " << Shape::kDepth << " order "
                                  << int(ORDER));
  expect_every_value_once<Tile>();
  expect_free_copies<Shape, Tile>();
  if (ORDER == Contiguous::depth) {
    expect_free_matrices<Tile>();
    for (int block = 0; block < OUTER; block += 16)
      expect_steps<Tile>(block, 0), expect_steps<Tile>(block, 2 * Tile::kUnit);
  } else if (sizeof(typename Tile::Element) == 2) {
    expect_free_matrices<Tile>();
    for (int block = 0; block < OUTER; block += 16) expect_steps<Tile>(0, block), expect_steps<Tile>(16, block);
  } else {
    expect_free_factors<Tile>(1);
    expect_free_factors<Tile>(2);
    for (int block = 0; block < OUTER; block += 8) expect_steps<Tile>(4, block), expect_steps<Tile>(8, block);
  }
}

template <class Shape>
void check_shape() {
  check_tile<Shape, Contiguous::depth, Shape::kRows>();
  check_tile<Shape, Contiguous::depth, Shape::kColumns>();
  check_tile<Shape, Contiguous::outer, Shape::kRows>();
  check_tile<Shape, Contiguous::outer, Shape::kColumns>();
}

template <Precision PRECISION>
void check_shapes() {
  check_shape<TileOf<PRECISION, GemmTile::large>>();
  check_shape<TileOf<PRECISION, GemmTile::tall>>();
  check_shape<TileOf<PRECISION, GemmTile::square>>();
  check_shape<TileOf<PRECISION, GemmTile::small>>();
  check_shape<TileOf<PRECISION, GemmTile::narrow>>();
}

TEST(TileBanks, Tf32AccessesMeetEveryBankOnce) {
  check_shapes<Precision::tf32>();
}
TEST(TileBanks, Bf16AccessesMeetEveryBankOnce) {
  check_shapes<Precision::bf16>();
}

// A tile without any arrangement fails this count.
TEST(TileBanks, CountsConflicts) {
  std::vector<int> rows, line;
  for (int row = 0; row < 8; ++row) rows.push_back(row * 64), line.push_back(row * 16);
  EXPECT_EQ(most_words_of_a_bank(rows, 16), 4);
  EXPECT_EQ(most_words_of_a_bank(line, 16), 1);
}

}  // namespace
}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
