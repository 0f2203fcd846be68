#pragma once
#include "cuda/gemm/launch.cuh"

// The three products with one result per thread: operands straight from global memory, the terms of the sum in order,
// no shared memory. Slow, but there is little to get wrong: the tiled kernels are compared with these on every GPU
// before they are used there (cuda/self_test.h), and these serve where they disagree.
namespace palimpsest::PALIMPSEST_CUDA::gemm {

// Factors are rounded as tensor cores receive them.
struct Rounding {
  Precision precision;
  __device__ float operator()(float value) const {
    if (precision == Precision::fp32) return value;
    if (precision == Precision::bf16) return __bfloat162float(__float2bfloat16_rn(value));
#if PALIMPSEST_ARCH >= 800
    return __uint_as_float(to_tf32(value));
#else
    return value;  // the launcher rejects TF32 here
#endif
  }
};

// The pixel that a tap of pixel `m` points at, or the negative tap (DIRECTION -1); -1: outside the picture.
template <int DIRECTION>
__device__ int pixel_at(const Pixels& pixels, int m, int tap_index) {
  if (pixels.taps == 1) return m;
  const Tap tap(tap_index, pixels.taps);
  const int p = m / pixels.width % pixels.height + DIRECTION * tap.dp, q = m % pixels.width + DIRECTION * tap.dq;
  if (p < 0 || p >= pixels.height || q < 0 || q >= pixels.width) return -1;
  return m + DIRECTION * (tap.dp * pixels.width + tap.dq);
}

__device__ inline std::size_t weight_at(const ImplicitGemmShape& s, int output, int tap, int input) {
  return (std::size_t(output) * std::size_t(s.taps) + std::size_t(tap)) * std::size_t(s.inputs) + std::size_t(input);
}
__device__ inline std::size_t value_at(const Pixels& pixels, int pixel, int channel) {
  return std::size_t(pixel) * std::size_t(pixels.channels) + std::size_t(channel);
}

template <class Epilogue, class Sum>
__device__ void each_result(const Problem& problem, const Epilogue& epilogue, const Sum& sum) {
  typename Epilogue::Sums sums;
  const int row = int(blockIdx.x) / problem.column_tiles * kPlainRows + int(threadIdx.y);
  const int column = int(blockIdx.x) % problem.column_tiles * kPlainColumns + int(threadIdx.x);
  if (row < problem.rows && column < problem.columns) {
    const std::size_t at = std::size_t(row) * std::size_t(problem.columns) + std::size_t(column);
    epilogue(at, column, Results<1>{{sum(row, column)}}, epilogue.template read<1>(at, column), sums);
  }
  epilogue.finish(sums, blockIdx.x, WholeBlock{});
}

// One term with problem.weights unless `terms` has some.
template <class Epilogue>
__global__ void __launch_bounds__(256)
    plain_forward_kernel(const __grid_constant__ Problem problem, Rounding rounded, const __grid_constant__ Terms terms,
                         const __grid_constant__ Epilogue epilogue) {
  each_result(problem, epilogue, [&](int row, int column) {
    float sum = 0;
    for (int tap = 0; tap < problem.shape.taps; ++tap) {
      const int pixel = pixel_at<1>(problem.pixels, row, tap);
      if (pixel < 0) continue;
      for (int t = 0; t < max(terms.count, 1); ++t) {
        const TermPointers& term = terms.term[t];
        const float* const weights = terms.count > 0 ? term.weights.values : problem.weights.values;
        const InputChange change{terms.count > 0 ? term.input : InputMap::identity, terms.count > 0 ? term.sign : 1.0F};
        for (int i = 0; i < problem.shape.inputs; ++i) {
          const float x = change.map == InputMap::constant
                              ? term.constant.values[i]
                              : problem.pixels.data.values[value_at(problem.pixels, pixel, i)];
          sum += rounded(change(x)) * rounded(weights[weight_at(problem.shape, column, tap, i)]);
        }
      }
    }
    return sum;
  });
}

template <class Epilogue>
__global__ void __launch_bounds__(256)
    plain_backward_data_kernel(const __grid_constant__ Problem problem, Rounding rounded,
                               const __grid_constant__ Epilogue epilogue) {
  each_result(problem, epilogue, [&](int row, int column) {
    float sum = 0;
    for (int tap = 0; tap < problem.shape.taps; ++tap) {
      const int pixel = pixel_at<-1>(problem.pixels, row, tap);
      if (pixel < 0) continue;
      for (int o = 0; o < problem.shape.outputs; ++o)
        sum += rounded(problem.pixels.data.values[value_at(problem.pixels, pixel, o)]) *
               rounded(problem.weights.values[weight_at(problem.shape, o, tap, column)]);
    }
    return sum;
  });
}

template <class Epilogue>
__global__ void __launch_bounds__(256)
    plain_backward_weights_kernel(const __grid_constant__ Problem problem, Rounding rounded,
                                  const __grid_constant__ Pixels gradient, const __grid_constant__ Epilogue epilogue) {
  each_result(problem, epilogue, [&](int row, int column) {
    const int tap = column / problem.shape.inputs, input = column % problem.shape.inputs;
    float sum = 0;
    for (int m = 0; m < problem.pixels.count; ++m) {
      const int pixel = pixel_at<1>(problem.pixels, m, tap);
      if (pixel >= 0)
        sum += rounded(gradient.data.values[value_at(gradient, m, row)]) *
               rounded(problem.pixels.data.values[value_at(problem.pixels, pixel, input)]);
    }
    return sum;
  });
}

template <class Epilogue>
void plain_forward(const GemmRun& run, const Cut& cut, const Problem& problem, const Terms& terms,
                   const Epilogue& epilogue) {
  CUDA_LAUNCH((plain_forward_kernel<Epilogue>), product_grid(cut), dim3(kPlainColumns, kPlainRows), 0, run.stream,
              problem, Rounding{run.precision}, terms, epilogue);
  CUDA_LAUNCH_CHECK();
}
inline void plain_backward_data(const GemmRun& run, const Cut& cut, const Problem& problem,
                                const RedistributeAndSum& epilogue) {
  CUDA_LAUNCH((plain_backward_data_kernel<RedistributeAndSum>), product_grid(cut), dim3(kPlainColumns, kPlainRows), 0,
              run.stream, problem, Rounding{run.precision}, epilogue);
  CUDA_LAUNCH_CHECK();
}
inline void plain_backward_weights(const GemmRun& run, const Cut& cut, const Problem& problem, const Pixels& gradient,
                                   const BiasRelu& epilogue) {
  CUDA_LAUNCH((plain_backward_weights_kernel<BiasRelu>), product_grid(cut), dim3(kPlainColumns, kPlainRows), 0,
              run.stream, problem, Rounding{run.precision}, gradient, epilogue);
  CUDA_LAUNCH_CHECK();
}

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
