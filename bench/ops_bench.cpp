// Times every case of tests/support/op_cases.h on every device, and the thirteen convolutions of VGG16 at 224, batch 8.
//   ops_bench --benchmark_filter='vgg16.*conv2d_forward '
// GFLOP/s count the direct algorithm's operations, regardless of the algorithm (Winograd needs fewer, so it may exceed
// the processor's peak); GB/s count every tensor read or written once.
#include <benchmark/benchmark.h>

#include <algorithm>

#include "tests/support/test_devices.h"
#include "tests/support/vgg16.h"

namespace palimpsest {
namespace {

std::vector<OpCase> vgg16_cases() {
  std::vector<OpCase> cases = layer_cases(vgg16_convolutions(8, 224));
  std::vector<std::string> seen;
  std::erase_if(cases, [&](const OpCase& one) {  // four shapes occur more than once
    const bool again = std::find(seen.begin(), seen.end(), one.name) != seen.end();
    seen.push_back(one.name);
    return again || one.name.starts_with("conv2d_forward n");  // the network always runs its ReLU
  });
  return cases;
}

void time_case(benchmark::State& state, const TestDevice& device, const OpCase& one) {
  const auto on = device.make();
  PreparedOp op =
      one.prepare(*on, Numbers::random, [&](const Shape& shape, Layout layout) { return on->make(shape, layout); });
  op.run();  // plans allocate and pack on their first run
  const Tensor one_value = on->make({1, 1}, Layout::matrix);
  for (auto _ : state) {
    op.run();
    if (device.name != "cpu") on->download(one_value);  // GPU work is asynchronous: this waits, some 10 us
  }
  using benchmark::Counter;
  state.counters["FLOP/s"] = Counter(one.flops, Counter::kIsIterationInvariantRate);
  state.counters["B/s"] = Counter(one.bytes, Counter::kIsIterationInvariantRate);
  if (one.layer && one.layer->is_convolution())
    state.SetLabel(device.winograd(*on, *one.layer, one.pass) ? "winograd" : "direct");
}

void add(const std::string& group, const std::vector<OpCase>& cases) {
  for (const auto& device : test_devices()) {
    if (device.name.starts_with("cuda-emulated")) continue;  // its times are meaningless
    for (const auto& one : cases)
      benchmark::RegisterBenchmark((device.name + "/" + group + "/" + one.name).c_str(),
                                   [&device, one](benchmark::State& state) { time_case(state, device, one); })
          ->Unit(benchmark::kMillisecond)
          ->UseRealTime();
  }
}

}  // namespace
}  // namespace palimpsest

int main(int argc, char** argv) {
  palimpsest::add("cases", palimpsest::op_cases());
  palimpsest::add("vgg16", palimpsest::vgg16_cases());
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
