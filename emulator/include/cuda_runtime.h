#pragma once
// CUDA C++ and the CUDA runtime on a CPU: what the files of cuda/ use of them, and nothing else. What is not
// here does not compile. See docs/kernels.md.
#define PALIMPSEST_SIMT_H

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __grid_constant__
#define __launch_bounds__(...)
#define __align__(n) alignas(n)

#include "simt/atomics.h"
#include "simt/launch.h"
#include "simt/maths.h"
#include "simt/runtime_api.h"
#include "simt/runtime_types.h"
#include "simt/threads.h"
#include "simt/vectors.h"
