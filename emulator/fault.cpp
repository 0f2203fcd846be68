#include "fault.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <bit>
#include <cstdlib>
#include <cstring>

#include "block.h"
#include "memory.h"
#include "region.h"
#include "shared_memory.h"
#include "simt/work.h"
#include "symbolise.h"

namespace palimpsest::simt {
namespace {

struct sigaction previous_segv, previous_bus;

void pass_on(int signal, siginfo_t* info, void* context) {
  const struct sigaction& previous = signal == SIGBUS ? previous_bus : previous_segv;
  if (previous.sa_flags & SA_SIGINFO) return previous.sa_sigaction(signal, info, context);
  if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) return previous.sa_handler(signal);
  ::signal(signal, SIG_DFL);  // the instruction runs again and ends the program
}

std::string source_of(void* context) {
  const auto counter = static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP];
  return source_line(std::bit_cast<const void*>(counter));
}

void handle(int signal, siginfo_t* info, void* context) {
  const void* address = info->si_addr;
  if (overflowed_stack(address))
    finding("stack overflow", fmt::format("a thread uses more stack than the emulator has, at {}", source_of(context)));
  if (in_shared_memory(address)) return pass_on(signal, info, context);
  if (in_thread()) finding("illegal address", fmt::format("{} touches {}", source_of(context), describe(address)));
  if (in_region(address)) {
    if (find_allocation(address) && memory_kind(address) == MemoryKind::Device && bytes_behind(address) > 0)
      finding("host touches device memory", fmt::format("{} touches {}", source_of(context), describe(address)));
    finding("illegal address", fmt::format("{} touches {}", source_of(context), describe(address)));
  }
  pass_on(signal, info, context);
}

}  // namespace

void install_fault_handler() {
  // A separate stack: a kernel's may have overflowed.
  constexpr std::size_t kStack = 256 * 1024;
  void* memory = mmap(nullptr, kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_t stack{};
  if (sigaltstack(nullptr, &stack) == 0 && (stack.ss_flags & SS_DISABLE)) {
    stack.ss_sp = memory;
    stack.ss_size = kStack;
    stack.ss_flags = 0;
    sigaltstack(&stack, nullptr);
  }
  struct sigaction action{};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &action, &previous_segv);
  sigaction(SIGBUS, &action, &previous_bus);
}

}  // namespace palimpsest::simt
