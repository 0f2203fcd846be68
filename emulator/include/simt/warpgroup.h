#pragma once
// Hopper's copies, products and barriers as functions: mbarrier, cp.async.bulk.tensor, wgmma, setmaxnreg and bar.sync
// of the PTX ISA. cuda/warpgroup.h has their documentation, and the real ones.
#include "cuda.h"
#include "simt/threads.h"

namespace palimpsest::simt {

using Barrier = std::uint64_t;
enum class Along : std::uint8_t { sum, side };

// Offset in the block's shared memory.
unsigned shared_address(const void* pointer, Site site = Site::current());

void init_barrier(Barrier* barrier, unsigned arrivals, Site site = Site::current());
void fence_barriers(Site site = Site::current());
void arrive(Barrier* barrier, Site site = Site::current());
void arrive_expecting(Barrier* barrier, unsigned bytes, Site site = Site::current());
void arrive_at(Barrier* barrier, unsigned rank, Site site = Site::current());
void wait_for(Barrier* barrier, unsigned parity, Site site = Site::current());
void wait_for_cluster(Barrier* barrier, unsigned parity, Site site = Site::current());
unsigned block_rank();
void sync_cluster(Site site = Site::current());
void sync_threads(unsigned id, unsigned threads, Site site = Site::current());

void copy_tile(void* to, const CUtensorMap& map, Barrier* barrier, int value, int line, Site site = Site::current());
void copy_tile(void* to, const CUtensorMap& map, Barrier* barrier, int value, int line, int plane,
               Site site = Site::current());
void copy_pixels(void* to, const CUtensorMap& map, Barrier* barrier, int channel, int w, int h, int n, int tap_w,
                 int tap_h, Site site = Site::current());
void copy_tile_to(unsigned blocks, void* to, const CUtensorMap& map, Barrier* barrier, int value, int line,
                  Site site = Site::current());
void copy_pixels_to(unsigned blocks, void* to, const CUtensorMap& map, Barrier* barrier, int channel, int w, int h,
                    int n, int tap_w, int tap_h, Site site = Site::current());
void prefetch_map(const CUtensorMap& map, Site site = Site::current());

// One thread's part of a call by the whole warpgroup.
struct Product {
  int columns;
  Along left_along, right_along;
  std::uint64_t left, right;
  bool add;
  Site site;
};
void issue_product(const Product& product, float* sum);
void fence_products(Site site = Site::current());
// Of sums that the thread must not write before the product.
void fence_sums(const float* sum, int count);
void commit_products(Site site = Site::current());
void await_products(unsigned left, Site site);
void fence_shared(Site site = Site::current());
void change_registers(bool more, unsigned count, Site site);

template <int N, Along LEFT, Along RIGHT>
void multiply(float (&sum)[N / 2], std::uint64_t left, std::uint64_t right, bool add, Site site = Site::current()) {
  static_assert(N == 8 || N == 64 || N == 128 || N == 192 || N == 256);
  issue_product({N, LEFT, RIGHT, left, right, add, site}, sum);
}
template <int LEFT>
void wait_for_products(Site site = Site::current()) {
  await_products(LEFT, site);
}
template <int COUNT>
void fence_products(float (&sum)[COUNT], Site site = Site::current()) {
  fence_products(site);
  fence_sums(sum, COUNT);
}
template <int COUNT, int OTHERS>
void fence_products(float (&sum)[COUNT], float (&other)[OTHERS], Site site = Site::current()) {
  fence_products(sum, site);
  fence_sums(other, OTHERS);
}
// The sums are for the compiler of the real ones.
template <int LEFT, int COUNT>
void wait_for_products(float (&)[COUNT], Site site = Site::current()) {
  await_products(LEFT, site);
}
template <int LEFT, int COUNT, int OTHERS>
void wait_for_products(float (&)[COUNT], float (&)[OTHERS], Site site = Site::current()) {
  await_products(LEFT, site);
}
template <int N>
void take_registers(Site site = Site::current()) {
  change_registers(true, N, site);
}
template <int N>
void give_registers(Site site = Site::current()) {
  change_registers(false, N, site);
}

}  // namespace palimpsest::simt
