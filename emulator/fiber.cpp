#include "fiber.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

#include "sanitizers.h"

namespace palimpsest::simt {
namespace {

using boost::context::detail::fcontext_t;
using boost::context::detail::jump_fcontext;
using boost::context::detail::transfer_t;

// The scheduler's side of the switch. Launches run one at a time (streams.cpp holds the lock), so one is enough.
Fiber* active = nullptr;
fcontext_t scheduler = nullptr;
void* scheduler_fake_stack = nullptr;
const void* scheduler_bottom = nullptr;
std::size_t scheduler_size = 0;

transfer_t jump(fcontext_t to) {
  transfer_t from = jump_fcontext(to, nullptr);
  unpoison_contents(&from, sizeof from);  // written by assembly, which MSan does not see
  return from;
}

}  // namespace

Fiber::Fiber(Body body, unsigned colour) : body_(body) {
  void* memory =
      mmap(nullptr, kStack + kGuard, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  memory_ = static_cast<char*>(memory);
  mprotect(memory_, kGuard, PROT_NONE);
  usable_ = kStack - colour % 16 * 256;
  context_ = boost::context::detail::make_fcontext(memory_ + kGuard + usable_, usable_, &Fiber::enter);
}

Fiber::~Fiber() {
  munmap(memory_, kStack + kGuard);
}

bool Fiber::holds(const void* address) const {
  return address >= memory_ + kGuard && address < memory_ + kGuard + kStack;
}
bool Fiber::guards(const void* address) const {
  return address >= memory_ && address < memory_ + kGuard;
}

void Fiber::resume() {
  active = this;
  if (__sanitizer_start_switch_fiber) __sanitizer_start_switch_fiber(&scheduler_fake_stack, memory_ + kGuard, usable_);
  context_ = jump(context_).fctx;
  if (__sanitizer_finish_switch_fiber) __sanitizer_finish_switch_fiber(scheduler_fake_stack, nullptr, nullptr);
  active = nullptr;
}

void Fiber::suspend() {
  Fiber* self = active;
  if (__sanitizer_start_switch_fiber)
    __sanitizer_start_switch_fiber(&self->fake_stack_, scheduler_bottom, scheduler_size);
  scheduler = jump(scheduler).fctx;
  if (__sanitizer_finish_switch_fiber)
    __sanitizer_finish_switch_fiber(self->fake_stack_, &scheduler_bottom, &scheduler_size);
}

void Fiber::enter(transfer_t from) {
  unpoison_contents(&from, sizeof from);
  scheduler = from.fctx;
  if (__sanitizer_finish_switch_fiber) __sanitizer_finish_switch_fiber(nullptr, &scheduler_bottom, &scheduler_size);
  active->body_();  // never returns: the scheduler does not resume a worker that it no longer needs
  std::abort();
}

}  // namespace palimpsest::simt
