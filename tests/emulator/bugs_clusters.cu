// Blocks of a cluster that reach each other's shared memory too early, too late or not at all.
#include "broadcast.cuh"
#include "bugs.h"

using namespace bugs;
using namespace palimpsest::PALIMPSEST_CUDA;
using broadcast::Mistake, broadcast::kLines, broadcast::kStage, broadcast::kThreads, broadcast::sums_of_lines;

namespace {

template <Mistake M>
void run(bool planted) {
  const std::vector<__nv_bfloat16> values = rows();
  Buffer<__nv_bfloat16> in(values);
  Buffer<float> out(2 * kLines);
  out.zero();
  TensorMap map;
  EXPECT(tiled(map, in.get(), 256, 64, 64, 32) == CUDA_SUCCESS);
  CUDA_LAUNCH_CLUSTERS(2, (planted ? sums_of_lines<M> : sums_of_lines<Mistake::none>), 2, kThreads, 2 * kStage + 1024,
                       nullptr, map, out.get());
  MUST_LAUNCH();
  const std::vector<float> got = out.host();
  for (std::size_t i = 0; i < got.size(); ++i) {
    float expected = 0;
    for (std::size_t k = 0; k < 256; ++k) expected += float(values[i % kLines * 256 + k]);
    EXPECT(got[i] == expected);
  }
}

}  // namespace

#define CLUSTER(name, mistake, caught) \
  PLANTED(name, caught) {              \
    run<Mistake::mistake>(planted);    \
  }

CLUSTER(no_sync_before, no_sync_before, "racecheck=data race")
CLUSTER(no_sync_after, no_sync_after, "plain=barrier misuse;reversed=barrier misuse")
CLUSTER(released_to_own_block, released_to_own_block, "racecheck=data race")
CLUSTER(wait_within_block, wait_within_block, "plain=missing fence")
CLUSTER(copy_to_own_block, to_own_block, "plain=deadlock;reversed=deadlock;shuffled=deadlock")
CLUSTER(copy_to_third_block, to_third_block, "plain=misuse")
CLUSTER(sync_of_one_block, sync_of_one_block, "plain=deadlock")
