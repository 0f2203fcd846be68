// Softmax with class-weighted focal loss, loss and gradient in one pass; logits (n, classes), one thread per row, in
// double. With top = the largest logit, z_y the label's, others = sum over j != y of exp(z_j - top):
//   p_j = exp(z_j - top) / sum,  1 - p_y = others / sum      (summed, to avoid cancellation as p_y goes to 1)
//   log p_y = -log1p(others) if the label's logit is the largest, else (z_y - top) - log(sum)
//   L = -a (1-p)^gamma log p / n
//   dL/dz_j = a/n [gamma p (1-p)^(gamma-1) log p - (1-p)^gamma] * (j == y ? 1 - p : -p_j)
// One block, so that the mean is one tree in a fixed order: a batch has at most a few hundred rows.
#include "cuda/loss.h"

#include "base/error.h"
#include "cuda/block_reduce.cuh"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

struct Outcome {
  double loss;
  long long correct;
};

struct AddOutcomes {
  __device__ Outcome operator()(Outcome a, Outcome b) const { return {a.loss + b.loss, a.correct + b.correct}; }
};

struct Row {
  double top, sum, others;
  int best;  // the first of the largest
};

__device__ Row scan(const float* z, int classes, int label) {
  Row row{double(z[0]), 0, 0, 0};
  for (int j = 1; j < classes; ++j)
    if (row.top < double(z[j])) row.top = double(z[j]), row.best = j;
  for (int j = 0; j < classes; ++j) {
    const double e = exp(double(z[j]) - row.top);
    row.sum += e;
    if (j != label) row.others += e;
  }
  return row;
}

// The loss of one row, without the mean's 1/n; `out` gets the gradient of the mean, or is null.
__device__ Outcome focal_row(const float* z, int classes, int label, double gamma, double weight, double n,
                             float* out) {
  const Row row = scan(z, classes, label);
  const double lead = double(z[label]) - row.top;
  const double log_p = lead == 0 ? -log1p(row.others) : lead - log(row.sum);
  const double rest = row.others / row.sum;
  const double p = exp(lead) / row.sum, modulator = pow(rest, gamma);
  if (out) {
    // As p goes to 1, log p ~ -(1-p), so the product stays finite for gamma < 1 too.
    const double slope = gamma == 0 || rest == 0 ? 0.0 : gamma * p * (modulator / rest) * log_p;
    const double factor = weight * (slope - modulator) / n;
    for (int j = 0; j < classes; ++j)
      out[j] = float(factor * (j == label ? rest : -(exp(double(z[j]) - row.top) / row.sum)));
  }
  return {-weight * modulator * log_p, row.best == label ? 1 : 0};
}

__global__ void focal_loss(int n, int classes, double gamma, const float* __restrict__ logits,
                           const float* __restrict__ labels, const float* __restrict__ class_weights, float* gradient,
                           Outcome* result) {
  SHARED_ARRAY(Outcome, slots, kThreads);
  Outcome mine{0, 0};
  for (int row = int(threadIdx.x); row < n; row += int(blockDim.x)) {
    const float given = labels[row];
    float* const out = gradient ? gradient + std::size_t(row) * std::size_t(classes) : nullptr;
    if (given >= 0 && given < float(classes)) {
      const int label = int(given);
      mine = AddOutcomes()(mine, focal_row(logits + std::size_t(row) * std::size_t(classes), classes, label, gamma,
                                           class_weights ? double(class_weights[label]) : 1.0, double(n), out));
    } else {  // not a class: nothing may look like a result
      mine.loss = nan("");
      for (int j = 0; out && j < classes; ++j) out[j] = float(mine.loss);
    }
  }
  const Outcome total = block_reduce(mine, slots, AddOutcomes());
  if (threadIdx.x == 0) *result = {total.loss / double(n), total.correct};
}

}  // namespace

FocalLossKernel::FocalLossKernel(Context& context) : context_(context), result_(context.pool, sizeof(Outcome)) {}

// Uploaded on first use: a repeated loss, recorded or not, uploads nothing.
const float* FocalLossKernel::weights_of(const FocalLoss& loss) {
  if (loss.class_weights.empty()) return nullptr;
  auto& buffer = class_weights_[loss.class_weights];
  if (!buffer) {
    const std::size_t bytes = loss.class_weights.size() * sizeof(float);
    buffer = std::make_unique<DeviceBuffer>(context_.pool, bytes);
    context_.uploader.to_device(loss.class_weights.data(), bytes, buffer->data());
  }
  return buffer->as<const float>();
}

void FocalLossKernel::run(const FocalLoss& loss, const Tensor& logits, const Tensor& labels, const Tensor* gradient) {
  const int n = logits.shape.n, classes = logits.shape.c;
  check(logits, {n, classes}, Layout::matrix, "logits");
  check(labels, {n, 1}, Layout::matrix, "labels");
  if (gradient) check(*gradient, logits.shape, Layout::matrix, "gradient");
  PALIMPSEST_REQUIRE(loss.class_weights.empty() || loss.class_weights.size() == std::size_t(classes),
                     "{} class weights", loss.class_weights.size());
  if (n == 0 || classes == 0) return;
  const float* const weights = weights_of(loss);
  CUDA_LAUNCH(focal_loss, 1, kThreads, 0, context_.stream.get(), n, classes, loss.gamma, data(context_, logits),
              data(context_, labels), weights, gradient ? written(context_, *gradient) : nullptr,
              result_.as<Outcome>());
  CUDA_LAUNCH_CHECK();
}

Pending<LossResult> FocalLossKernel::result() {
  return context_.readback.read<Outcome, LossResult>(result_.as<const Outcome>(), [](const Outcome& outcome) {
    return LossResult{outcome.loss, int(outcome.correct)};
  });
}

}  // namespace palimpsest::PALIMPSEST_CUDA
