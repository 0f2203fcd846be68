#include "experiments/study/probe_model.h"

#include "base/error.h"
#include "experiments/model.h"

namespace palimpsest::experiments {

void write_probe_model(const fs::path& weights, const DataSettings& data, const MachineSettings& on,
                       const Eigen::MatrixXd& layer, bool pool, const std::vector<std::string>& classes,
                       const fs::path& out) {
  const OpenedData opened(data);
  const Model given = load_model(on, weights, opened, /*head=*/false);
  nn::Architecture architecture = given.network->architecture();
  architecture.hidden = {};
  architecture.classes = int(classes.size());
  architecture.average = pool;
  const std::ptrdiff_t features = layer.rows() - 1;
  PALIMPSEST_REQUIRE(layer.cols() == architecture.classes &&
                         features == (pool ? architecture.channels.back() : architecture.features()),
                     "a probe of {} features for {}", features, weights.string());
  nn::Network network(*given.device, architecture);
  nn::take_weights(network, *nn::open_weights(weights), nn::HeadInit::fresh);
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const RowMajor weight = layer.topRows(features).transpose().cast<float>();  // classes x features
  const Eigen::VectorXf bias = layer.row(features).cast<float>();
  for (const nn::Parameter& p : network.parameters())
    if (p.block == nn::kBlocks) {
      const bool is_bias = p.name.ends_with(".bias");
      given.device->upload(p.value,
                           {is_bias ? bias.data() : weight.data(), std::size_t(is_bias ? bias.size() : weight.size())});
    }
  nn::ModelNotes notes;
  notes.normalisation = normalisation_name(data, given.notes);
  notes.classes = classes;
  nn::save_weights(network, out, notes);
}

}  // namespace palimpsest::experiments
