#include "base/progress.h"

#include "tests/support/remarks.h"

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

TEST(Progress, ATaskOfNothingIsHarmless) {
  Progress progress("nothing", 0);
  EXPECT_NO_THROW(progress.advance(0));
}

TEST(Progress, ARemarkIsMadeOnce) {
  EXPECT_EQ(remarks_of([] {
              remark("x.npy holds float64");
              remark("y.npy holds float64");
              remark("x.npy holds float64");
            }),
            "x.npy holds float64\ny.npy holds float64\n");
}

}  // namespace
}  // namespace palimpsest
