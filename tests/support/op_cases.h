#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ops/device.h"
#include "tests/support/reference_ops.h"

namespace palimpsest {

// The list of cases: every operation of the contract on shapes that are easy to get wrong. The tests compare each
// case with the reference on every device and the reference's gradients with differences, the sanitizers run each on
// the emulated GPU, the benchmarks time it.

// Small integers make every sum exact in float32, so that a direct algorithm must give exactly the reference.
enum class Numbers : std::uint8_t { small_integers, random };

// Makes the tensors that an operation overwrites. Tests hand in poisoned and guarded ones.
using MakeOutput = std::function<Tensor(const Shape&, Layout)>;

// A case on a device: inputs uploaded, outputs made, plan ready.
struct PreparedOp {
  std::function<void()> run;     // in-place operations continue from the last run's results
  std::vector<Tensor> outputs;   // in the order of OpCase::expected
  std::vector<Tensor> in_place;  // those of `outputs` that are also inputs and so cannot be poisoned
  std::shared_ptr<std::vector<double>> scalars = std::make_shared<std::vector<double>>();  // what the last run returned
};

// A function in double and where its slope is wanted.
struct Function {
  reference::Values at;
  std::function<double(const reference::Values&)> value;
};

struct OpCase {
  std::string name;  // "conv2d_forward n2 c3 h7 w5 k17"; the seed of its numbers comes from it
  double flops = 0;  // multiplications and additions of the direct algorithm
  double bytes = 0;  // read and written once, without padding
  bool exact_on_integers = true;
  bool rounds_factors = false;  // a sum of products: TF32 and BF16 round its factors
  bool may_be_zero = false;     // an all-zero result is right (of fewer than 8 values it always may be)
  std::function<PreparedOp(Device&, Numbers, const MakeOutput&)> prepare;
  // The outputs, then the scalars as one more result. `absolute` 0: must be exact.
  std::function<std::vector<reference::Result>(Numbers)> expected;

  // For gradients: the functions of which the outputs on random numbers are the derivatives.
  std::function<std::vector<Function>()> derivative_of;

  // For layers, so that a test can ask which algorithm a device takes.
  std::optional<LayerShape> layer;
  LayerPass pass = LayerPass::forward;
};

std::vector<OpCase> op_cases();

// The parts of the list, one for each family of operations. A new family adds its function here and in op_cases().
std::vector<OpCase> layer_cases(const std::vector<LayerShape>& shapes);
std::vector<OpCase> max_pool_cases(const std::vector<Shape>& inputs);
std::vector<OpCase> average_pool_cases(const std::vector<Shape>& inputs);
std::vector<OpCase> elementwise_cases();  // ReLU, copies, fills, weight maps, sums
std::vector<OpCase> training_cases();     // loss, gradient norm, SGD
std::vector<OpCase> relevance_cases();    // denominators and redistribution of both kinds of layer
std::vector<OpCase> picture_cases();      // augmentation, heatmaps

std::vector<LayerShape> convolution_test_shapes();

// --- for writing cases ---

// `count` numbers of input `stream` of the case called `name`; the same in the reference and on every device.
std::vector<float> case_numbers(const std::string& name, int stream, std::int64_t count, Numbers numbers);
reference::Values case_values(const std::string& name, int stream, std::int64_t count, Numbers numbers);
Tensor case_tensor(Device& device, const std::string& name, int stream, const Shape& shape, Layout layout,
                   Numbers numbers);

double dot(const reference::Values& a, const reference::Values& b);

// A result that must be met exactly, and one bounded relative to its own values.
reference::Result exactly(reference::Values values);
reference::Result relative(reference::Values values);

}  // namespace palimpsest
