#include "tensor_map.h"

#include <cstring>

#include "api.h"
#include "simt/runtime_api.h"
#include "simt/work.h"

namespace palimpsest::simt {
namespace {

constexpr std::uint64_t kLargestStride = std::uint64_t{1} << 40, kLargestSize = std::uint64_t{1} << 32;

struct Common {
  CUtensorMapDataType type;
  cuuint32_t rank;
  const void* address;
  const cuuint64_t *sizes, *strides;
  const cuuint32_t* element_strides;
  CUtensorMapInterleave interleave;
  CUtensorMapSwizzle swizzle;
  CUtensorMapFloatOOBfill fill;
};

// False for what the driver refuses.
bool fill_in(TensorRecord& record, const Common& map) {
  if (!map.address || !map.sizes || !map.element_strides || (map.rank > 1 && !map.strides)) return false;
  if (reinterpret_cast<std::uintptr_t>(map.address) % 16 != 0) return false;
  if (map.swizzle < CU_TENSOR_MAP_SWIZZLE_NONE || map.swizzle > CU_TENSOR_MAP_SWIZZLE_128B) return false;
  record.mark = kTensorMap;
  record.rank = static_cast<std::uint8_t>(map.rank);
  record.value_bytes = map.type == CU_TENSOR_MAP_DATA_TYPE_FLOAT32 ? 4 : 2;
  record.swizzle_bytes =
      static_cast<std::uint8_t>(map.swizzle == CU_TENSOR_MAP_SWIZZLE_NONE ? 0 : 16 << static_cast<int>(map.swizzle));
  record.data = static_cast<const char*>(map.address);
  record.box.fill(1);
  for (cuuint32_t i = 0; i < map.rank; ++i) {
    if (map.sizes[i] == 0 || map.sizes[i] > kLargestSize) return false;
    if (map.element_strides[i] == 0 || map.element_strides[i] > 8) return false;
    record.last[i] = static_cast<std::uint32_t>(map.sizes[i] - 1);
  }
  for (cuuint32_t i = 0; i + 1 < map.rank; ++i) {
    if (map.strides[i] % 16 != 0 || map.strides[i] >= kLargestStride) return false;
    record.strides[i] = map.strides[i];
  }
  return true;
}

// A row of a box consists of 16-byte chunks, and is at most what is swizzled together.
bool row_fits(const TensorRecord& record) {
  const unsigned bytes = record.box[0] * record.value_bytes;
  return bytes % 16 == 0 && (record.swizzle_bytes == 0 || bytes <= record.swizzle_bytes);
}

// What CUDA has and the emulator does not.
void require_modelled(const Common& map, cuuint32_t most_dimensions) {
  const bool type = map.type == CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 || map.type == CU_TENSOR_MAP_DATA_TYPE_FLOAT16 ||
                    map.type == CU_TENSOR_MAP_DATA_TYPE_UINT16 || map.type == CU_TENSOR_MAP_DATA_TYPE_FLOAT32;
  bool dense = true;
  for (cuuint32_t i = 1; map.element_strides && i < map.rank && i < 5; ++i) dense &= map.element_strides[i] == 1;
  if (!type || !dense || (map.rank > most_dimensions && map.rank <= 5) ||
      map.interleave != CU_TENSOR_MAP_INTERLEAVE_NONE || map.fill != CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE)
    finding("emulator", "it lacks tensor maps of this type, rank, element strides, interleaving or filling");
}

CUresult encoded(CUtensorMap* map, const TensorRecord& record) {
  *map = {};
  std::memcpy(map->opaque, &record, sizeof record);
  return CUDA_SUCCESS;
}

}  // namespace

TensorRecord record_of(const CUtensorMap& map) {
  TensorRecord record;
  std::memcpy(&record, map.opaque, sizeof record);
  if (record.mark != kTensorMap) finding("invalid tensor copy", "its map was not encoded");
  return record;
}

}  // namespace palimpsest::simt

using namespace palimpsest::simt;

