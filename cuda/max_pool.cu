// 2x2, stride 2, NHWC: x (n, h, w, c), y and winner (n, h/2, w/2, c), c padded.
//   forward    y = the largest of the window, winner = its index 0..3 in row-major order; the first of equal values
//              wins, and a NaN wins over everything
//   backward   dx[place] = dy where place is the winner's, else 0 (and 0 where a ReLU before the pool gave y <= 0).
// One thread takes a window of four neighbouring channels. Windows do not overlap, so nothing is written twice; those
// of an odd last row or column, which have no y, exist only backward, where they are 0.
#include "cuda/max_pool.h"

#include "cuda/bf16_copy.h"
#include "cuda/divisor.h"
#include "cuda/factor.h"
#include "cuda/launch.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

struct Window {
  int image, row, column, group;
};

// The windows of all images, four channels each, in memory's order.
struct Windows {
  Windows(int images, int rows, int columns, int groups)
      : count(count_to_divide(std::size_t(images) * std::size_t(rows) * std::size_t(columns) * std::size_t(groups))),
        by_rows(rows),
        by_columns(columns),
        by_groups(groups) {}
  __device__ Window at(int i) const {
    const int pixel = by_groups.quotient(i), line = by_columns.quotient(pixel), image = by_rows.quotient(line);
    return {image, line - image * by_rows.divisor, pixel - line * by_columns.divisor, i - pixel * by_groups.divisor};
  }

  int count;
  Divisor by_rows, by_columns, by_groups;
};

struct PoolShape {
  explicit PoolShape(const Shape& x)
      : height(x.h),
        width(x.w),
        groups(padded(x.c) / 4),
        whole(x.n, x.h / 2, x.w / 2, groups),
        all(x.n, x.h - x.h / 2, x.w - x.w / 2, groups) {
    count_to_divide(std::size_t(x.n) * std::size_t(x.h) * std::size_t(x.w) * std::size_t(groups));
  }
  __device__ int first_of_x(const Window& w) const {
    return ((w.image * height + w.row * 2) * width + w.column * 2) * groups + w.group;
  }
  __device__ bool has_y(const Window& w) const { return w.row < height / 2 && w.column < width / 2; }
  __device__ int place_of_y(const Window& w) const {
    return ((w.image * (height / 2) + w.row) * (width / 2) + w.column) * groups + w.group;
  }

  int height, width, groups;
  Windows whole, all;
};

struct Best {
  float value;
  unsigned char place;
  __device__ void meet(float other, unsigned char from) {
    const bool wins = !(other <= value) && value == value;  // a NaN wins, and then stays
    value = wins ? other : value;
    place = wins ? from : place;
  }
};

__device__ Best best_of(float a, float b, float c, float d) {
  Best best{a, 0};
  best.meet(b, 1);
  best.meet(c, 2);
  best.meet(d, 3);
  return best;
}

__global__ void pool_forward(PoolShape s, const float4* __restrict__ x, float4* __restrict__ y,
                             uint2* __restrict__ copy, uchar4* __restrict__ winner) {
  const int row = s.width * s.groups;
  for (int i = int(first_index()); i < s.whole.count; i += int(grid_stride())) {
    const float4* const from = x + s.first_of_x(s.whole.at(i));
    const float4 a = from[0], b = from[s.groups], c = from[row], d = from[row + s.groups];
    const Best first = best_of(a.x, b.x, c.x, d.x), second = best_of(a.y, b.y, c.y, d.y);
    const Best third = best_of(a.z, b.z, c.z, d.z), fourth = best_of(a.w, b.w, c.w, d.w);
    y[i] = make_float4(first.value, second.value, third.value, fourth.value);
    if (copy) copy[i] = bf16_four(first.value, second.value, third.value, fourth.value);
    winner[i] = make_uchar4(first.place, second.place, third.place, fourth.place);
  }
}

__global__ void pool_backward(PoolShape s, const float4* __restrict__ dy, const uchar4* __restrict__ winner,
                              const float4* __restrict__ relu_output, float4* __restrict__ dx,
                              uint2* __restrict__ copy) {
  for (int i = int(first_index()); i < s.all.count; i += int(grid_stride())) {
    const Window window = s.all.at(i);
    float4 value = make_float4(0, 0, 0, 0);
    uchar4 won = make_uchar4(0, 0, 0, 0);
    if (s.has_y(window)) {
      const int from = s.place_of_y(window);
      value = dy[from];
      won = winner[from];
      if (relu_output) {
        const float4 output = relu_output[from];
        if (output.x <= 0) value.x = 0;
        if (output.y <= 0) value.y = 0;
        if (output.z <= 0) value.z = 0;
        if (output.w <= 0) value.w = 0;
      }
    }
    const int first = s.first_of_x(window);
    const bool right = window.column * 2 + 1 < s.width, below = window.row * 2 + 1 < s.height;
    const auto write = [&](int place, int to) {
      const float4 at = make_float4(won.x == place ? value.x : 0.0F, won.y == place ? value.y : 0.0F,
                                    won.z == place ? value.z : 0.0F, won.w == place ? value.w : 0.0F);
      dx[to] = at;
      if (copy) copy[to] = bf16_four(at.x, at.y, at.z, at.w);
    };
    write(0, first);
    if (right) write(1, first + s.groups);
    if (below) write(2, first + s.width * s.groups);
    if (right && below) write(3, first + (s.width + 1) * s.groups);
  }
}

class Plan final : public MaxPoolPlan {
 public:
  Plan(Context& context, const Shape& input)
      : context_(context), input_(input), output_{input.n, input.c, input.h / 2, input.w / 2}, shape_(input) {}

  void forward(const Tensor& x, const Tensor& y, const Tensor& winner) override {
    check(x, input_, Layout::activation, "x");
    check(y, output_, Layout::activation, "y");
    check(winner, output_, Layout::winners, "winner");
    if (shape_.whole.count == 0) return;
    const Destination to = destination(context_, y);
    CUDA_LAUNCH(pool_forward, blocks_for(std::size_t(shape_.whole.count)), kThreads, 0, context_.stream.get(), shape_,
                fours(data(context_, x)), fours(to.values), static_cast<uint2*>(to.copy),
                reinterpret_cast<uchar4*>(written(context_, winner)));
    CUDA_LAUNCH_CHECK();
    copied(context_, y, to);
  }

  void backward(const Tensor& dy, const Tensor& winner, const Tensor& relu_output, const Tensor& dx) override {
    check(dy, output_, Layout::activation, "dy");
    check(winner, output_, Layout::winners, "winner");
    check(dx, input_, Layout::activation, "dx");
    if (!relu_output.empty()) check(relu_output, output_, Layout::activation, "relu_output");
    if (shape_.all.count == 0) return;
    const Destination to = destination(context_, dx);
    CUDA_LAUNCH(pool_backward, blocks_for(std::size_t(shape_.all.count)), kThreads, 0, context_.stream.get(), shape_,
                fours(data(context_, dy)), reinterpret_cast<const uchar4*>(data(context_, winner)),
                fours(optional_data(context_, relu_output)), fours(to.values), static_cast<uint2*>(to.copy));
    CUDA_LAUNCH_CHECK();
    copied(context_, dx, to);
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
