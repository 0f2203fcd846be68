#include "experiments/study/features.h"

#include <fmt/format.h>

#include <array>
#include <numeric>

#include "base/csv.h"
#include "base/error.h"
#include "base/npy.h"
#include "experiments/load_data.h"
#include "experiments/model.h"
#include "nn/inference.h"

namespace palimpsest::experiments {

namespace {
template <class T>
using RowsOf = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
}  // namespace

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

Features read_features(const FeatureFiles& files) {
  const NpyArray array = read_npy(files.features);
  const Csv csv = read_csv(files.ids);
  if (array.shape.size() != 2 || array.shape[0] != std::int64_t(csv.rows.size()))
    throw Error(fmt::format("{} and {} are not for the same images", files.features.string(), files.ids.string()),
                "run the study again with --redo features");
  Features features{array.floats(), int(array.shape[1]), {}, {}};
  const auto id = std::size_t(csv.column("id")), label = std::size_t(csv.column("label"));
  for (std::size_t row = 0; row < csv.rows.size(); ++row) {
    features.ids.push_back(csv.rows[row][id]);
    features.labels.push_back(int(parse_integer(csv.rows[row][label], csv.where(row))));
  }
  return features;
}

void write_log_odds(const fs::path& folder, const Eigen::MatrixXd& odds) {
  const RowsOf<float> rows = odds.cast<float>();
  const std::int64_t shape[]{rows.rows(), rows.cols()};
  write_npy(folder / "log_odds.npy", std::span(rows.data(), std::size_t(rows.size())), shape);
}

int decision(const Eigen::MatrixXd& odds, std::ptrdiff_t row) {
  std::ptrdiff_t at = 0;
  odds.row(row).maxCoeff(&at);
  return int(at);
}

Eigen::MatrixXd read_log_odds(const fs::path& folder) {
  const NpyArray array = read_npy(folder / "log_odds.npy");
  if (array.shape.size() != 2)
    throw Error(fmt::format("{} is not a matrix", array.path.string()), "run the study again with --redo probe");
  const std::vector<double> values = array.doubles();
  return Eigen::Map<const RowsOf<double>>(values.data(), array.shape[0], array.shape[1]);
}

}  // namespace palimpsest::experiments
