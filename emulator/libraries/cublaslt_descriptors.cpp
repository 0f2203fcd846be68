#include "emulator/libraries/cublaslt_descriptors.h"

#include <cstddef>

// As observed in the real library, creating and setting check sizes and null pointers, never the values. A wrong
// value is found when the heuristics search for the product.

using namespace palimpsest::libraries;

namespace {

cublasStatus_t set(void* field, std::size_t size, const void* value, std::size_t bytes) {
  if (!value || bytes != size) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(field, value, size);
  return CUBLAS_STATUS_SUCCESS;
}

// Without a buffer the call returns the size of the value.
cublasStatus_t get(const void* field, std::size_t size, void* value, std::size_t bytes, std::size_t* written) {
  if (bytes == 0 ? !written : !value || bytes != size) return CUBLAS_STATUS_INVALID_VALUE;
  if (bytes != 0) std::memcpy(value, field, size);
  if (written) *written = size;
  return CUBLAS_STATUS_SUCCESS;
}

struct Field {
  void* address = nullptr;
  std::size_t size = 0;
};

template <class T>
Field field(T& value) {
  return {&value, sizeof(T)};
}

Field find(LayoutFields& fields, cublasLtMatrixLayoutAttribute_t attribute) {
  switch (attribute) {
    case CUBLASLT_MATRIX_LAYOUT_TYPE:
      return field(fields.type);
    case CUBLASLT_MATRIX_LAYOUT_ROWS:
      return field(fields.rows);
    case CUBLASLT_MATRIX_LAYOUT_COLS:
      return field(fields.columns);
    case CUBLASLT_MATRIX_LAYOUT_LD:
      return field(fields.leading);
  }
  return {};
}

Field find(MatmulFields& fields, cublasLtMatmulDescAttributes_t attribute) {
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_COMPUTE_TYPE:
      return field(fields.compute_type);
    case CUBLASLT_MATMUL_DESC_SCALE_TYPE:
      return field(fields.scale_type);
    case CUBLASLT_MATMUL_DESC_TRANSA:
      return field(fields.transa);
    case CUBLASLT_MATMUL_DESC_TRANSB:
      return field(fields.transb);
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
      return field(fields.epilogue);
  }
  return {};
}

Field find(PreferenceFields& fields, cublasLtMatmulPreferenceAttributes_t attribute) {
  switch (attribute) {
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
      return field(fields.max_workspace);
  }
  return {};
}

template <class Fields, class Opaque, class Attribute>
cublasStatus_t set_attribute(Opaque* opaque, Attribute attribute, const void* value, std::size_t bytes) {
  if (!opaque) return CUBLAS_STATUS_INVALID_VALUE;
  auto fields = read_fields<Fields>(*opaque);
  const Field found = find(fields, attribute);
  if (!found.address) return CUBLAS_STATUS_INVALID_VALUE;
  const cublasStatus_t status = set(found.address, found.size, value, bytes);
  write_fields(fields, *opaque);
  return status;
}

template <class Fields, class Opaque, class Attribute>
cublasStatus_t get_attribute(const Opaque* opaque, Attribute attribute, void* value, std::size_t bytes,
                             std::size_t* written) {
  if (!opaque) return CUBLAS_STATUS_INVALID_VALUE;
  auto fields = read_fields<Fields>(*opaque);
  const Field found = find(fields, attribute);
  if (!found.address) return CUBLAS_STATUS_INVALID_VALUE;
  return get(found.address, found.size, value, bytes, written);
}

template <class Fields, class Opaque>
cublasStatus_t create(Opaque** opaque, const Fields& fields) {
  if (!opaque) return CUBLAS_STATUS_INVALID_VALUE;
  *opaque = new Opaque{};
  write_fields(fields, **opaque);
  return CUBLAS_STATUS_SUCCESS;
}

template <class Opaque>
cublasStatus_t destroy(Opaque* opaque) {
  delete opaque;
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace

extern "C" {

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType type, std::uint64_t rows,
                                          std::uint64_t cols, std::int64_t ld) {
  return create(layout, LayoutFields{rows, cols, ld, std::uint32_t(type)});
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  return destroy(layout);
}

cublasStatus_t cublasLtMatrixLayoutGetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute, void* value,
                                                std::size_t bytes, std::size_t* written) {
  return get_attribute<LayoutFields>(layout, attribute, value, bytes, written);
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* descriptor, cublasComputeType_t compute_type,
                                        cudaDataType_t scale_type) {
  return create(descriptor,
                MatmulFields{compute_type, scale_type, CUBLAS_OP_N, CUBLAS_OP_N, CUBLASLT_EPILOGUE_DEFAULT});
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t descriptor) {
  return destroy(descriptor);
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t descriptor, cublasLtMatmulDescAttributes_t attribute,
                                              const void* value, std::size_t bytes) {
  return set_attribute<MatmulFields>(descriptor, attribute, value, bytes);
}

cublasStatus_t cublasLtMatmulDescGetAttribute(cublasLtMatmulDesc_t descriptor, cublasLtMatmulDescAttributes_t attribute,
                                              void* value, std::size_t bytes, std::size_t* written) {
  return get_attribute<MatmulFields>(descriptor, attribute, value, bytes, written);
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  return create(preference, PreferenceFields{0});
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  return destroy(preference);
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute, const void* value,
                                                    std::size_t bytes) {
  return set_attribute<PreferenceFields>(preference, attribute, value, bytes);
}

}  // extern "C"
