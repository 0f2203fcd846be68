#pragma once
#include <cstdint>
#include <cstring>

#include "cublasLt.h"

namespace palimpsest::libraries {

// The contents of the opaque structures. They are plain values, so they are copied in and out.
struct LayoutFields {
  std::uint64_t rows, columns;
  std::int64_t leading;
  std::uint32_t type;
};
struct MatmulFields {
  std::int32_t compute_type, scale_type, transa, transb;
  std::uint32_t epilogue;
};
struct PreferenceFields {
  std::uint64_t max_workspace;
};
// An algorithm belongs to the product it was found for; `product` is a hash of that.
struct AlgorithmFields {
  std::uint64_t product, workspace;
};

template <class Fields, class Opaque>
Fields read_fields(const Opaque& opaque) {
  static_assert(sizeof(Fields) <= sizeof(Opaque));
  Fields fields;
  std::memcpy(&fields, &opaque, sizeof(fields));
  return fields;
}

template <class Fields, class Opaque>
void write_fields(const Fields& fields, Opaque& opaque) {
  static_assert(sizeof(Fields) <= sizeof(Opaque));
  std::memcpy(&opaque, &fields, sizeof(fields));
}

}  // namespace palimpsest::libraries
