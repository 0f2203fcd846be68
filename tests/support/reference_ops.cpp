#include "tests/support/reference_ops.h"

#include <algorithm>
#include <cmath>

namespace palimpsest::reference {

namespace {

std::size_t at4(const Shape& s, int n, int c, int h, int w) {
  return ((std::size_t(n) * std::size_t(s.c) + std::size_t(c)) * std::size_t(s.h) + std::size_t(h)) * std::size_t(s.w) +
         std::size_t(w);
}
Result zeros(const Shape& shape, double length) {
  const auto count = std::size_t(shape.count());
  return {Values(count, 0.0), Values(count, 0.0), length};
}

void add(Result& result, std::size_t at, double product) {
  result.value[at] += product;
  result.absolute[at] += std::abs(product);
}

// Calls visit(y index, x index, w index) for every product of the layer.
template <typename Visit>
void for_each_product(const LayerShape& s, Visit visit) {
  const int side = s.side(), padding = side / 2;
  for (int n = 0; n < s.n; ++n)
    for (int k = 0; k < s.k; ++k)
      for (int p = 0; p < s.h; ++p)
        for (int q = 0; q < s.w; ++q)
          for (int c = 0; c < s.c; ++c)
            for (int r = std::max(0, padding - p); r < std::min(side, s.h + padding - p); ++r)
              for (int t = std::max(0, padding - q); t < std::min(side, s.w + padding - q); ++t)
                visit(at4(s.output(), n, k, p, q), at4(s.input(), n, c, p + r - padding, q + t - padding),
                      at4(s.weights(), k, c, r, t));
}

}  // namespace

Result layer_forward(const LayerShape& s, const Values& x, const Values& w, const Values& b, bool relu) {
  Result y = zeros(s.output(), double(s.side() * s.side()) * s.c + 1);
  for (int n = 0; n < s.n; ++n)
    for (int k = 0; k < s.k; ++k)
      for (int i = 0; i < s.h * s.w; ++i) add(y, at4(s.output(), n, k, 0, i), b[std::size_t(k)]);
  for_each_product(s, [&](auto yi, auto xi, auto wi) { add(y, yi, w[wi] * x[xi]); });
  if (relu) cut_negative(y.value);
  return y;
}

Result layer_backward_data(const LayerShape& s, const Values& dy, const Values& w) {
  Result dx = zeros(s.input(), double(s.side() * s.side()) * s.k);
  for_each_product(s, [&](auto yi, auto xi, auto wi) { add(dx, xi, w[wi] * dy[yi]); });
  return dx;
}

Result layer_backward_weights(const LayerShape& s, const Values& x, const Values& dy) {
  Result dw = zeros(s.weights(), double(s.n) * s.h * s.w);
  for_each_product(s, [&](auto yi, auto xi, auto wi) { add(dw, wi, dy[yi] * x[xi]); });
  return dw;
}

Result layer_backward_bias(const LayerShape& s, const Values& dy) {
  Result db = zeros(s.bias(), double(s.n) * s.h * s.w);
  for (int n = 0; n < s.n; ++n)
    for (int k = 0; k < s.k; ++k)
      for (int i = 0; i < s.h * s.w; ++i) add(db, std::size_t(k), dy[at4(s.output(), n, k, 0, i)]);
  return db;
}

Pooled max_pool(const Shape& in, const Values& x) {
  const Shape out{in.n, in.c, in.h / 2, in.w / 2};
  Pooled y{Values(std::size_t(out.count())), std::vector<int>(std::size_t(out.count()))};
  for (int n = 0; n < in.n; ++n)
    for (int c = 0; c < in.c; ++c)
      for (int p = 0; p < out.h; ++p)
        for (int q = 0; q < out.w; ++q) {
          double best = x[at4(in, n, c, 2 * p, 2 * q)];
          int winner = 0;
          for (int i = 1; i < 4 && !std::isnan(best); ++i) {
            const double value = x[at4(in, n, c, 2 * p + i / 2, 2 * q + i % 2)];
            if (value > best || std::isnan(value)) best = value, winner = i;
          }
          y.value[at4(out, n, c, p, q)] = best;
          y.winner[at4(out, n, c, p, q)] = winner;
        }
  return y;
}

Values max_pool_backward(const Shape& in, const Values& dy, const std::vector<int>& winner, const Values& relu_output) {
  const Shape out{in.n, in.c, in.h / 2, in.w / 2};
  Values dx(std::size_t(in.count()), 0.0);
  for (int n = 0; n < in.n; ++n)
    for (int c = 0; c < in.c; ++c)
      for (int p = 0; p < out.h; ++p)
        for (int q = 0; q < out.w; ++q) {
          const std::size_t from = at4(out, n, c, p, q);
          if (!relu_output.empty() && relu_output[from] <= 0) continue;
          dx[at4(in, n, c, 2 * p + winner[from] / 2, 2 * q + winner[from] % 2)] = dy[from];
        }
  return dx;
}

Result average_pool(const Shape& in, const Values& x) {
  const std::size_t area = std::size_t(in.h) * std::size_t(in.w);
  Result y = zeros({in.n, in.c}, 1);
  for (std::size_t i = 0; i < x.size(); ++i) add(y, i / area, x[i] / double(area));
  return y;
}

Result average_pool_backward(const Shape& in, const Values& dy, const Values& x) {
  const std::size_t area = std::size_t(in.h) * std::size_t(in.w);
  Result dx = zeros(in, 2);
  for (std::size_t i = 0; i < dx.value.size(); ++i) add(dx, i, dy[i / area] / double(area) * (x.empty() ? 1 : x[i]));
  return dx;
}

void cut_negative(Values& values) {
  for (auto& v : values)
    if (v < 0) v = 0;
}

Values relu_backward(const Values& output, const Values& gradient) {
  Values result = gradient;
  for (std::size_t i = 0; i < output.size(); ++i)
    if (output[i] <= 0) result[i] = 0;
  return result;
}

// Computed differently than on the devices: first the log-probabilities, and 1 - p from them by expm1.
Loss focal_loss(const FocalLoss& loss, int classes, const Values& logits, std::span<const int> labels) {
  Loss result;
  result.gradient.resize(logits.size());
  const auto n = double(labels.size());
  for (std::size_t row = 0; row < labels.size(); ++row) {
    const double* z = logits.data() + row * std::size_t(classes);
    const auto y = std::size_t(labels[row]);
    const double top = *std::max_element(z, z + classes);
    double others = 0;  // relative to the label: sum exp(z_j - z_y)
    double sum = 0;
    for (std::size_t j = 0; j < std::size_t(classes); ++j) {
      sum += std::exp(z[j] - top);
      if (j != y) others += std::exp(z[j] - z[y]);
    }
    const double log_p = std::isinf(others) ? z[y] - top - std::log(sum) : -std::log1p(others);
    const double p = std::exp(log_p), rest = -std::expm1(log_p), g = loss.gamma;
    const double a = loss.class_weights.empty() ? 1.0 : double(loss.class_weights[y]);
    result.loss -= a * std::pow(rest, g) * log_p / n;
    result.correct += std::max_element(z, z + classes) - z == std::ptrdiff_t(y) ? 1 : 0;
    const double slope = g == 0 || rest == 0 ? 0 : g * p * std::pow(rest, g - 1) * log_p;
    for (std::size_t j = 0; j < std::size_t(classes); ++j)
      result.gradient[row * std::size_t(classes) + j] =
          a * (slope - std::pow(rest, g)) * (j == y ? rest : -std::exp(z[j] - top) / sum) / n;
  }
  return result;
}

void sgd(Values& value, const Values& gradient, Values& velocity, const Values& start, const SgdOptions& o) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const double decay = start.empty() ? o.weight_decay * value[i] : o.l2_sp * (value[i] - start[i]);
    double step = o.gradient_scale * gradient[i] + decay;
    if (!velocity.empty()) step = velocity[i] = o.momentum * velocity[i] + step;
    value[i] -= o.rate * step;
  }
}

Values map_weights(const Values& from, WeightMap map, double gamma) {
  Values to = from;
  for (auto& w : to) switch (map) {
      case WeightMap::identity:
        break;
      case WeightMap::positive:
        w = std::max(w, 0.0);
        break;
      case WeightMap::negative:
        w = std::min(w, 0.0);
        break;
      case WeightMap::gamma_positive:
        w += gamma * std::max(w, 0.0);
        break;
      case WeightMap::gamma_negative:
        w += gamma * std::min(w, 0.0);
        break;
      case WeightMap::square:
        w *= w;
        break;
      case WeightMap::ones:
        w = 1;
        break;
    }
  return to;
}

}  // namespace palimpsest::reference
