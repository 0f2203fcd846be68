#include "base/dtype.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/half.h"

namespace palimpsest {

namespace {

struct DtypeSize {
  const char* name;
  int bytes;
};
constexpr std::array<DtypeSize, 15> dtypes{{{"F32", 4},
                                            {"F16", 2},
                                            {"BF16", 2},
                                            {"F64", 8},
                                            {"I64", 8},
                                            {"I32", 4},
                                            {"I16", 2},
                                            {"I8", 1},
                                            {"U64", 8},
                                            {"U32", 4},
                                            {"U16", 2},
                                            {"U8", 1},
                                            {"BOOL", 1},
                                            {"F8_E4M3", 1},
                                            {"F8_E5M2", 1}}};

float from_bfloat(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

template <typename From, typename Convert>
void convert(const char* bytes, std::span<float> to, Convert to_float) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    From value;
    std::memcpy(&value, bytes + i * sizeof(From), sizeof(From));
    to[i] = to_float(value);
  }
}

template <typename From>
void cast(const char* bytes, std::span<float> to) {
  convert<From>(bytes, to, [](From value) { return static_cast<float>(value); });
}

}  // namespace

int dtype_bytes(const std::string& dtype) {
  const auto at = std::find_if(dtypes.begin(), dtypes.end(), [&](const DtypeSize& d) { return dtype == d.name; });
  return at == dtypes.end() ? 0 : at->bytes;
}

ToFloats floats_from(const std::string& dtype) {
  if (dtype == "F32") return cast<float>;
  if (dtype == "F64") return cast<double>;
  if (dtype == "F16") return [](const char* b, std::span<float> to) { convert<std::uint16_t>(b, to, from_half); };
  if (dtype == "BF16") return [](const char* b, std::span<float> to) { convert<std::uint16_t>(b, to, from_bfloat); };
  if (dtype == "I64") return cast<std::int64_t>;
  if (dtype == "I32") return cast<std::int32_t>;
  if (dtype == "I16") return cast<std::int16_t>;
  if (dtype == "I8") return cast<std::int8_t>;
  if (dtype == "U64") return cast<std::uint64_t>;
  if (dtype == "U32") return cast<std::uint32_t>;
  if (dtype == "U16") return cast<std::uint16_t>;
  if (dtype == "U8" || dtype == "BOOL") return cast<std::uint8_t>;
  return nullptr;
}

}  // namespace palimpsest
