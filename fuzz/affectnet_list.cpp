#include "data/readers.h"
#include "fuzz/harness.h"

// A list of AffectNet, as both of its lists.
void palimpsest::fuzz::target(std::string_view bytes) {
  as_file("\xFF\xD8\xFF", "set/Manually_Annotated_Images/1/a.jpg");
  as_file(bytes, "set/Manually_Annotated_file_lists/validation.csv");
  const fs::path list = as_file(bytes, "set/Manually_Annotated_file_lists/training.csv");
  const data::ListedSets sets = data::read_affectnet(list.parent_path().parent_path());
  for (const data::Sample& sample : sets.training.samples) {
    PALIMPSEST_REQUIRE(sample.label >= 0 && sample.label < int(sets.training.classes.size()), "{}", sample.label);
    PALIMPSEST_REQUIRE(sample.landmarks.empty() || sample.landmarks.size() == 68, "{}", sample.landmarks.size());
  }
}
