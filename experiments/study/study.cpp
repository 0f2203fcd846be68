// `palimpsest study`: plans the steps, runs those that are not finished, draws the report.
#include "base/error.h"
#include "base/folder_claim.h"
#include "base/interrupt.h"
#include "experiments/commands.h"
#include "experiments/study/plan.h"

namespace palimpsest {

namespace {

// A folder of something else must not fill with a study's files by a slip of the hand.
void require_study_folder(const fs::path& folder) {
  if (folder.empty()) throw Error("no folder was given for the study", "name one with --out DIR");
  create_folder(folder);
  if (!fs::is_empty(folder) && !fs::exists(folder / "lock") && !fs::exists(folder / "study.json"))
    throw Error(fmt::format("{} holds files that are no study's", folder.string()), "give another --out");
}

}  // namespace

void run_study(const StudyCommand& command) {
  const StudyConfig config = read_study_config(command.config);
  require_study_folder(command.out);
  const FolderClaim claim(command.out, "lock", "study");
  remove_temporaries(command.out);  // of a study that was killed here
  const StudyPlan plan = plan_study(config, command.out, command.on);
  StepGraph graph(command.out, plan.steps, command.quiet);
  graph.redo(command.redo);
  graph.refuse_changes();
  write_file(command.out / "config.toml", read_file(command.config));
  write_record(command.out / "study.json", plan.record);
  graph.run();
  run_report({command.out});
  if (!command.quiet) fmt::print(stderr, "study: finished, see {}\n", (command.out / "report.html").string());
}

}  // namespace palimpsest
