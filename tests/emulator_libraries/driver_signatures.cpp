// Prints what the driver declares of tensor maps; built against either set of headers.
#include <cuda.h>

#include "signatures.h"

// The real enumerations have other tags than names.
#undef VALUE
#define VALUE(name) print_value(#name, static_cast<int>(name));

// Compiles with both: the same parameters.
static_assert(
    std::is_same_v<decltype(&cuTensorMapEncodeTiled),
                   CUresult (*)(CUtensorMap*, CUtensorMapDataType, cuuint32_t, void*, const cuuint64_t*,
                                const cuuint64_t*, const cuuint32_t*, const cuuint32_t*, CUtensorMapInterleave,
                                CUtensorMapSwizzle, CUtensorMapL2promotion, CUtensorMapFloatOOBfill)>);
static_assert(std::is_same_v<decltype(&cuTensorMapEncodeIm2col),
                             CUresult (*)(CUtensorMap*, CUtensorMapDataType, cuuint32_t, void*, const cuuint64_t*,
                                          const cuuint64_t*, const int*, const int*, cuuint32_t, cuuint32_t,
                                          const cuuint32_t*, CUtensorMapInterleave, CUtensorMapSwizzle,
                                          CUtensorMapL2promotion, CUtensorMapFloatOOBfill)>);

int main() {
#include "driver_names.inc"
  LAYOUT(CUtensorMap)
  LAYOUT(CUresult)
  LAYOUT(cuuint32_t)
  LAYOUT(cuuint64_t)
}
