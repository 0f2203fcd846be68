#include "experiments/starting_weights.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/class_names.h"
#include "base/error.h"
#include "base/progress.h"
#include "experiments/labels.h"

namespace palimpsest::experiments {

namespace {

bool readable(const TensorFile& file, const nn::WeightsUse& use) {
  try {
    nn::architecture_of(file, use);
    return true;
  } catch (const Error&) {
    return false;
  }
}

nn::Architecture architecture_of_start(const TensorFile& file, nn::WeightsUse use) {
  try {
    return nn::architecture_of(file, use);
  } catch (const Error& error) {
    if (!std::exchange(use.head, false) || !readable(file, use)) throw;
    throw Error(error.what(), error.remedy() + ", or take only its convolutions with --head-init fresh");
  }
}

// A resumed run takes its weights from its own checkpoint.
void tell_taken(const nn::TakenWeights& report, const TrainCommand& command) {
  if (fs::exists(command.out / "last.safetensors")) return;
  const bool whole_head = std::none_of(report.taken.begin(), report.taken.end(),
                                       [](const std::string& name) { return name.starts_with("classifier."); });
  const std::string left = report.left.empty() ? "none is left"
                           : whole_head        ? "the head (classifier.*) is newly initialised"
                                               : fmt::format("newly initialised: {}", fmt::join(report.left, ", "));
  remark(fmt::format("From {}: {} tensors taken, {}.", command.init.string(), report.taken.size(), left));
}

// The classes that start from the classifier's rows of the same name.
void say_rows(const TrainCommand& command, const std::vector<std::string>& ours, const std::vector<std::string>& theirs,
              const ClassMap& map) {
  std::vector<std::string> moved, fresh;
  for (std::size_t c = 0; c < ours.size(); ++c) (map.to[c] >= 0 ? moved : fresh).push_back(ours[c]);
  const auto other = other_names_text(map);
  if (map.identity(theirs.size()) && other.empty()) return;
  remark(fmt::format("From {}: the classifier's rows are taken by name: {}{}{}{}.", command.init.string(),
                     list_text(moved), other.empty() ? "" : " (" + other + ")",
                     fresh.empty() ? "" : "; newly initialised: ", list_text(fresh)));
}

// A run writes weights.safetensors and last.safetensors, which may be its own starting weights.
void keep_init_safe(const TrainCommand& command) {
  std::error_code code;
  for (const char* name : {"weights.safetensors", "last.safetensors"})
    if (!command.init.empty() && fs::equivalent(command.init, command.out / name, code))
      throw Error(
          fmt::format("{} would be overwritten: it is in --out {}", command.init.string(), command.out.string()),
          "give another --out, or copy those weights elsewhere");
}

}  // namespace

StartingWeights::StartingWeights(const TrainCommand& command, std::optional<int> side)
    : file(nn::open_weights(command.init)),
      notes(nn::notes_of(*file)),
      architecture(architecture_of_start(*file, {side, command.head_init != nn::HeadInit::fresh})) {
  keep_init_safe(command);
}

StartingWeights::Taken StartingWeights::take(const TrainCommand& command, const std::vector<std::string>& named_by_data,
                                             nn::Network& network) const {
  const nn::HeadInit head = command.head_init;
  if (head != nn::HeadInit::keep) {
    Taken all{named_by_data, nn::take_weights(network, *file, head)};
    tell_taken(all.weights, command);
    return all;
  }
  const int theirs = architecture.classes;
  const auto named_by_init = output_names(command.init, notes, theirs, command.data.class_names);
  const bool both = !named_by_init.empty() && !named_by_data.empty();
  ClassMap map;
  if (both) map = match_classes(named_by_data, named_by_init, command.init.string());
  const bool same = !both || map.identity(named_by_init.size());
  nn::TakenWeights taken = nn::take_weights(network, *file, head, same ? std::vector<int>{} : map.to);
  if (taken.classifier && both) say_rows(command, named_by_data, named_by_init, map);
  if (taken.classifier && named_by_init.empty() && !named_by_data.empty())
    remark(
        fmt::format("{} does not name its classes: the rows of its classifier are assumed to be those of {} in their "
                    "order ({}). --class-names names them.",
                    command.init.string(), command.data.source.text, list_text(named_by_data)));
  tell_taken(taken, command);
  const bool numbered = named_by_data.empty() && theirs == network.architecture().classes;
  return {numbered ? named_by_init : named_by_data, std::move(taken)};
}

}  // namespace palimpsest::experiments
