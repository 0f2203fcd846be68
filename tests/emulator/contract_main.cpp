// Every case of the contract on the emulated GPU, for the sanitizers: results are compared elsewhere, here cases only
// run twice and their results are fetched. No GoogleTest, in which MSan reports false positives, and one program with
// everything in it, so that all of it is instrumented.
//   contract_checks [--precision fp32|tf32|bf16] [--convolution NAME] [--only TEXT] [--skip TEXT] [--part K --of N]
//     TEXT is part of a case's name; --part: of the cases left, number K (from 0) and every Nth after it
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.h"
#include "cuda/device.h"
#include "simt/work.h"
#include "tests/support/op_cases.h"

extern "C" const palimpsest::CudaLibrary* palimpsest_cuda_library();

namespace {

using palimpsest::Device;
using palimpsest::OpCase;

// A product whose factor is `tensor`: a device that keeps another form of factors then has one of it.
void multiply(Device& device, const palimpsest::Tensor& tensor) {
  using palimpsest::Layout, palimpsest::LayerShape;
  if (tensor.layout != Layout::activation && tensor.layout != Layout::matrix) return;
  const auto& s = tensor.shape;
  const auto kind = tensor.layout == Layout::matrix ? LayerShape::Kind::linear : LayerShape::Kind::convolution;
  const LayerShape layer{kind, s.n, s.c, s.h, s.w, 1};
  device.plan_layer(layer)->forward(tensor, device.make(layer.weights(), layer.weights_layout()),
                                    device.make(layer.bias(), layer.vector_layout()), false,
                                    device.make(layer.output(), layer.layout()));
}

void run(Device& device, const OpCase& one) {
  const auto make = [&](const palimpsest::Shape& shape, palimpsest::Layout layout) {
    return device.make(shape, layout);
  };
  palimpsest::PreparedOp op = one.prepare(device, palimpsest::Numbers::small_integers, make);
  op.run();
  for (const palimpsest::Tensor& output : op.outputs) multiply(device, output);
  op.run();
  for (const palimpsest::Tensor& output : op.outputs) multiply(device, output);
  double sum = 0;
  for (const palimpsest::Tensor& output : op.outputs) {
    for (const float value : device.download(output)) sum += std::abs(value) < 1e30f ? value : 0;  // reads every value
  }
  if (std::isnan(sum)) std::puts("NaN");  // and uses it
}

struct Choice {
  const char *only = nullptr, *skip = nullptr;
  int part = 0, of = 1;
};

int run_all(palimpsest::Precision precision, const std::string& convolution, const Choice& choice) {
  const auto table = palimpsest::AlgorithmTable::of(convolution);
  const auto device = palimpsest_cuda_library()->make({precision, table});
  int count = 0, left = 0;
  for (const OpCase& one : palimpsest::op_cases()) {
    if (choice.only && one.name.find(choice.only) == std::string::npos) continue;
    if (choice.skip && one.name.find(choice.skip) != std::string::npos) continue;
    if (left++ % choice.of != choice.part) continue;
    std::fprintf(stderr, "\r%-70s", one.name.c_str());
    run(*device, one);
    ++count;
  }
  std::fprintf(stderr, "\r%-70s\r", "");
  std::printf("%d cases of the contract in %s, convolution %s\n", count, palimpsest::word_of(precision).c_str(),
              convolution.c_str());
  return count == 0;
}

}  // namespace

int main(int argc, char** argv) {
  auto precision = palimpsest::Precision::fp32;
  std::string convolution = "auto";
  Choice choice;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--precision") == 0)
      precision = palimpsest::value_of<palimpsest::Precision>(argv[i + 1]).value();
    if (std::strcmp(argv[i], "--convolution") == 0) convolution = argv[i + 1];
    if (std::strcmp(argv[i], "--only") == 0) choice.only = argv[i + 1];
    if (std::strcmp(argv[i], "--skip") == 0) choice.skip = argv[i + 1];
    if (std::strcmp(argv[i], "--part") == 0) choice.part = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--of") == 0) choice.of = std::atoi(argv[i + 1]);
  }
  try {
    return run_all(precision, convolution, choice);
  } catch (const palimpsest::Error& error) {
    std::fprintf(stderr, "contract_checks: %s: %s\n", error.what(), error.remedy().c_str());
    return 1;
  }
}
