#pragma once
// Stacks between which the scheduler switches. About 5 ns per switch.
#include <boost/context/detail/fcontext.hpp>
#include <cstddef>

namespace palimpsest::simt {

class Fiber {
 public:
  using Body = void (*)();
  // `colour` moves the top of the stack, so that the hot ends of many stacks do not share their cache sets.
  Fiber(Body body, unsigned colour);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  void resume();          // from the scheduler; returns when the fiber suspends
  static void suspend();  // from the running fiber
  bool holds(const void* address) const;
  bool guards(const void* address) const;  // its guard page: the stack overflowed

 private:
  static void enter(boost::context::detail::transfer_t from);

  static constexpr std::size_t kStack = 256 * 1024, kGuard = 4096;
  char* memory_;
  std::size_t usable_;
  Body body_;
  boost::context::detail::fcontext_t context_;
  void* fake_stack_ = nullptr;  // AddressSanitizer's
};

}  // namespace palimpsest::simt
