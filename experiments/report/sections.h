#pragma once
#include <string>

#include "analysis/predictions.h"
#include "experiments/study/records.h"

namespace palimpsest {

// What the sections of the page are made from: the records and predictions of a finished study.
struct StudyFiles {
  fs::path folder;
  StudyRecord record;
  std::vector<McNemarRow> mcnemar;
  std::vector<ConceptRow> concepts;
  std::vector<RankingRow> ranking;
  std::vector<NullRow> null;               // empty: the study ran without
  std::vector<Predictions> pain, emotion;  // by k = 0..5; emotion: of the re-trained models
};
StudyFiles read_study(const fs::path& folder);

std::string headline(const StudyFiles& study);
std::string pain_section(const StudyFiles& study);       // Table 1
std::string recall_section(const StudyFiles& study);     // Figure 4, McNemar, the null
std::string gallery_section(const StudyFiles& study);    // Figure 5
std::string concept_section(const StudyFiles& study);    // the SVMs
std::string units_section(const StudyFiles& study);      // Figure 6, and the truth of drawn faces
std::string trade_off_section(const StudyFiles& study);  // Figure 7
std::string training_section(const StudyFiles& study);
std::string methods_section(const StudyFiles& study);

}  // namespace palimpsest
