#include "experiments/report/results.h"
#include "fuzz/harness.h"

namespace palimpsest {

// A study's folder whose files hold the sections of the input, which a zero byte separates. A missing one is empty, and
// its file is removed.
void fuzz::target(std::string_view bytes) {
  static const std::string record = [] {
    const fs::path path = as_file({}, "study/study.json");
    experiments::write_record(path, {});
    return read_file(path);
  }();
  fs::path study = as_file(record, "study/study.json").parent_path();
  for (const char* name : {"emotion/metrics.jsonl", "emotion/state.json", "explain-b0/pictures/index.json",
                           "explain-b0/regions.json", "explain-b0/truth.json", "concepts/concepts.json",
                           "concept-au5/concept.json", "explain-b0/sample.json", "maps/maps.json"}) {
    const std::size_t end = std::min(bytes.find('\0'), bytes.size());
    if (end > 0)
      as_file(bytes.substr(0, end), fs::path("study") / name);
    else
      fs::remove(study / name);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  experiments::report::load_results(study);
}

}  // namespace palimpsest
