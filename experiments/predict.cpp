#include <array>
#include <optional>

#include "base/csv.h"
#include "base/error.h"
#include "base/npy.h"
#include "base/progress.h"
#include "experiments/command.h"
#include "experiments/load_data.h"
#include "experiments/model.h"
#include "experiments/predict.h"
#include "nn/inference.h"

namespace palimpsest::experiments {

void run_predict(const PredictCommand& command) {
  if (command.logits.empty() && command.features.empty())
    throw Error("predict has nothing to write", "give --logits FILE.npy, --features FILE.npy or both");
  require_separate(files_read(command.model.weights, command.data),
                   {{"--logits", command.logits}, {"--features", command.features}, {"--ids", command.ids}});
  const OpenedData data(command.data);
  Model model = load_model(command.on, command.model.weights, data,
                           /*head=*/!command.logits.empty() || !command.ids.empty());
  const nn::Architecture& a = model.network->architecture();
  const Labels labels = command.ids.empty() ? Labels::unused : Labels::welcome;
  const LoadedPart part = load_part(data, model, labels, command.on.threads);
  const std::int64_t n = part.examples->count(), side = a.feature_side();
  std::optional<NpyWriter> logits, features;
  if (!command.logits.empty()) logits.emplace(command.logits, std::array<std::int64_t, 2>{n, a.classes});
  if (!command.features.empty())
    features.emplace(command.features, std::array<std::int64_t, 4>{n, a.channels.back(), side, side});
  nn::InferenceOptions options{command.batch, normalisation_for(command.data, model.notes), features.has_value(),
                               "Predicting"};
  nn::infer(*model.network, part.examples, options, [&](const nn::Outputs& outputs) {
    if (logits) logits->append(outputs.logits);
    if (features) features->append(outputs.features);
  });
  if (logits) logits->commit();
  if (features) features->commit();
  if (command.ids.empty()) return;
  std::string text = "id,label\n";
  std::int64_t unknown = 0;
  for (int i = 0; i < n; ++i) {
    const bool known = part.examples->label(i) < a.classes;  // labels of arrays: may be any numbers
    unknown += known ? 0 : 1;
    text += fmt::format("{},{}\n", csv_field(part.examples->id(i)), known ? part.examples->label(i) : -1);
  }
  if (unknown > 0)
    remark(fmt::format("{}: {} labels are not among the {} classes of {} and become -1.", command.data.source.text,
                       unknown, a.classes, command.model.weights.string()));
  write_file(command.ids, text);
}

Command predict_command() {
  return make_command(
      "predict", "Logits, and with --features the last block's output",
      std::string(what_is_read) +
          "Example:\n"
          "  palimpsest predict --weights W.safetensors --data arrays:x.npy --logits z.npy --features f.npy",
      run_predict);
}

}  // namespace palimpsest::experiments
