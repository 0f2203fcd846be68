#include "base/words.h"

#include <gtest/gtest.h>

namespace palimpsest {
namespace {

enum class Fruit : unsigned char { apple, sour_cherry };
constexpr auto words(Fruit) {
  return std::to_array<Word<Fruit>>({{"apple", Fruit::apple}, {"sour-cherry", Fruit::sour_cherry}});
}

TEST(Words, StandForValuesBothWays) {
  EXPECT_EQ(value_of<Fruit>("sour-cherry"), Fruit::sour_cherry);
  EXPECT_EQ(word_of(Fruit::apple), "apple");
  EXPECT_EQ(value_of<Fruit>("Apple"), std::nullopt);
  EXPECT_EQ(all_words<Fruit>(), (std::vector<std::string>{"apple", "sour-cherry"}));
}

}  // namespace
}  // namespace palimpsest
