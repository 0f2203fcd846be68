#pragma once
// Which accesses of a block's threads come before which, within one interval between barriers of the whole block: by
// warp operations, and by barriers of some threads (mbarrier, bar.sync). Also which ordinary writes to shared memory a
// fence has made visible to asynchronous copies and products.
//
// Vector clocks: a thread's accesses carry its clock, which grows when it releases something.
#include <array>
#include <cstdint>
#include <deque>
#include <vector>

namespace palimpsest::simt {

class Clocks {
 public:
  void start_block(unsigned threads, std::uint32_t segment);
  void start_segment(std::uint32_t segment);  // all earlier accesses of the block come before

  std::uint32_t of(unsigned thread);
  void warp_synchronised(unsigned warp, std::uint32_t lanes);
  // A barrier of some threads; `key` is its name.
  void release(const void* key, unsigned thread);
  void complete(const void* key);
  void acquire(const void* key, unsigned thread);
  void fence(unsigned thread);

  // Whether all of a thread's accesses of this segment up to `clock` come before the next of `after`.
  bool ordered(unsigned before, std::uint32_t clock, unsigned after) const;
  // The same of a write of any segment, with a fence in between.
  bool fenced(unsigned before, std::uint32_t segment, std::uint32_t clock, unsigned after) const;

 private:
  static constexpr unsigned kWarp = 32;
  struct Warp {
    std::uint32_t segment = 0;
    std::uint32_t now = 1;
    std::array<std::uint32_t, kWarp> clock{};
    std::array<std::array<std::uint32_t, kWarp>, kWarp> seen{};
  };
  using Vector = std::vector<std::uint32_t>;  // by thread
  // What is known of the other threads: in `segment`; what is fenced: everything before `fence_segment`, and in it.
  struct Knowledge {
    std::uint32_t segment = 0, fence_segment = 0;
    Vector seen, fenced;
  };
  struct Point {
    const void* key;
    Knowledge pending, complete;
  };

  Warp& warp(unsigned index);
  Knowledge& known_by(unsigned thread);
  void refresh(Knowledge& knowledge) const;
  void join(Knowledge& into, const Knowledge& from) const;
  Knowledge view(unsigned thread);
  Point& point(const void* key);

  unsigned threads_ = 0;
  std::uint32_t segment_ = 0;
  std::vector<Warp> warps_;
  std::vector<Knowledge> known_;  // empty until a barrier of some threads, or a fence, is used
  std::deque<Point> points_;
};

}  // namespace palimpsest::simt
