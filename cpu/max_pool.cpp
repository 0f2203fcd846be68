#include "cpu/max_pool.h"

#include <cstring>

namespace palimpsest::cpu {

namespace {

class Plan final : public MaxPoolPlan {
 public:
  Plan(const Context& context, const Shape& input)
      : context_(context), input_(input), output_{input.n, input.c, input.h / 2, input.w / 2} {}

  void forward(const Tensor& x, const Tensor& y, const Tensor& winner) override {
    check(context_, x, input_, Layout::activation, "x");
    check(context_, y, output_, Layout::activation, "y");
    check(context_, winner, output_, Layout::winners, "winner");
    context_.block == 16 ? run_forward<16>(data(context_, x), data(context_, y), byte_data(context_, winner))
                         : run_forward<8>(data(context_, x), data(context_, y), byte_data(context_, winner));
  }

  void backward(const Tensor& dy, const Tensor& winner, const Tensor& relu_output, const Tensor& dx) override {
    check(context_, dy, output_, Layout::activation, "dy");
    check(context_, dx, input_, Layout::activation, "dx");
    check(context_, winner, output_, Layout::winners, "winner");
    const float* y = nullptr;
    if (!relu_output.empty()) {
      check(context_, relu_output, output_, Layout::activation, "relu_output");
      y = data(context_, relu_output);
    }
    context_.block == 16 ? run_backward<16>(data(context_, dy), byte_data(context_, winner), y, data(context_, dx))
                         : run_backward<8>(data(context_, dy), byte_data(context_, winner), y, data(context_, dx));
  }

 private:
  // One output row of one block of B channels at a time.
  template <int B>
  void run_forward(const float* x, float* y, std::uint8_t* winner) const {
    const int rows = input_.n * (context_.padded(input_.c) / B) * output_.h;
    const auto row = std::size_t(input_.w) * B;
#pragma omp parallel for schedule(static)
    for (int r = 0; r < rows; ++r) {
      const int plane = r / output_.h, oy = r % output_.h;
      const float* top = x + (std::size_t(plane) * std::size_t(input_.h) + 2 * std::size_t(oy)) * row;
      const std::size_t out = std::size_t(r) * std::size_t(output_.w) * B;
      for (int ox = 0; ox < output_.w; ++ox) {
        const float* const at = top + std::size_t(ox) * 2 * B;
        for (int lane = 0; lane < B; ++lane) {
          float best = at[lane];
          int won = 0;
          const auto meet = [&](float value, int which) {  // `!(value <= best)` lets a NaN win; a NaN then stays
            const bool wins = !(value <= best) && best == best;
            best = wins ? value : best;
            won = wins ? which : won;
          };
          meet(at[B + lane], 1);
          meet(at[row + std::size_t(lane)], 2);
          meet(at[row + B + std::size_t(lane)], 3);
          y[out + std::size_t(ox * B + lane)] = best;
          winner[out + std::size_t(ox * B + lane)] = std::uint8_t(won);
        }
      }
    }
  }

  template <int B>
  void run_backward(const float* dy, const std::uint8_t* winner, const float* y, float* dx) const {
    const int planes = input_.n * (context_.padded(input_.c) / B);
    const auto row = std::size_t(input_.w) * B;
    const bool odd = input_.h % 2 != 0 || input_.w % 2 != 0;
#pragma omp parallel for schedule(static)
    for (int plane = 0; plane < planes; ++plane) {
      float* const base = dx + std::size_t(plane) * std::size_t(input_.h) * row;
      if (odd) std::memset(base, 0, std::size_t(input_.h) * row * sizeof(float));
      for (int oy = 0; oy < output_.h; ++oy) {
        float* const top = base + 2 * std::size_t(oy) * row;
        for (int ox = 0; ox < output_.w; ++ox) {
          const std::size_t in =
              ((std::size_t(plane) * std::size_t(output_.h) + std::size_t(oy)) * std::size_t(output_.w) +
               std::size_t(ox)) *
              B;
          float* const at = top + std::size_t(ox) * 2 * B;
          for (int lane = 0; lane < B; ++lane) {
            const std::size_t i = in + std::size_t(lane);
            const float value = y && y[i] <= 0 ? 0.0F : dy[i];
            const int won = winner[i];
            at[lane] = won == 0 ? value : 0.0F;
            at[B + lane] = won == 1 ? value : 0.0F;
            at[row + std::size_t(lane)] = won == 2 ? value : 0.0F;
            at[row + B + std::size_t(lane)] = won == 3 ? value : 0.0F;
          }
        }
      }
    }
  }

  const Context& context_;
  Shape input_, output_;
};

}  // namespace

std::unique_ptr<MaxPoolPlan> make_max_pool_plan(const Context& context, const Shape& input) {
  return std::make_unique<Plan>(context, input);
}

}  // namespace palimpsest::cpu
