#include <algorithm>

#include "cpu/layer.h"

namespace palimpsest::cpu {

namespace {

// C (m x n) = op(A) (m x k) * op(B) (k x n), all row major and dense.
void gemm(bool transpose_a, bool transpose_b, int m, int n, int k, const float* a, const float* b, float* c) {
  const auto status = dnnl::sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, 1.0F, a,
                                  transpose_a ? m : k, b, transpose_b ? k : n, 0.0F, c, n);
  PALIMPSEST_REQUIRE(status == dnnl::status::success, "sgemm {} x {} x {}", m, n, k);
}

class Plan final : public CpuLayerPlan {
 public:
  using CpuLayerPlan::CpuLayerPlan;

  std::string algorithm(LayerPass) const override { return "direct"; }

 private:
  void product(std::optional<LayerPass>, const float* x, const Tensor& w, const float* b, bool relu,
               float* y) override {
    check_weights(w, "w");
    gemm(false, true, shape_.n, shape_.k, shape_.c, x, data(context_, w), y);
    if (b)
      for (int n = 0; n < shape_.n; ++n)
        for (int k = 0; k < shape_.k; ++k) y[std::size_t(n) * std::size_t(shape_.k) + std::size_t(k)] += b[k];
    if (relu)
      for (std::int64_t i = 0; i < shape_.output().count(); ++i) y[i] = y[i] < 0 ? 0.0F : y[i];  // NaN stays
  }

  void transposed_product(const float* dy, const Tensor& w, float* dx) override {
    check_weights(w, "w");
    gemm(false, false, shape_.n, shape_.c, shape_.k, dy, data(context_, w), dx);
  }

  void weight_product(const float* x, const float* dy, float* dw, float* db) override {
    gemm(true, false, shape_.k, shape_.c, shape_.n, dy, x, dw);
    std::fill_n(db, shape_.k, 0.0F);
    for (int n = 0; n < shape_.n; ++n)
      for (int k = 0; k < shape_.k; ++k) db[k] += dy[std::size_t(n) * std::size_t(shape_.k) + std::size_t(k)];
  }
};

}  // namespace

std::unique_ptr<LayerPlan> make_linear_plan(Context& context, const LayerShape& shape) {
  return std::make_unique<Plan>(context, shape);
}

}  // namespace palimpsest::cpu
