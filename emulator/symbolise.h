#pragma once
// Source lines of code addresses, for findings: by addr2line where it is installed and the code has debug information.
#include <string>

namespace palimpsest::simt {

// "reduce.cu:42 (in tile_sum)"; the outermost function where the address lies in the emulator's own headers is left
// out for its caller. Without debug information "program+0x1234".
std::string source_line(const void* code_address);

}  // namespace palimpsest::simt
