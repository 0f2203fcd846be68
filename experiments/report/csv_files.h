#pragma once
#include <string>

#include "experiments/report/results.h"

namespace palimpsest::experiments::report {

// STUDY/tables/*.csv: what the page's tables show, in full, for other programs: losses, mcnemar, concepts, ranking. A
// part that is missing has no file.
void write_csv_files(const StudyResults& results);

// "As a table: losses.csv", as a link beside the page; empty if STUDY/tables lacks the file.
std::string data_link(const StudyResults& results, const std::string& file);

}  // namespace palimpsest::experiments::report
