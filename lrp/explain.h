#pragma once
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "lrp/composites.h"
#include "lrp/ledger.h"
#include "lrp/mapped_weights.h"
#include "nn/network.h"
#include "ops/heatmap.h"

namespace palimpsest::lrp {

// The lowest and highest value a pixel can have after normalisation, for each of the three channels (z-box).
struct InputRange {
  std::array<float, 3> low{0, 0, 0}, high{1, 1, 1};
};

// The rules themselves, where those of a composite are not enough.
struct LayerRules {
  Rule first;        // the first convolution, whose inputs are pixels and may be negative
  Rule convolution;  // the others
  Rule linear;
  Stabiliser average = {};  // of global average pooling, R_i = x_i / (h w) * R / stabilised(mean)
};

// Which class is explained, one for each image of the batch.
using Targets = std::vector<int>;

struct Explanation {
  std::vector<std::vector<float>> maps;        // for each target: raw relevance, n x 3 x h x w
  std::vector<std::vector<float>> summed;      // the same with channels summed, n x h x w
  std::vector<std::vector<float>> normalised;  // those as [0, 1], each image separately
  Ledger ledger;                               // of the first target
};

// Layer-wise relevance propagation through one network with one set of rules. Relevance starts as the logit of the
// target and is propagated down to the pixels. Mapped weights and the relevance buffers live as long as the explainer:
// two buffers for each target, a third with rules of several groups (alpha-beta).
//
// Besides the forward pass, with F one convolution and B one backward pass to the data, a layer whose inputs are not
// negative costs   LRP-0, epsilon: 1 B;   z+, gamma: 1 F + 1 B;   alpha-beta: 2 F + 2 B;   the denominators (F) once
// for all targets. The beta half has a separate forward pass, not z - z+, which cancels where z- is small.
class Explainer {
 public:
  // Throws Error when the dialect's library lacks one of the rules.
  Explainer(nn::Network& network, const Composite& composite, const Dialect& dialect, const InputRange& range = {});
  Explainer(nn::Network& network, LayerRules rules, const InputRange& range = {});

  // Throws Error when an activation or a map is not finite.
  // requires: trace.keep_from == 0 and network.forward(trace) has run; each target has trace.n classes
  Explanation explain(const nn::Trace& trace, std::span<const Targets> targets,
                      MapNormalisation normalisation = MapNormalisation::min_max);

 private:
  // A layer during the backward walk.
  struct Step {
    const nn::TracedLayer& layer;
    const Rule& rule;
    bool pixels;         // its input is the picture, which may be negative
    bool output_serves;  // its stored output equals z = W x + b wherever there is relevance
  };
  // What the ledger says of a layer, while the device works on it.
  struct Pass {
    LedgerEntry entry;
    Pending<double> in, out;
    bool by_rule = false;                                           // what no group of the rule covers goes to zero
    std::optional<Pending<double>> least;                           // of its inputs
    std::vector<std::pair<double, Pending<RelevanceSums>>> groups;  // with their factors
  };
  static LedgerEntry settle(const Pass& pass);  // waits; throws Error for an input that is not finite

  using Tensors = std::vector<Tensor>;  // one for each target
  enum Buffer : std::size_t { first, second, spare, buffer_count };

  Step step(const nn::Trace& trace, std::size_t layer) const;
  static std::string rule_name(const Step& step);
  const Rule& rule_of(const nn::Layer& layer, bool pixels) const;
  Tensor constant(const nn::TracedLayer& layer, Constant which);
  Tensor reference(const nn::TracedLayer& layer);

  void start(const nn::Trace& trace, std::span<const Targets> targets, const Tensors& relevance);
  void through(const Step& step, const Tensors& above, const Tensors& below, Pass& pass);
  void through_average(const nn::TracedLayer& layer, const Tensors& above, const Tensors& below, LedgerEntry& entry);
  void through_weights(const Step& step, const Tensors& above, const Tensors& below, Pass& pass);
  Pending<RelevanceSums> through_group(const Step& step, const RuleGroup& group, const Tensors& above,
                                       const Tensors& quotients, const Tensors& below, bool accumulate);

  void allocate(const nn::Trace& trace, std::size_t targets);
  Tensors tensors(const Shape& shape, Layout layout, Buffer buffer, std::size_t targets) const;

  nn::Network& network_;
  Device& device_;
  InputRange range_;
  LayerRules rules_;
  MappedWeights weights_;
  std::map<std::pair<int, Constant>, Tensor> constants_;                     // by the layer's parameter
  std::vector<std::array<std::shared_ptr<Storage>, buffer_count>> buffers_;  // for each target
  std::size_t buffer_bytes_ = 0;
  Tensor reference_, map_;  // map_: (n, h * w)
};

}  // namespace palimpsest::lrp
