#include "base/nearest_word.h"

#include <gtest/gtest.h>

namespace palimpsest {
namespace {

TEST(NearestWord, HasTheFewestEdits) {
  EXPECT_EQ(nearest_word("epoch", {"rate", "epochs"}), "epochs");
  EXPECT_EQ(nearest_word("zzz", {"rate", "epochs"}), "");
}

}  // namespace
}  // namespace palimpsest
