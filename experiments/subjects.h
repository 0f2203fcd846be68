#pragma once
#include <map>
#include <span>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/source.h"

namespace palimpsest::experiments {

// Who is on each picture, by its id; empty: not known. Of drawn faces the person is known from their truth, whatever
// the layout of the set.
std::map<std::string, std::string> subjects_of(const data::Dataset& set, const data::Source& source);

// A number for each subject, and one of its own for each picture whose subject is not known.
std::vector<std::int64_t> subject_numbers(std::span<const std::string> subjects);

}  // namespace palimpsest::experiments
