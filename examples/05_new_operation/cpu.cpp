// The CPU's version (in the library: a file of cpu/, declared in a header of the same name).
#include "cpu/context.h"
#include "cpu/layout.h"
#include "examples/05_new_operation/op.h"

namespace palimpsest::cpu {

// The loop runs over all that is stored. Padding takes part: it is zero, and stays so.
static void leaky_relu(const Context& context, const Tensor& x, const Tensor& from, float slope, const Tensor& to) {
  check(context, x, x.shape, x.layout, "x");
  check(context, from, x.shape, x.layout, "from");
  check(context, to, x.shape, x.layout, "to");
  const std::size_t count = context.bytes(x.shape, x.layout) / sizeof(float);
  const float* const at = data(context, x);
  const float* const in = data(context, from);
  float* const out = data(context, to);
#pragma omp parallel for simd schedule(static)
  for (std::size_t i = 0; i < count; ++i) out[i] = at[i] > 0 ? in[i] : slope * in[i];
  touch(to);
}

}  // namespace palimpsest::cpu

namespace palimpsest {

// In the library: one line of cpu/device.cpp, which has a context and makes tensors.
Floats leaky_relu_on_cpu(const Shape& shape, Layout layout, const Floats& x, const Floats& from, float slope) {
  const cpu::Context context(1, {});
  const auto tensor = [&](const Floats& values) {
    const Tensor made{shape, layout, std::make_shared<cpu::CpuStorage>(&context, context.bytes(shape, layout))};
    cpu::from_canonical(context, made, values.data());
    return made;
  };
  const Tensor to = tensor(Floats(x.size()));
  cpu::leaky_relu(context, tensor(x), tensor(from), slope, to);
  Floats values(x.size());
  cpu::to_canonical(context, to, values.data());
  return values;
}

}  // namespace palimpsest
