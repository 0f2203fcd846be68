#include "nn/batch_normalisation.h"

#include <cmath>

#include "base/error.h"
#include "base/excerpt.h"

namespace palimpsest::nn {

namespace {

// Of a channel, or of an input in one of as many channels as there are.
double of(const std::vector<double>& channels, std::size_t index, std::size_t count) {
  return channels[index / (count / channels.size())];
}

}  // namespace

Affine affine_of(const TensorFile& file, const BatchNormalisation& n, std::size_t channels) {
  const auto values = [&](const std::string& name, float otherwise) {
    std::vector<float> read = name.empty() ? std::vector<float>(channels, otherwise) : file.read_floats(name);
    if (read.size() != channels)
      throw Error(fmt::format("{} has {} values in {}, but its layer has {} channels", file.path().string(),
                              read.size(), excerpt(name), channels),
                  "save the weights of that network again");
    return read;
  };
  const auto weight = values(n.weight, 1), bias = values(n.bias, 0), mean = values(n.mean, 0),
             variance = values(n.variance, 1);
  Affine result{std::vector<double>(channels), std::vector<double>(channels)};
  for (std::size_t c = 0; c < channels; ++c) {
    if (!(variance[c] >= 0))
      throw Error(fmt::format("{} has a variance of {} in {}", file.path().string(), variance[c], excerpt(n.variance)),
                  "the weights are corrupt: use an earlier checkpoint");
    result.scale[c] = weight[c] / std::sqrt(double(variance[c]) + n.epsilon);
    result.shift[c] = bias[c] - mean[c] * result.scale[c];
  }
  return result;
}

void fold(std::vector<float>& weight, std::size_t outputs, const Affine& in, const Affine& out) {
  const std::size_t inputs = outputs == 0 ? 0 : weight.size() / outputs;
  for (std::size_t o = 0; o < outputs; ++o)
    for (std::size_t i = 0; i < inputs; ++i) {
      float& w = weight[o * inputs + i];
      w = float(w * of(in.scale, i, inputs) * of(out.scale, o, outputs));
    }
}

void fold_bias(std::vector<float>& bias, const std::vector<float>& weight, const Affine& in, const Affine& out) {
  const std::size_t outputs = bias.size(), inputs = outputs == 0 ? 0 : weight.size() / outputs;
  for (std::size_t o = 0; o < outputs; ++o) {
    double sum = bias[o];
    for (std::size_t i = 0; i < inputs; ++i) sum += weight[o * inputs + i] * of(in.shift, i, inputs);
    bias[o] = float(sum * of(out.scale, o, outputs) + of(out.shift, o, outputs));
  }
}

}  // namespace palimpsest::nn
