// 2x2, stride 2, NHWC: x (n, h, w, c), y and winner (n, h/2, w/2, c), c padded.
//   forward    y = the largest of the window, winner = its index 0..3 in row-major order; the first of equal values
//              wins, and a NaN wins over everything
//   backward   dx[place] = dy where place is the winner's, else 0 (and 0 where a ReLU before the pool gave y <= 0).
// Backward gathers: each dx reads only its own window, so nothing is written twice. One thread per value.
#include "cuda/max_pool.h"

#include "base/error.h"
#include "cuda/launch.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

struct PoolShape {
  std::size_t images, height, width, lanes;  // of x
  __host__ __device__ std::size_t rows_out() const { return height / 2; }
  __host__ __device__ std::size_t columns_out() const { return width / 2; }
  __host__ __device__ std::size_t count_in() const { return images * height * width * lanes; }
  __host__ __device__ std::size_t count_out() const { return images * rows_out() * columns_out() * lanes; }
};

__global__ void pool_forward(PoolShape s, const float* __restrict__ x, float* __restrict__ y,
                             std::uint8_t* __restrict__ winner) {
  const std::size_t row = s.width * s.lanes;
  for (std::size_t at = first_index(); at < s.count_out(); at += grid_stride()) {
    const std::size_t lane = at % s.lanes, pixel = at / s.lanes;
    const std::size_t column = pixel % s.columns_out(), line = pixel / s.columns_out();
    const std::size_t image = line / s.rows_out();
    const float* const top = x + (image * s.height + line % s.rows_out() * 2) * row + column * 2 * s.lanes + lane;
    float best = top[0];
    int won = 0;
    const float others[3] = {top[s.lanes], top[row], top[row + s.lanes]};
    for (int i = 0; i < 3; ++i) {
      const bool wins = !(others[i] <= best) && best == best;  // a NaN wins, and then stays
      best = wins ? others[i] : best;
      won = wins ? i + 1 : won;
    }
    y[at] = best;
    winner[at] = static_cast<std::uint8_t>(won);
  }
}

__global__ void pool_backward(PoolShape s, const float* __restrict__ dy, const std::uint8_t* __restrict__ winner,
                              const float* __restrict__ relu_output, float* __restrict__ dx) {
  for (std::size_t at = first_index(); at < s.count_in(); at += grid_stride()) {
    const std::size_t lane = at % s.lanes, pixel = at / s.lanes;
    const std::size_t column = pixel % s.width, line = pixel / s.width;
    const std::size_t row = line % s.height, image = line / s.height;
    float value = 0;
    if (row / 2 < s.rows_out() && column / 2 < s.columns_out()) {
      const std::size_t from = ((image * s.rows_out() + row / 2) * s.columns_out() + column / 2) * s.lanes + lane;
      const bool won = winner[from] == row % 2 * 2 + column % 2;
      if (won && !(relu_output && relu_output[from] <= 0)) value = dy[from];
    }
    dx[at] = value;
  }
}

class Plan final : public MaxPoolPlan {
 public:
  Plan(Context& context, const Shape& input)
      : context_(context),
        input_(input),
        output_{input.n, input.c, input.h / 2, input.w / 2},
        shape_{std::size_t(input.n), std::size_t(input.h), std::size_t(input.w), std::size_t(padded(input.c))} {}

  void forward(const Tensor& x, const Tensor& y, const Tensor& winner) override {
    check(x, input_, Layout::activation, "x");
    check(y, output_, Layout::activation, "y");
    check(winner, output_, Layout::winners, "winner");
    if (shape_.count_out() == 0) return;
    CUDA_LAUNCH(pool_forward, blocks_for(shape_.count_out()), kThreads, 0, context_.stream.get(), shape_,
                data(context_, x), data(context_, y), byte_data(context_, winner));
    CUDA_LAUNCH_CHECK();
  }

  void backward(const Tensor& dy, const Tensor& winner, const Tensor& relu_output, const Tensor& dx) override {
    check(dy, output_, Layout::activation, "dy");
    check(winner, output_, Layout::winners, "winner");
    check(dx, input_, Layout::activation, "dx");
    if (!relu_output.empty()) check(relu_output, output_, Layout::activation, "relu_output");
    if (shape_.count_in() == 0) return;
    CUDA_LAUNCH(pool_backward, blocks_for(shape_.count_in()), kThreads, 0, context_.stream.get(), shape_,
                data(context_, dy), byte_data(context_, winner), optional_data(context_, relu_output),
                data(context_, dx));
    CUDA_LAUNCH_CHECK();
  }

 private:
  Context& context_;
  Shape input_, output_;
  PoolShape shape_;
};

}  // namespace

std::unique_ptr<MaxPoolPlan> make_max_pool_plan(Context& context, const Shape& input) {
  return std::make_unique<Plan>(context, input);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
