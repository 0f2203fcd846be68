// The GPU's version (in the library: a file of cuda/, declared in a header of the same name). The example runs it on
// the emulated GPU; in cuda/, nvcc compiles the same text.
//   leaky_relu   a thread a value, in strides of the grid
#include "cuda/launch.h"
#include "cuda/layout.h"
#include "examples/05_new_operation/op.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

__global__ void scale_where_negative(std::size_t count, float slope, const float* x, const float* from, float* to) {
  for (std::size_t i = first_index(); i < count; i += grid_stride()) to[i] = x[i] > 0 ? from[i] : slope * from[i];
}

// Checks, the empty case, the launch, and as the next statement its check: scripts/lint_launches looks for it.
void leaky_relu(const Context& context, const Tensor& x, const Tensor& from, float slope, const Tensor& to) {
  check(x, x.shape, x.layout, "x");
  check(from, x.shape, x.layout, "from");
  check(to, x.shape, x.layout, "to");
  const std::size_t count = bytes_of(x.shape, x.layout) / sizeof(float);
  if (count == 0) return;
  CUDA_LAUNCH(scale_where_negative, blocks_for(count), kThreads, 0, context.stream.get(), count, slope,
              data(context, x), data(context, from), written(context, to));
  CUDA_LAUNCH_CHECK();
}

}  // namespace

}  // namespace palimpsest::PALIMPSEST_CUDA

namespace palimpsest {

// In the library: one line of cuda/cuda_device.cpp, which has a context and makes tensors.
Floats leaky_relu_on_cuda(const Shape& shape, Layout layout, const Floats& x, const Floats& from, float slope) {
  using namespace PALIMPSEST_CUDA;
  Context context(Precision::fp32);
  const auto tensor = [&](const Floats& values) {
    const Tensor made{shape, layout, std::make_shared<CudaStorage>(context.pool, bytes_of(shape, layout))};
    upload(context, made, values.data());
    return made;
  };
  const Tensor to = tensor(Floats(x.size()));
  PALIMPSEST_CUDA::leaky_relu(context, tensor(x), tensor(from), slope, to);
  Floats values(x.size());
  download(context, to, values.data());
  return values;
}

}  // namespace palimpsest
