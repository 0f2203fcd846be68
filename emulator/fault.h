#pragma once
// SIGSEGV and SIGBUS become findings where the emulator knows what happened, and are passed on where it does not.

namespace palimpsest::simt {

void install_fault_handler();

}  // namespace palimpsest::simt
