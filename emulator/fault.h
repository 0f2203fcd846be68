#pragma once
// SIGSEGV and SIGBUS become findings if the emulator knows the cause; otherwise they are passed on.

namespace palimpsest::simt {

void install_fault_handler();

}  // namespace palimpsest::simt
