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

// Which maps are wanted: the others are not downloaded.
struct MapsWanted {
  bool raw = true, summed = true;
  std::optional<MapNormalisation> normalised = MapNormalisation::min_max;
};

struct Explanation {
  std::vector<std::vector<float>> maps;        // for each target: raw relevance, n x 3 x h x w
  std::vector<std::vector<float>> summed;      // the same with channels summed, n x h x w
  std::vector<std::vector<float>> normalised;  // those as [0, 1], each image separately
  Ledger ledger;                               // of the first target
};

// Layer-wise relevance propagation through one network with one set of rules. Relevance starts as the logit of the
// target and is propagated down to the pixels. Mapped weights and the relevance buffers live as long as the explainer:
// two buffers for each target, a third with rules of several groups (alpha-beta). So do the last traces that it was
// given, for which the whole way down is recorded once (ops/recording.h).
//
// Besides the forward pass, with F one convolution and B one backward pass to the data, a layer whose inputs are not
// negative costs   LRP-0, epsilon: 1 B;   z+, gamma: 1 F + 1 B;   alpha-beta: 2 F + 2 B;   the denominators (F) once
// for all targets. The beta half has a separate forward pass, not z - z+, which cancels where z- is small.
class Explainer {
 public:
  // Throws Error when the dialect's library lacks one of the rules.
  Explainer(nn::Network& network, const Composite& composite, const Dialect& dialect, const InputRange& range = {});
  Explainer(nn::Network& network, LayerRules rules, const InputRange& range = {});
  Explainer(const Explainer&) = delete;
  Explainer& operator=(const Explainer&) = delete;

  // Throws Error when an activation or a map is not finite.
  // requires: trace.keep_from == 0 and network.forward(trace) has run; each target has trace.n classes
  Explanation explain(const nn::Trace& trace, std::span<const Targets> targets, const MapsWanted& wanted = {});

 private:
  using Tensors = std::vector<Tensor>;  // one for each target

  // One group of a rule, in one layer.
  struct Group {
    RelevanceDenominator denominator;
    RelevanceRedistribution redistribution;
    Tensors quotients;
    double factor;
  };
  // One layer: what runs, and where among the walk's scalars it leaves its own.
  struct Step {
    nn::TracedLayer layer;
    std::string rule;
    bool pixels;         // its input is the picture, which may be negative
    bool output_serves;  // its stored output equals z = W x + b wherever there is relevance
    Tensors above, below;
    std::vector<Group> groups = {};
    Tensor reference = {};          // z where a gate needs one that is not stored
    int in = 0, out = 0;            // the sums of its relevance
    int sums = 0;                   // RelevanceSums of each group
    std::optional<int> least = {};  // its smallest input, which must not be negative
  };
  // The way down from one trace's logits.
  struct Walk {
    nn::Trace trace;
    std::vector<Step> steps;
    Tensors logits, pixels, summed;
    Scalars scalars;
    int count = 0;      // of them
    int first_map = 0;  // the sums of the summed maps
    bool has_run = false;
    std::unique_ptr<Recording> recording;
  };
  enum Buffer : std::size_t { first, second, spare, buffer_count };

  Walk& walk_for(const nn::Trace& trace, std::size_t targets);
  std::unique_ptr<Walk> make_walk(const nn::Trace& trace, std::size_t targets);
  Step make_step(const nn::Trace& trace, std::size_t layer) const;
  void add_groups(Step& step);
  static std::string rule_name(const nn::TracedLayer& layer, const Rule& rule);
  const Rule& rule_of(const nn::Layer& layer, bool pixels) const;
  Tensor constant(const nn::TracedLayer& layer, Constant which);
  Tensor reference(const nn::TracedLayer& layer);

  void start(const nn::Trace& trace, std::span<const Targets> targets, const Tensors& relevance);
  void run(const Walk& walk);
  void run(const Walk& walk, const Step& step);
  static LedgerEntry entry(const Step& step, const std::vector<double>& scalars);  // throws Error for an infinite input
  void require_finite(const Walk& walk, const std::vector<double>& scalars);

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
  Tensor reference_;
  std::vector<std::unique_ptr<Walk>> walks_;  // the oldest first
};

}  // namespace palimpsest::lrp
