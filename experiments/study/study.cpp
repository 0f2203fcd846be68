// `palimpsest study`: plans the steps, runs those that are not finished, draws the report.
#include "experiments/study/study.h"

#include "base/error.h"
#include "base/folder_claim.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "experiments/command.h"
#include "experiments/report/report.h"
#include "experiments/study/plan.h"

namespace palimpsest::experiments {

namespace {

// A folder of something else must not fill with a study's files by a slip of the hand.
void require_study_folder(const fs::path& folder) {
  if (folder.empty()) throw Error("no folder was given for the study", "name one with --out DIR");
  create_folder(folder);
  if (!fs::is_empty(folder) && !fs::exists(folder / "lock") && !fs::exists(folder / "study.json"))
    throw Error(fmt::format("{} holds files that are no study's", folder.string()), "give another --out");
}

}  // namespace

void run_plan(const fs::path& folder, const std::vector<std::string>& redo, int together,
              const std::function<StudyPlan()>& make_plan, const std::optional<std::string>& config) {
  require_study_folder(folder);
  const FolderClaim claim(folder, "lock", "study");
  remove_temporaries(folder);  // of a study that was killed here
  const StudyPlan plan = make_plan();
  StepGraph graph(folder, plan.steps, Progress::silenced());
  graph.redo(redo);
  graph.refuse_changes();
  if (config) write_file(folder / "config.toml", *config);
  write_record(folder / "study.json", plan.record);
  graph.run(together, plan.on.threads);
  run_report({folder});
  if (!Progress::silenced()) fmt::print(stderr, "study: finished, see {}\n", (folder / "report.html").string());
}

void run_study(const StudyCommand& command) {
  const StudyConfig config = read_study_config(command.config);
  run_plan(
      command.out, command.redo, command.together,
      [&] { return plan_study(config, command.out, command.on, command.together); }, read_file(command.config));
}

Command study_command() {
  return make_command("study", "All steps from one TOML config, ending in report.html",
                      "Example:\n"
                      "  palimpsest study experiments/configs/demo.toml --out demo/study\n"
                      "Stop it with Ctrl-C at any time; the same command goes on and ends in the same bits.",
                      run_study, /*goes_on=*/true);
}

}  // namespace palimpsest::experiments
