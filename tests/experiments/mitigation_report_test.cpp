#include "experiments/report/report.h"
#include "experiments/study/mitigation.h"
#include "experiments/study/records.h"
#include "tests/experiments/well_formed.h"
#include "tests/support/temp_folder.h"

// The report's section on what forgets less, from fabricated records.
namespace palimpsest::experiments {
namespace {

using testing::HasSubstr;
using testing::Not;

analysis::Estimate estimate(double value, double error) {
  const analysis::VariancePart part{error * error, 1000};
  return analysis::estimate(value, std::span(&part, 1));
}

MitigatedModel model(int k, double recall, double auc) {
  MitigatedModel m;
  m.k = k;
  m.recalls = {recall, recall};
  m.recall = recall;
  m.auc = estimate(auc, .01);
  m.classes = {{"sad & <low>", estimate(auc, .02), {}}};
  return m;
}

class MitigationReport : public testing::Test {
 protected:
  std::string page() {
    StudyRecord record;
    record.emotions = {"sad & <low>"};
    write_record(study / "study.json", record);
    run_report({study.path()});
    return read_file(study / "report.html");
  }
  TempFolder study;
};

TEST_F(MitigationReport, SaysWhatAnArmCostsAndSaves) {
  Mitigation m{{"no pain", "pain"}, {"sad & <low>"}, .01, 8, {}};
  m.models = {model(5, .7, .95), model(0, .9, .85)};
  m.models[1].other_aucs = {.87, .83};
  MitigatedModel rehearsal = model(0, .88, .93), held = model(0, .85, .86);
  rehearsal.arm = "rehearsal";
  rehearsal.auc_gained = estimate(.08, .01);
  rehearsal.recall_gained = estimate(-.02, .02);
  rehearsal.classes[0].auc_gained = estimate(.08, .01);
  held.arm = "l2-sp";
  held.auc_gained = estimate(.01, .01);
  held.recall_gained = estimate(-.05, .01);
  held.classes[0].auc_gained = estimate(.01, .01);
  m.models.push_back(rehearsal);
  m.models.push_back(held);
  create_folder(study / "mitigation");
  write_mitigation(study / "mitigation", m);
  const std::string html = page();
  expect_well_formed(html);
  EXPECT_THAT(html, HasSubstr("<section id=\"mitigation\"><h2>Can it be avoided?</h2>"));
  EXPECT_THAT(html, HasSubstr("<a href=\"#mitigation\">"));
  EXPECT_THAT(html, HasSubstr("<b>rehearsal</b>: mean AUC +0.080, 80 % of the 0.100 that FreezeB0 lost; recall of the "
                              "target −2.0 points, within its noise."));
  EXPECT_THAT(html, HasSubstr("<b>L2-SP</b>: mean AUC +0.010, within its noise; recall of the target −5.0 points."));
  EXPECT_THAT(html, HasSubstr("text-anchor=\"start\" class=\"tick\">B5<"));
  EXPECT_THAT(html, HasSubstr("text-anchor=\"end\" class=\"tick\">B0<")) << "at the right edge it would be cut";
  EXPECT_THAT(html, HasSubstr("rehearsal, 8 images a step"));
  EXPECT_THAT(html, HasSubstr("FreezeB0: recall 0.900, AUC 0.850. rehearsal: recall 0.880, AUC 0.930."))
      << "the chart can be read aloud";
  EXPECT_THAT(html, HasSubstr("The mean AUC of the 3 runs of FreezeB0 goes from 0.830 to 0.870."));
  EXPECT_THAT(html, HasSubstr("sad &amp; &lt;low&gt;"));
}

TEST_F(MitigationReport, IsAbsentWithoutArms) {
  EXPECT_THAT(page(), Not(HasSubstr("mitigation")));
}

}  // namespace
}  // namespace palimpsest::experiments
