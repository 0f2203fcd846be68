#include "experiments/study/features.h"

#include <fmt/format.h>

#include <array>
#include <numeric>

#include "base/csv.h"
#include "base/npy.h"
#include "experiments/load_data.h"
#include "experiments/model.h"
#include "nn/inference.h"

namespace palimpsest::experiments {

void write_features(const fs::path& weights, const DataSettings& data, const MachineSettings& on, bool pool,
                    const FeatureFiles& files) {
  const OpenedData opened(data);
  Model model = load_model(on, weights, opened, /*head=*/false);
  const LoadedPart part = load_part(opened, model, Labels::unused, on.threads);
  const nn::Architecture& a = model.network->architecture();
  const std::size_t positions = std::size_t(a.feature_side()) * std::size_t(a.feature_side());
  const std::int64_t images = part.examples->count();
  const std::int64_t columns = std::int64_t(a.channels.back()) * std::int64_t(pool ? 1 : positions);
  NpyWriter writer(files.features, std::array{images, columns});
  const nn::InferenceOptions options{32, normalisation_for(data, model.notes), /*features=*/true, "Features"};
  std::vector<float> means;
  nn::infer(*model.network, part.examples, options, [&](const nn::Outputs& outputs) {
    if (!pool) {
      writer.append(outputs.features);
      return;
    }
    means.clear();
    for (auto at = outputs.features.begin(); at != outputs.features.end(); at += std::ptrdiff_t(positions))
      means.push_back(std::accumulate(at, at + std::ptrdiff_t(positions), 0.f) / float(positions));
    writer.append(means);
  });
  writer.commit();
  std::string text = "id,label\n";
  for (int i = 0; i < images; ++i)
    text += fmt::format("{},{}\n", csv_field(part.examples->id(i)), part.examples->label(i));
  write_file(files.ids, text);
}

}  // namespace palimpsest::experiments
