#pragma once
#include <cstdint>
#include <vector>

#include "base/random.h"

namespace palimpsest::analysis {

// Images of subjects, some with a concept.
struct MadeSubjects {
  std::vector<std::int64_t> labels, groups;
};

inline MadeSubjects make_subjects(int subjects, int per_subject) {
  Random random(77, Purpose::test);
  MadeSubjects made;
  for (int i = 0; i < subjects * per_subject; ++i) {
    made.groups.push_back(500 + i % subjects);
    made.labels.push_back(random.chance(0.3));
  }
  return made;
}

}  // namespace palimpsest::analysis
