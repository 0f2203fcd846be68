#include "base/progress.h"

#include <gtest/gtest.h>

namespace palimpsest {
namespace {

TEST(Progress, DurationsReadLikeSentences) {
  EXPECT_EQ(duration_text(0), "0 s");
  EXPECT_EQ(duration_text(0.4), "0 s");
  EXPECT_EQ(duration_text(59.4), "59 s");
  EXPECT_EQ(duration_text(59.6), "1 min 0 s");
  EXPECT_EQ(duration_text(125), "2 min 5 s");
  EXPECT_EQ(duration_text(3600), "1 h 0 min");
  EXPECT_EQ(duration_text(4200), "1 h 10 min");
}

TEST(Progress, AShortTaskShowsNothing) {
  testing::internal::CaptureStderr();
  {
    Progress progress("quick", 10);
    for (int i = 0; i < 10; ++i) progress.advance();
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Remark, TheSameLineIsSaidOnce) {
  testing::internal::CaptureStderr();
  remark("W names no classes.");
  remark("W names 3 classes.");
  remark("W names no classes.");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "W names no classes.\nW names 3 classes.\n");
}

TEST(Progress, ATaskOfNothingIsHarmless) {
  Progress progress("nothing", 0);
  EXPECT_NO_THROW(progress.advance(0));
}

}  // namespace
}  // namespace palimpsest
