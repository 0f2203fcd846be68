#pragma once
#include <string>
#include <string_view>

namespace palimpsest::PALIMPSEST_CUDA {

// Of the build, as in CMAKE_CUDA_ARCHITECTURES, with commas: "75-real,80".
std::string_view built_architectures();

// Whether the list has machine code for a GPU of this compute capability (86 for 8.6). Machine code runs on GPUs of the
// same major and an equal or higher minor number (CUDA C++ Programming Guide, "Binary compatibility"); code for 90a
// only on 9.0. On others the driver compiles PTX when a kernel is first used.
bool has_machine_code(std::string_view architectures, int compute_capability);

}  // namespace palimpsest::PALIMPSEST_CUDA
