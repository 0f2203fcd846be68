#pragma once
#include <filesystem>
#include <string>

#include "cuda/precision.h"

namespace palimpsest {

// Those that are compared together, and serve or stand aside together.
enum class KernelSet : std::uint8_t {
  tiled,       // all but the plain ones and those of warpgroups
  warpgroups,  // GemmTile::warpgroup: in bf16, on GPUs of compute capability 9.0
};
constexpr auto words(KernelSet) {
  return std::to_array<Word<KernelSet>>({{"tiled", KernelSet::tiled}, {"warpgroups", KernelSet::warpgroups}});
}

// Kernels are written and verified without a GPU. So on each GPU a process of its own compares a set of them with the
// plain ones (cuda/self_test.h) before they serve, once for each set, GPU, driver, build and precision: the result is
// kept in $XDG_CACHE_HOME/palimpsest (or ~/.cache/palimpsest). The process is killed after 20 s, since a wrong
// asynchronous copy may never arrive; after 120 s where the driver compiles kernels first.
struct ProofRequest {
  std::filesystem::path library;  // the shared object with the kernels
  int gpu = 0;
  std::string identity;  // of the GPU and its driver, as CudaLibrary::identity
  Precision precision = Precision::fp32;
  KernelSet kernels = KernelSet::tiled;
  int seconds = 20;
};

// Empty: the kernels may serve. Else one clause: what is wrong with them, or why that could not be found out (then
// nothing is kept, so that the next call tries again). requires: this process has no CUDA context yet, which a GPU in
// exclusive mode gives to one process only.
std::string refusal_of_kernels(const ProofRequest& request);

// The variable PALIMPSEST_SELF_TEST: `off`, `on`, `strict` or `on,strict`.
struct SelfTest {
  // By default on GPUs; the emulator's tests cover the kernels there.
  enum { gpus, nowhere, everywhere } where = gpus;
  bool strict = false;  // a refusal is an Error, so that no test passes because the kernels under test stood aside
};
SelfTest self_test_wanted();  // throws Error for another value

}  // namespace palimpsest