CUresult cuTensorMapEncodeTiled(CUtensorMap* map, CUtensorMapDataType type, cuuint32_t rank, void* address,
                                const cuuint64_t* sizes, const cuuint64_t* strides, const cuuint32_t* box,
                                const cuuint32_t* element_strides, CUtensorMapInterleave interleave,
                                CUtensorMapSwizzle swizzle, CUtensorMapL2promotion, CUtensorMapFloatOOBfill fill) {
  const Common common{type, rank, address, sizes, strides, element_strides, interleave, swizzle, fill};
  require_modelled(common, 4);
  if (!map || !box || rank == 0 || rank > 5) return CUDA_ERROR_INVALID_VALUE;
  TensorRecord record{};
  if (!fill_in(record, common)) return CUDA_ERROR_INVALID_VALUE;
  for (cuuint32_t i = 0; i < rank; ++i) {
    if (box[i] == 0 || box[i] > 256) return CUDA_ERROR_INVALID_VALUE;
    record.box[i] = static_cast<std::uint16_t>(box[i]);
  }
  return row_fits(record) ? encoded(map, record) : CUDA_ERROR_INVALID_VALUE;
}

// The corners' offsets are those of width, then height: in the order of the sizes.
CUresult cuTensorMapEncodeIm2col(CUtensorMap* map, CUtensorMapDataType type, cuuint32_t rank, void* address,
                                 const cuuint64_t* sizes, const cuuint64_t* strides, const int* lower_corner,
                                 const int* upper_corner, cuuint32_t channels, cuuint32_t pixels,
                                 const cuuint32_t* element_strides, CUtensorMapInterleave interleave,
                                 CUtensorMapSwizzle swizzle, CUtensorMapL2promotion, CUtensorMapFloatOOBfill fill) {
  const Common common{type, rank, address, sizes, strides, element_strides, interleave, swizzle, fill};
  require_modelled(common, 4);
  if (rank == 3) finding("emulator", "it lacks im2col maps of one dimension");
  if (!map || !lower_corner || !upper_corner || rank != 4) return CUDA_ERROR_INVALID_VALUE;
  TensorRecord record{};
  if (!fill_in(record, common)) return CUDA_ERROR_INVALID_VALUE;
  if (channels == 0 || channels > 256 || pixels == 0 || pixels > 1024) return CUDA_ERROR_INVALID_VALUE;
  record.pixels = true;
  record.box = {static_cast<std::uint16_t>(channels), static_cast<std::uint16_t>(pixels), 1, 1};
  for (std::size_t i = 0; i < 2; ++i) {
    const int lower = lower_corner[i], upper = upper_corner[i];
    if (lower < -128 || lower > 127 || upper < -128 || upper > 127) return CUDA_ERROR_INVALID_VALUE;
    if (static_cast<std::int64_t>(sizes[1 + i]) + upper - lower <= 0) return CUDA_ERROR_INVALID_VALUE;  // an empty box
    record.lower[i] = static_cast<std::int16_t>(lower);
    record.upper[i] = static_cast<std::int16_t>(upper);
  }
  return row_fits(record) ? encoded(map, record) : CUDA_ERROR_INVALID_VALUE;
}

cudaError_t cudaGetDriverEntryPointByVersion(const char* symbol, void** function, unsigned int version,
                                             unsigned long long, cudaDriverEntryPointQueryResult* result) {
  SIMT_API("cudaGetDriverEntryPointByVersion");
  if (!symbol || !function) return failed(cudaErrorInvalidValue);
  const std::string_view name = symbol;
  *function = name == "cuTensorMapEncodeTiled"    ? reinterpret_cast<void*>(&cuTensorMapEncodeTiled)
              : name == "cuTensorMapEncodeIm2col" ? reinterpret_cast<void*>(&cuTensorMapEncodeIm2col)
                                                  : nullptr;
  cudaDriverEntryPointQueryResult found = cudaDriverEntryPointSuccess;
  if (!*function) {
    found = cudaDriverEntryPointSymbolNotFound;
  } else if (version < 12000) {  // both came with CUDA 12
    *function = nullptr;
    found = cudaDriverEntryPointVersionNotSufficent;
  }
  if (result) *result = found;
  return cudaSuccess;
}
