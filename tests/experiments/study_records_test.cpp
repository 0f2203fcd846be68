#include "experiments/study/records.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "experiments/study/truth_areas.h"
#include "tests/support/goldens.h"

namespace palimpsest::experiments {
namespace {

// A fuzzer that starts from records of an earlier form never gets past the first missing field.
TEST(StudyRecords, EveryReaderTakesAnInputOfTheFuzzer) {
  const std::pair<const char*, std::function<void(const fs::path&)>> readers[]{
      {"study", read_study_record},    {"mcnemar", read_mcnemar_rows}, {"losses", read_losses},
      {"concepts", read_concept_rows}, {"ranking", read_ranking_rows}, {"null", read_null_rows},
      {"truth", read_truth_areas}};
  for (const auto& [name, read] : readers) {
    int taken = 0;
    for (const auto& input : fs::directory_iterator(goldens() / "../../fuzz/corpus/study_records")) {
      try {
        read(input.path());
        ++taken;
      } catch (const Error&) {
      }
    }
    EXPECT_GE(taken, 1) << name;
  }
}

}  // namespace
}  // namespace palimpsest::experiments
