#include "cpu/linear.h"

#include <algorithm>

#include "cpu/relevance.h"

namespace palimpsest::cpu {

namespace {

// C (m x n) = op(A) (m x k) * op(B) (k x n), all row major and dense.
void gemm(bool transpose_a, bool transpose_b, int m, int n, int k, const float* a, const float* b, float* c) {
  const auto status = dnnl::sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, 1.0F, a,
                                  transpose_a ? m : k, b, transpose_b ? k : n, 0.0F, c, n);
  PALIMPSEST_REQUIRE(status == dnnl::status::success, "sgemm {} x {} x {}", m, n, k);
}

class Plan final : public LinearPlan {
 public:
  Plan(Context& context, const LinearShape& shape) : context_(context), shape_(shape) {}

  void forward(const Tensor& x, const Tensor& w, const Tensor& b, bool relu, const Tensor& y) override {
    check(context_, x, shape_.input(), Layout::matrix, "x");
    check(context_, w, shape_.weights(), Layout::matrix, "w");
    check(context_, b, {1, shape_.outputs}, Layout::matrix, "b");
    check(context_, y, shape_.output(), Layout::matrix, "y");
    product(data(x), data(w), data(b), data(y));
    if (!relu) return;
    float* const out = data(y);
    for (std::int64_t i = 0; i < shape_.output().count(); ++i) out[i] = out[i] < 0 ? 0.0F : out[i];  // NaN stays
  }

  void backward_data(const Tensor& dy, const Tensor& w, const Tensor& dx) override {
    check(context_, dy, shape_.output(), Layout::matrix, "dy");
    check(context_, w, shape_.weights(), Layout::matrix, "w");
    check(context_, dx, shape_.input(), Layout::matrix, "dx");
    gemm(false, false, shape_.n, shape_.inputs, shape_.outputs, data(dy), data(w), data(dx));
  }

  void backward_weights(const Tensor& x, const Tensor& dy, const Tensor& dw, const Tensor& db) override {
    check(context_, x, shape_.input(), Layout::matrix, "x");
    check(context_, dy, shape_.output(), Layout::matrix, "dy");
    check(context_, dw, shape_.weights(), Layout::matrix, "dw");
    check(context_, db, {1, shape_.outputs}, Layout::matrix, "db");
    gemm(true, false, shape_.outputs, shape_.inputs, shape_.n, data(dy), data(x), data(dw));
    float* const sums = data(db);
    std::fill_n(sums, shape_.outputs, 0.0F);
    for (int n = 0; n < shape_.n; ++n)
      for (int o = 0; o < shape_.outputs; ++o)
        sums[o] += data(dy)[std::size_t(n) * std::size_t(shape_.outputs) + std::size_t(o)];
    touch(dw);
    touch(db);
  }

  RelevanceSums relevance_denominator(const RelevanceDenominator& what, std::span<const Tensor> relevance,
                                      std::span<const Tensor> quotients) override {
    return denominator(context_, {shape_.input(), shape_.output(), Layout::matrix}, what, relevance, quotients,
                       [&](const float* x, const RelevanceTerm& term, const float* bias, float* z) {
                         product(x, data(term.weights), bias, z);
                       });
  }

  void relevance_redistribute(const RelevanceRedistribution& what, const Tensor& quotient,
                              const Tensor& relevance) override {
    check(context_, quotient, shape_.output(), Layout::matrix, "quotient");
    redistribute(context_, {shape_.input(), shape_.output(), Layout::matrix}, what, relevance,
                 [&](const RelevanceTerm& term, float* c) {
                   gemm(false, false, shape_.n, shape_.inputs, shape_.outputs, data(quotient), data(term.weights), c);
                 });
  }

 private:
  void product(const float* x, const float* w, const float* bias, float* y) const {
    gemm(false, true, shape_.n, shape_.outputs, shape_.inputs, x, w, y);
    if (!bias) return;
    for (int n = 0; n < shape_.n; ++n)
      for (int o = 0; o < shape_.outputs; ++o)
        y[std::size_t(n) * std::size_t(shape_.outputs) + std::size_t(o)] += bias[o];
  }

  Context& context_;
  LinearShape shape_;
};

}  // namespace

std::unique_ptr<LinearPlan> make_linear_plan(Context& context, const LinearShape& shape) {
  return std::make_unique<Plan>(context, shape);
}

}  // namespace palimpsest::cpu
