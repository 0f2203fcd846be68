#include "experiments/study/records.h"
#include "experiments/study/truth_areas.h"
#include "fuzz/harness.h"

namespace palimpsest {

namespace {

// What a reader takes is written as a file that it takes, and that is written as the same bytes.
template <typename Read, typename Write>
void copy_twice(const fs::path& path, const Read& read, const Write& write) {
  try {
    const auto record = read(path);
    const fs::path copy = path.parent_path() / "copy";
    write(copy, record);
    const std::string once = read_file(copy);
    write(copy, read(copy));
    PALIMPSEST_REQUIRE(read_file(copy) == once, "{}", once);
  } catch (const ContractError&) {
    throw;
  } catch (const Error&) {
  }
}

}  // namespace

void fuzz::target(std::string_view bytes) {
  using namespace experiments;
  const fs::path path = as_file(bytes, "step/records.json");
  const auto write = [](const fs::path& to, const auto& rows) { write_records(to, rows); };
  copy_twice(path, read_study_record, write_record);
  copy_twice(path, read_mcnemar_rows, write);
  copy_twice(path, read_losses, write_losses);
  copy_twice(path, read_concept_rows, write);
  copy_twice(path, read_ranking_rows, write);
  copy_twice(path, read_null_rows, write);
  copy_twice(path, read_truth_areas, write_truth_areas);
}

}  // namespace palimpsest
