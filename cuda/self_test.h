#pragma once
#include <string>

#include "cuda/precision.h"
#include "cuda/proof.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Compares every kernel of a set of the products with the plain ones (gemm/plain.cuh) on a GPU: bit for bit on small
// integers, whose sums are exact in any order; within rounding on other numbers, and there twice with the same bits.
// Shapes are small and have edges everywhere. Returns the first difference as one clause, empty if there is none;
// throws Error if the GPU cannot be used. A wrong kernel can also end the process or never return: cuda/proof.h runs
// this in a process of its own.
std::string self_test(Precision precision, KernelSet kernels, int gpu);

}  // namespace palimpsest::PALIMPSEST_CUDA
