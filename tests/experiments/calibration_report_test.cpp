// The page's flags and its section on the tests, from tables of known rates.
#include <gmock/gmock.h>

#include "experiments/report/calibration.h"
#include "experiments/report/report.h"
#include "experiments/study/records.h"
#include "tests/experiments/well_formed.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::experiments::report {
namespace {

using testing::HasSubstr;

constexpr const char* table =
    "kind,test,sets,tests,rejected,rate,error\n"
    "nothing lost,right,400,400,23,0.0575,0.0116\n"
    "nothing lost,\"often, very\",400,400,108,0.27,0.0222\n"
    "nothing lost,never,400,400,0,0,0\n"
    "nothing lost,over images,400,400,20,0.05,0.0109\n"
    "something lost,right,400,400,300,0.75,0.0217\n"
    "runs of the same training,over images,10,400,76,0.19,0.04\n";

TEST(Calibration, FlagsWhatDoesNotRejectInFivePercent) {
  const Calibration calibration(table);
  ASSERT_EQ(calibration.kinds().size(), 3U);
  EXPECT_EQ(calibration.flag("right"), "") << "its power is not what is held against 5 %";
  EXPECT_THAT(calibration.flag("often, very"), HasSubstr("rejects 27 % where nothing is lost"));
  EXPECT_THAT(calibration.flag("never"), HasSubstr("rejects 0 %"));
  EXPECT_THAT(calibration.flag("over images"), HasSubstr("rejects 19 % between runs of the same training"));
  EXPECT_EQ(calibration.flag("not measured"), "");
  EXPECT_EQ(calibration.false_positives("not measured"), nullptr);
}

TEST(Calibration, SaysWhichLineIsWrong) {
  expect_error("row 2", [] { Calibration("kind,test,sets,tests,rejected,rate,error\na,b,4,x,1,.1,.1\n"); });
  expect_error("error", [] { Calibration("kind,test,sets,tests,rejected,rate\na,b,4,4,1,.1\n"); });
  expect_error("calibration.csv is empty", [] { Calibration(""); });
}

// The table in the program: every test that the page can flag is in it.
TEST(Calibration, TheProgramsTableHasEveryTest) {
  const Calibration& calibration = Calibration::of_program();
  for (const char* test :
       {calibrate::class_loss, calibrate::class_loss_images, calibrate::class_recall, calibrate::all_classes,
        calibrate::all_classes_images, calibrate::mean_loss, calibrate::contrast, calibrate::concept_loss,
        calibrate::concept_loss_images, calibrate::f1_paired, calibrate::f1_corrected, calibrate::f1_bootstrap,
        calibrate::region_loss}) {
    const auto* rate = calibration.false_positives(test);
    ASSERT_NE(rate, nullptr) << test;
    EXPECT_GE(rate->tests, 10) << test;
  }
}

TEST(Calibration, IsASectionOfThePage) {
  const TempFolder study;
  StudyRecord record;
  record.emotions = {"sad", "happy"};
  write_record(study / "study.json", record);
  run_report({study.path()});
  const std::string html = read_file(study / "report.html");
  expect_well_formed(html);
  EXPECT_THAT(html, HasSubstr("<section id=\"calibration\"><h2>Which tests can be trusted</h2>"));
  EXPECT_THAT(html, HasSubstr(calibrate::f1_paired));
}

}  // namespace
}  // namespace palimpsest::experiments::report
