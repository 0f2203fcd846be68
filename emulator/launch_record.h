#pragma once
// Which kernels a process launched, for a test that none is left out: if PALIMPSEST_EMULATOR_LAUNCHES names a file, the
// process writes there at its end a line for each kernel and extent of its grid in z:
//   object<tab>address in it<tab>gridDim.z
#include "simt/launch.h"

namespace palimpsest::simt {

void record(const Launch& launch);

}  // namespace palimpsest::simt
