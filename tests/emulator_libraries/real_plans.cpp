// Every graph that the device builds (cuda/cudnn_graph.h), planned by the real cuDNN for GPUs that are described to it:
// heuristics and plans work without a GPU since version 9.8. Of VGG16's convolutions at 224, eight pictures.
#include <cudnn.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "cuda/cudnn_graph.h"
#include "cuda/descriptors.h"

namespace palimpsest::PALIMPSEST_CUDA {
namespace {

// Of NVIDIA's data sheets and the table of compute capabilities in the CUDA programming guide.
struct Gpu {
  const char* name;
  int capability, multiprocessors, shared_bytes, blocks, threads, clock_khz, memory_clock_khz, l2_bytes;
  std::size_t memory;
};
constexpr Gpu kGpus[]{
    {"NVIDIA A100-SXM4-80GB", 800, 108, 166912, 32, 2048, 1410000, 1593000, 40 << 20, std::size_t{80} << 30},
    {"NVIDIA GeForce RTX 4090", 890, 128, 101376, 24, 1536, 2520000, 10501000, 72 << 20, std::size_t{24} << 30},
    {"NVIDIA H200", 900, 132, 232448, 32, 2048, 1980000, 3201000, 50 << 20, std::size_t{141} << 30},
};

// The names are those of the JSON that the library itself writes of a GPU.
class Described {
 public:
  explicit Described(const Gpu& gpu) {
    const std::string json = nlohmann::json{{"cudaDeviceId", 0},
                                            {"deviceName", gpu.name},
                                            {"deviceVer", gpu.capability},
                                            {"driverVer", 13000},
                                            {"multiProcessorCount", gpu.multiprocessors},
                                            {"maxSharedMemoryPerBlockOptin", gpu.shared_bytes},
                                            {"maxSharedMemoryPerBlock", 49152},
                                            {"reservedSharedMemoryPerBlock", 1024},
                                            {"totalGlobalMem", gpu.memory},
                                            {"maxGridSize", {2147483647, 65535, 65535}},
                                            {"maxBlockSize", {1024, 1024, 64}},
                                            {"regsPerBlock", 65536},
                                            {"maxRegistersPerSM", 65536},
                                            {"smClockRateKHz", gpu.clock_khz},
                                            {"memClockRateKHz", gpu.memory_clock_khz},
                                            {"l2CacheSize", gpu.l2_bytes},
                                            {"warpSize", 32},
                                            {"pciDeviceId", 0},
                                            {"maxCtasPerSM", gpu.blocks},
                                            {"maxThreadsPerBlock", 1024},
                                            {"maxThreadsPerSM", gpu.threads},
                                            {"isTccDriver", 0},
                                            {"supportCoopLaunch", 1}}
                                 .dump();
    CUDNN_CHECK(cudnnBackendCreateDescriptor(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, &descriptor_));
    CUDNN_CHECK(cudnnBackendSetAttribute(descriptor_, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
                                         std::int64_t(json.size()), json.data()));
    CUDNN_CHECK(cudnnBackendFinalize(descriptor_));
  }
  ~Described() { cudnnBackendDestroyDescriptor(descriptor_); }
  Described(const Described&) = delete;
  Described& operator=(const Described&) = delete;
  cudnnBackendDescriptor_t get() const { return descriptor_; }

 private:
  cudnnBackendDescriptor_t descriptor_ = nullptr;
};

constexpr std::size_t kMostWorkspace = std::size_t{512} << 20;

class RealPlans : public testing::TestWithParam<Gpu> {};

TEST_P(RealPlans, ExistForEveryPassOfVgg16) {
  const Described gpu(GetParam());
  using enum ConvolutionGraph;
  for (const Conv2dShape& shape :
       {Conv2dShape{8, 3, 224, 224, 64}, Conv2dShape{8, 64, 224, 224, 64}, Conv2dShape{8, 64, 112, 112, 128},
        Conv2dShape{8, 128, 112, 112, 128}, Conv2dShape{8, 128, 56, 56, 256}, Conv2dShape{8, 256, 56, 56, 256},
        Conv2dShape{8, 256, 28, 28, 512}, Conv2dShape{8, 512, 28, 28, 512}, Conv2dShape{8, 512, 14, 14, 512}})
    for (const auto graph : {product, product_bias, product_bias_relu, backward_data, backward_weights}) {
      std::optional<CudnnPlan> exact, rounded;
      for (const auto& [precision, plan] : {std::pair{Precision::fp32, &exact}, std::pair{Precision::tf32, &rounded}}) {
        *plan = CudnnPlan::make({.device = gpu.get()}, shape, graph, precision, kMostWorkspace);
        ASSERT_TRUE(*plan) << shape.c << " to " << shape.k << ", graph " << int(graph) << ", " << word_of(precision);
        EXPECT_LE((*plan)->workspace(), kMostWorkspace);
      }
      EXPECT_NE(exact->engine(), rounded->engine());  // that of TF32 uses tensor cores
    }
}

INSTANTIATE_TEST_SUITE_P(Gpus, RealPlans, testing::ValuesIn(kGpus),
                         [](const auto& gpu) { return "capability_" + std::to_string(gpu.param.capability); });

TEST(RealPlan, NeedsNoMoreThanTheWorkspaceAllowed) {
  const Described gpu(kGpus[2]);
  const Conv2dShape shape{8, 256, 56, 56, 256};
  const auto workspace = [&](std::size_t most) {
    const auto plan = CudnnPlan::make({.device = gpu.get()}, shape, ConvolutionGraph::product, Precision::fp32, most);
    return plan ? double(plan->workspace()) : -1;
  };
  EXPECT_GT(workspace(kMostWorkspace), 0);
  EXPECT_EQ(workspace(0), 0);
}

}  // namespace
}  // namespace palimpsest::PALIMPSEST_CUDA
