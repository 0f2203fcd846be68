#pragma once
#include <string>

#include "experiments/report/results.h"

// The sections of the page, in order. Each states what it cannot show.
namespace palimpsest::experiments::report {

std::string section_answer(const StudyResults& results);    // headline, three cards
std::string section_setup(const StudyResults& results);     // what was run, with which options
std::string section_pain(const StudyResults& results);      // Table 1; empty for given networks
std::string section_losses(const StudyResults& results);    // which emotions are read less well
std::string section_emotions(const StudyResults& results);  // Figure 4
std::string section_mcnemar(const StudyResults& results);
std::string section_gallery(const StudyResults& results);   // Figure 5
std::string map_ranking(const StudyResults& results);       // the gallery's table: what the maps suggest
std::string section_concepts(const StudyResults& results);  // concept tests
std::string section_pairs(const StudyResults& results);     // what is used; empty without pairs
std::string section_blocks(const StudyResults& results);    // where in the network; empty without that step
std::string section_units(const StudyResults& results);     // Figure 6, and which action units lose; empty without them
std::string section_truth(const StudyResults& results);     // drawn faces only; else empty
std::string section_tradeoff(const StudyResults& results);  // Figure 7; this and the next two: empty for given networks
std::string section_null(const StudyResults& results);
std::string section_training(const StudyResults& results);
std::string section_calibration(const StudyResults& results);  // how far the page's tests can be trusted
std::string section_methods(const StudyResults& results);
std::string section_words(const StudyResults& results);  // what the terms mean

// Can it be avoided? Empty without arms.
std::string section_mitigation(const StudyResults& results);

// Shared names.
std::string model_colour(int k);                             // "var(--b3)"
std::string unit_name(const StudyRecord& record, int unit);  // "AU14 dimpler"
std::string group_colour(const std::string& group);
std::string origin_of(const Hypothesis& hypothesis);  // "the paper’s hypothesis", "own hypothesis"

}  // namespace palimpsest::experiments::report
