#include "tests/support/reference_lrp.h"

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace palimpsest::reference {

namespace {

double positive(double v) {
  return std::max(v, 0.0);
}
double negative(double v) {
  return std::min(v, 0.0);
}

double stabilised(double z, const std::string& dialect, double epsilon) {
  if (dialect == "innvestigate") return z == 0 ? 1e-7 : z;
  return z + (z >= 0 ? epsilon : -epsilon);
}

// R_i += factor * share_ij / den_j * R_j, den_j = sum_i share_ij + bias_j
struct Sharing {
  std::function<double(std::size_t, std::size_t, double)> share;  // of output j, input i, weight
  std::function<double(std::size_t)> bias;
  std::function<double(double)> stabilise;
};

void distribute(const Connected& layer, const Values& r, double factor, const Sharing& sharing, Values& to) {
  Values denominator(layer.outputs);
  for (std::size_t j = 0; j < layer.outputs; ++j) denominator[j] = sharing.bias(j);
  for (const auto& c : layer.connections) denominator[c.output] += sharing.share(c.output, c.input, c.weight);
  for (auto& d : denominator) d = sharing.stabilise(d);
  for (const auto& c : layer.connections)
    if (r[c.output] != 0 && denominator[c.output] != 0)
      to[c.input] += factor * sharing.share(c.output, c.input, c.weight) / denominator[c.output] * r[c.output];
}

}  // namespace

Connected connected(const LayerShape& s, const Values& w, const Values& b) {
  Connected layer{std::size_t(s.input().count()), std::size_t(s.output().count()), {}, {}};
  const int side = s.side(), taps = side * side;
  const auto at = [](int n, int c, int y, int x, int channels, int height, int width) {
    return std::size_t(((n * channels + c) * height + y) * width + x);
  };
  for (int n = 0; n < s.n; ++n)
    for (int k = 0; k < s.k; ++k)
      for (int p = 0; p < s.h; ++p)
        for (int q = 0; q < s.w; ++q) {
          layer.bias.push_back(b[std::size_t(k)]);
          for (int c = 0; c < s.c; ++c)
            for (int t = 0; t < taps; ++t) {
              const int y = p + t / side - side / 2, x = q + t % side - side / 2;
              if (y < 0 || y >= s.h || x < 0 || x >= s.w) continue;
              layer.connections.push_back({at(n, k, p, q, s.k, s.h, s.w), at(n, c, y, x, s.c, s.h, s.w),
                                           w[std::size_t((k * s.c + c) * taps + t)]});
            }
        }
  return layer;
}

Values relevance(const lrp::RuleChoice& rule, const std::string& dialect, const Connected& layer, const Values& x,
                 const Values& r, const Values& low, const Values& high) {
  using Kind = lrp::RuleChoice::Kind;
  const bool zennit = dialect == "zennit", captum = dialect == "captum";
  const double epsilon = captum ? 1e-9 : 1e-6;
  const auto safe = [&](double z) { return stabilised(z, dialect, epsilon); };
  const auto& b = layer.bias;
  const auto none = [](std::size_t) { return 0.0; };
  Values to(layer.inputs, 0.0);
  const auto give = [&](double factor, auto share, auto bias, auto stabilise) {
    distribute(layer, r, factor, {share, bias, stabilise}, to);
  };
  const auto whole = [&](std::size_t j) { return b[j]; };
  const auto half_of_bias = [&](bool above) {
    return [&, above](std::size_t j) { return !zennit ? b[j] : above ? positive(b[j]) : negative(b[j]); };
  };
  const auto product = [&](std::size_t, std::size_t i, double w) { return x[i] * w; };
  const auto above = [&](std::size_t, std::size_t i, double w) {
    return captum ? x[i] * positive(w) : positive(x[i] * w);
  };
  const auto below = [&](std::size_t, std::size_t i, double w) { return negative(x[i] * w); };

  switch (rule.kind) {
    case Kind::lrp_0:
      give(1, product, whole, [&](double z) { return zennit ? z : safe(z); });
      break;
    case Kind::epsilon: {
      const double own = rule.epsilon.value_or(zennit ? 1e-6 : captum ? 1e-9 : 1e-7);
      give(1, product, whole, [&](double z) { return z + (z >= 0 ? own : -own); });
      break;
    }
    case Kind::z_plus:
      if (dialect == "innvestigate")
        give(1, above, none, safe);
      else
        give(1, above, half_of_bias(true), safe);
      break;
    case Kind::alpha_beta:
      give(rule.alpha, above, half_of_bias(true), safe);
      if (rule.beta != 0) give(-rule.beta, below, half_of_bias(false), safe);
      break;
    case Kind::gamma: {
      if (captum) {
        give(
            1, [&](std::size_t, std::size_t i, double w) { return x[i] * (w + rule.gamma * positive(w)); }, whole,
            safe);
        break;
      }
      Values z = b;
      for (const auto& c : layer.connections) z[c.output] += x[c.input] * c.weight;
      const auto part = [&](std::size_t j, double v) {
        return z[j] > 0 ? positive(v) : z[j] < 0 ? negative(v) : -v / rule.gamma;
      };
      give(
          1, [&](std::size_t j, std::size_t i, double w) { return x[i] * w + rule.gamma * part(j, x[i] * w); },
          [&](std::size_t j) { return b[j] + rule.gamma * part(j, b[j]); }, safe);
      break;
    }
    case Kind::z_box:
      give(
          1,
          [&](std::size_t, std::size_t i, double w) { return x[i] * w - low[i] * positive(w) - high[i] * negative(w); },
          none, safe);
      break;
    case Kind::w_square:
      give(
          1, [](std::size_t, std::size_t, double w) { return w * w; },
          [&](std::size_t j) { return zennit ? b[j] * b[j] : 0.0; }, safe);
      break;
    case Kind::flat:
      give(1, [](std::size_t, std::size_t, double) { return 1.0; }, none, safe);
      break;
  }
  return to;
}

}  // namespace palimpsest::reference
