#pragma once
// Source lines of code addresses, for findings: by addr2line if it is installed and the code has debug information.
#include <string>

namespace palimpsest::simt {

// "reduce.cu:42 (in tile_sum)"; for an address in the emulator's own headers, the caller is named instead. Without
// debug information "program+0x1234".
std::string source_line(const void* code_address);

}  // namespace palimpsest::simt
