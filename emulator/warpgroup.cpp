#include "warpgroup.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "block.h"
#include "observer.h"
#include "report.h"
#include "sanitizers.h"
#include "shared_matrix.h"
#include "shared_memory.h"
#include "simt/warpgroup.h"
#include "simt/work.h"

// A thread's products are noted when it issues them, and its sums become NaN. They are computed when all 128 threads of
// the warpgroup wait for their group, from what shared memory holds then: an early read of the sums, and a factor that
// is overwritten too early, are seen. Until then threads need not suspend.
namespace palimpsest::simt {
namespace {

constexpr unsigned kGroup = 128, kRows = 64;
constexpr std::uint32_t kUnderWay = 0x7fc0dead;  // a NaN
constexpr unsigned kRegisters = 65536;           // of a multiprocessor

struct Noted {
  Product product;
  std::size_t sum;  // its number among the thread's
  unsigned group;
};
struct Sum {
  float* values;
  int columns;
  std::vector<float> before;  // the thread's values when the first product was issued
};
struct FencedSum {
  const float* values;
  std::uint64_t hash;
};
struct Lane {
  bool fenced = false;
  std::vector<FencedSum> fenced_sums;  // as they were at the last fence
  unsigned groups = 0;                 // committed
  std::vector<Noted> products;
  std::vector<Sum> sums;  // under way
};
std::vector<Lane> lanes;

struct Warpgroup {
  std::vector<std::vector<float>> matrices;  // by number: the sums as far as they are computed, else empty
  // An operation that all threads must call.
  unsigned waiting = 0;
  const char* operation = nullptr;
  unsigned argument = 0;
  Site site{};
  unsigned thread = 0;  // the first that came
  // The registers of a thread, 0 as long as they are those of the launch.
  unsigned registers = 0;
  Site registers_site{};
};
std::vector<Warpgroup> warpgroups;
bool used = false;  // in this block; most kernels have no such operation

unsigned first_of(unsigned thread) {
  return thread / kGroup * kGroup;
}

std::string why_group(unsigned thread) {
  const Warpgroup& group = warpgroups[thread / kGroup];
  return fmt::format("for the 128 threads of its warpgroup, of which {} are there", group.waiting);
}

Lane& own_lane(const char* what) {
  require_thread(what);
  const unsigned left = cluster_threads() - first_of(linear_thread());
  if (left < kGroup) finding("missing warp", fmt::format("{} in a warpgroup of {} threads; it needs 128", what, left));
  if (!used) {
    lanes.assign(cluster_threads(), {});
    warpgroups.assign(cluster_threads() / kGroup, {});
    used = true;
  }
  return lanes[linear_thread()];
}

std::uint64_t hash_of(const float* values, int count) {
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a, by words
  for (int i = 0; i < count; ++i) hash = (hash ^ std::bit_cast<std::uint32_t>(values[i])) * 0x100000001b3u;
  return hash;
}

// Suspends until all threads of the warpgroup have called; the last of them calls `resolve(first thread, argument)`.
void together(const char* name, unsigned argument, void (*resolve)(unsigned first, unsigned argument), Site site) {
  {
    const EngineCall engine;
    own_lane(name);
    const unsigned self = linear_thread(), first = first_of(self);
    Warpgroup& group = warpgroups[self / kGroup];
    if (group.waiting == 0) {
      group.operation = name;
      group.argument = argument;
      group.site = site;
      group.thread = self;
    } else if (group.operation != name || group.argument != argument || !same_line(group.site, site)) {
      finding("warps disagree",
              fmt::format("the thread is in {}({}) at {}, thread {} of its warpgroup in {}({}) at {}", name, argument,
                          text(site), group.thread, group.operation, group.argument, text(group.site)));
    }
    if (++group.waiting == kGroup) {
      group.waiting = 0;
      resolve(first, argument);
      for (unsigned warp = first / 32; warp < (first + kGroup) / 32; ++warp) {
        if (observer) observer->warp_synchronised(warp, 0xffffffffu);
      }
      for (unsigned thread = first; thread < first + kGroup; ++thread) {
        if (thread != self) wake(thread);
      }
      return;
    }
  }
  suspend({name, "missing warp", why_group}, site);
}

bool same(const Noted& a, const Noted& b) {
  return a.product.columns == b.product.columns && a.product.left_along == b.product.left_along &&
         a.product.right_along == b.product.right_along && a.product.left == b.product.left &&
         a.product.right == b.product.right && a.product.add == b.product.add && a.sum == b.sum && a.group == b.group;
}

void require_agreement(unsigned first) {
  const Lane& leader = lanes[first];
  for (unsigned thread = first + 1; thread < first + kGroup; ++thread) {
    const Lane& lane = lanes[thread];
    const auto [a, b] =
        std::mismatch(leader.products.begin(), leader.products.end(), lane.products.begin(), lane.products.end(), same);
    const bool left = a != leader.products.end();
    if (left || b != lane.products.end())
      finding(
          "warps disagree",
          fmt::format("thread {} of the block issued the product at {}, and thread {} did not, or with other "
                      "arguments",
                      left ? first : thread, text(left ? a->product.site : b->product.site), left ? thread : first));
    if (leader.groups != lane.groups)
      finding("warps disagree",
              fmt::format("threads {} and {} of the block have committed {} and {} groups of products", first, thread,
                          leader.groups, lane.groups));
  }
}

// Thread t holds, for j below columns / 8, i and e below 2, sum[4 j + 2 i + e] of row 16 (t / 32) + 8 i + t % 32 / 4,
// column 8 j + 2 (t % 4) + e.
template <typename Visit>
void for_sums(unsigned t, int columns, const Visit& visit) {
  for (unsigned held = 0; held < static_cast<unsigned>(columns) / 2; ++held) {
    const unsigned row = 16 * (t / 32) + held / 2 % 2 * 8 + t % 32 / 4, column = held / 4 * 8 + 2 * (t % 4) + held % 2;
    visit(held, std::size_t{row} * static_cast<unsigned>(columns) + column);
  }
}

void start_matrix(std::vector<float>& matrix, unsigned first, const Noted& noted) {
  matrix.assign(std::size_t{kRows} * static_cast<unsigned>(noted.product.columns), 0.0f);
  if (!noted.product.add) return;
  for (unsigned t = 0; t < kGroup; ++t) {
    const std::vector<float>& before = lanes[first + t].sums[noted.sum].before;
    for_sums(t, noted.product.columns, [&](unsigned held, std::size_t at) { matrix[at] = before[held]; });
  }
}

void compute(std::vector<float>& matrix, unsigned first, const Product& product) {
  const unsigned columns = static_cast<unsigned>(product.columns);
  static std::vector<float> left(std::size_t{kRows} * kTerms), right(std::size_t{kTerms} * 256);
  // A warp needs 16 rows, and all columns; which warp reads a column does not matter, since all of them wait.
  gather(
      product.left, product.left_along, {left.data(), kRows, kTerms, 1}, [](unsigned group) { return group / 2 * 32; },
      first, "the left factor", product.site);
  gather(
      product.right, product.right_along, {right.data(), columns, 1, columns},
      [](unsigned group) { return group % 4 * 32; }, first, "the right factor", product.site);
  for (unsigned row = 0; row < kRows; ++row) {
    float* const sums = matrix.data() + std::size_t{row} * columns;
    if (!product.add) std::fill(sums, sums + columns, 0.0f);
    for (unsigned k = 0; k < kTerms; ++k) {
      const float factor = left[row * kTerms + k];
      const float* const terms = right.data() + std::size_t{k} * columns;
      for (unsigned column = 0; column < columns; ++column) sums[column] += factor * terms[column];
    }
  }
}

// Gives the sums to the threads.
void hand_over(const std::vector<float>& matrix, unsigned first, std::size_t number) {
  for (unsigned t = 0; t < kGroup; ++t) {
    Lane& lane = lanes[first + t];
    const Sum& sum = lane.sums[number];
    unpoison_contents(sum.values, static_cast<unsigned>(sum.columns) / 2 * sizeof(float));
    for_sums(t, sum.columns, [&](unsigned held, std::size_t at) {
      if (std::bit_cast<std::uint32_t>(sum.values[held]) != kUnderWay)
        finding("sums in use",
                fmt::format("thread {} of the block wrote the sums of a product before it waited for it", first + t));
      sum.values[held] = matrix[at];
    });
    lane.fenced = false;
  }
}

void complete_products(unsigned first, unsigned left) {
  require_agreement(first);
  Lane& leader = lanes[first];
  std::vector<std::vector<float>>& matrices = warpgroups[first / kGroup].matrices;
  matrices.resize(leader.sums.size());
  const auto end = std::find_if(leader.products.begin(), leader.products.end(),
                                [&](const Noted& noted) { return noted.group + left >= leader.groups; });
  for (auto noted = leader.products.begin(); noted != end; ++noted) {
    std::vector<float>& matrix = matrices[noted->sum];
    if (matrix.empty()) start_matrix(matrix, first, *noted);
    compute(matrix, first, noted->product);
  }
  const auto count = end - leader.products.begin();
  for (unsigned t = 0; t < kGroup; ++t) {
    std::vector<Noted>& products = lanes[first + t].products;
    products.erase(products.begin(), products.begin() + count);
  }
  for (std::size_t number = leader.sums.size(); number-- > 0;) {
    const bool pending = std::any_of(leader.products.begin(), leader.products.end(),
                                     [&](const Noted& noted) { return noted.sum == number; });
    if (pending) continue;
    hand_over(matrices[number], first, number);
    matrices.erase(matrices.begin() + static_cast<std::ptrdiff_t>(number));
    for (unsigned t = 0; t < kGroup; ++t) {
      Lane& lane = lanes[first + t];
      lane.sums.erase(lane.sums.begin() + static_cast<std::ptrdiff_t>(number));
      for (Noted& noted : lane.products) noted.sum -= noted.sum > number;
    }
  }
}

void set_registers(unsigned first, unsigned count) {
  Warpgroup& group = warpgroups[first / kGroup];
  group.registers = count;
  group.registers_site = group.site;
}

}  // namespace

void start_products() {
  used = false;
}

void require_no_products(unsigned thread) {
  const EngineCall engine;
  if (!used || lanes[thread].products.empty()) return;
  finding("missing wait",
          fmt::format("the thread exits without waiting for its product issued at {} ({} left)",
                      text(lanes[thread].products.front().product.site), lanes[thread].products.size()));
}

// A launch has at most so many registers a thread, and warpgroups only redistribute them. How many it has is known to
// ptxas only: a warpgroup that asked for none counts with the fewest.
void check_registers() {
  if (!used) return;
  const unsigned most = std::min(255u, kRegisters / block_threads()) / 8 * 8;
  unsigned sum = 0;
  const Warpgroup* asking = nullptr;
  for (const Warpgroup& group : warpgroups) {
    sum += std::max(24u, group.registers);
    if (group.registers > 0 && (!asking || group.registers > asking->registers)) asking = &group;
  }
  if (asking && sum > most * warpgroups.size())
    finding("too many registers",
            fmt::format("{}: the warpgroups ask for {} registers for each of 128 threads, together; the launch has at "
                        "most {}",
                        text(asking->registers_site), sum, most * warpgroups.size()));
}

unsigned shared_address(const void* pointer, Site site) {
  const EngineCall engine;
  if (!in_own_shared_memory(pointer))
    finding("misuse", fmt::format("shared_address at {} of other memory", text(site)));
  return static_cast<unsigned>(shared_offset(pointer));
}

void fence_products(Site) {
  const EngineCall engine;
  Lane& lane = own_lane("fence_products");
  lane.fenced = true;
  lane.fenced_sums.clear();
}

void fence_sums(const float* sum, int count) {
  const EngineCall engine;
  own_lane("fence_products").fenced_sums.push_back({sum, hash_of(sum, count)});
}

void issue_product(const Product& product, float* values) {
  const EngineCall engine;
  Lane& lane = own_lane("multiply");
  auto sum = std::find_if(lane.sums.begin(), lane.sums.end(), [&](const Sum& one) { return one.values == values; });
  if (sum == lane.sums.end()) {
    if (!lane.fenced)
      finding("missing fence", fmt::format("the product at {} uses registers that the thread may have used since the "
                                           "last fence_products",
                                           text(product.site)));
    for (const FencedSum& fenced : lane.fenced_sums) {
      if (product.add && fenced.values == values && fenced.hash != hash_of(values, product.columns / 2))
        finding("missing fence",
                fmt::format("the product at {} adds to sums that the thread wrote after fence_products",
                            text(product.site)));
    }
    const std::size_t count = static_cast<std::size_t>(product.columns) / 2;
    sum = lane.sums.insert(lane.sums.end(), {values, product.columns, {}});
    if (product.add) sum->before.assign(values, values + count);
    for (std::size_t i = 0; i < count; ++i) values[i] = std::bit_cast<float>(kUnderWay);
    poison_contents(values, count * sizeof(float));
  } else if (sum->columns != product.columns) {
    finding("warps disagree", fmt::format("the product at {} has {} columns, an earlier one to the same sums {}",
                                          text(product.site), product.columns, sum->columns));
  }
  lane.products.push_back({product, static_cast<std::size_t>(sum - lane.sums.begin()), lane.groups});
}

void commit_products(Site) {
  const EngineCall engine;
  ++own_lane("commit_products").groups;
}

void await_products(unsigned left, Site site) {
  together("wait_for_products", left, complete_products, site);
}

void fence_shared(Site) {
  const EngineCall engine;
  require_thread("fence_shared");
  if (observer) observer->fence_shared(linear_thread());
}

void change_registers(bool more, unsigned count, Site site) {
  const char* const name = more ? "take_registers" : "give_registers";
  {
    const EngineCall engine;
    own_lane(name);
    const unsigned now = warpgroups[linear_thread() / kGroup].registers;
    if (count % 8 != 0 || count < 24 || count > 256)
      finding("too many registers",
              fmt::format("{}<{}> at {}: not a multiple of 8 from 24 to 256", name, count, text(site)));
    if (now != 0 && (more ? count < now : count > now))
      finding("too many registers", fmt::format("{}<{}> at {}, of {} registers", name, count, text(site), now));
  }
  together(name, count, set_registers, site);
}

}  // namespace palimpsest::simt
