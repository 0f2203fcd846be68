#include "base/excerpt.h"

#include <gtest/gtest.h>

namespace palimpsest {
namespace {

TEST(Excerpt, ShortTextStaysAsItIs) {
  EXPECT_EQ(excerpt("features.0.weight"), "features.0.weight");
  EXPECT_EQ(excerpt(""), "");
  EXPECT_EQ(excerpt("12345", 5), "12345");
}

TEST(Excerpt, LongTextIsCutBetweenCharacters) {
  EXPECT_EQ(excerpt("123456", 5), "12345...");
  EXPECT_EQ(excerpt("abc\xc3\xa4z", 4), "abc...");
  EXPECT_EQ(excerpt(std::string(300, '\x80'), 10), "...");
}

TEST(Excerpt, NothingInItMovesATerminalsCursor) {
  EXPECT_EQ(excerpt("a\x1b[2J\nb\x7f"), "a?[2J?b?");
}

}  // namespace
}  // namespace palimpsest
