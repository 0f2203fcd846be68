// Prints what the CUDA runtime declares; built against either set of headers. The emulator's C++ overloads are left
// out (see CMakeLists.txt), as NVIDIA's are by including the C header only.
#ifdef EMULATOR_HEADERS
#include "runtime_c_api.h"
#include "simt/vectors.h"
#else
#include <cuda_runtime_api.h>
#include <vector_types.h>
#endif

#include <cstddef>

#include "signatures.h"

int main() {
#include "runtime_names.inc"
  TYPE(cudaError_t)
  TYPE(cudaStream_t)
  TYPE(cudaEvent_t)
  TYPE(cudaGraph_t)
  TYPE(cudaGraphExec_t)
  TYPE(cudaGraphNode_t)
  TYPE(cudaHostFn_t)
  LAYOUT(dim3)
  LAYOUT(uint3)
  LAYOUT(float2)
  LAYOUT(float4)
  LAYOUT(int4)
  LAYOUT(uint4)
  LAYOUT(uchar4)
  LAYOUT(double2)
}
