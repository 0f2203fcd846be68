#pragma once
#include <span>
#include <string>

namespace palimpsest {

// Element types of weights files, as safetensors spells them.
int dtype_bytes(const std::string& dtype);  // of one element; 0: unknown

// Converts little-endian elements; null for a type without a conversion. to_floats(bytes, to): as many as fit `to`
using ToFloats = void (*)(const char* bytes, std::span<float> to);
ToFloats floats_from(const std::string& dtype);

}  // namespace palimpsest
