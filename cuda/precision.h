#pragma once
#include <cstdint>

#include "base/words.h"

namespace palimpsest {

// Of the products of convolutions and fully connected layers on a GPU. Sums are always fp32. tf32 and bf16 round both
// factors (to 11 and 8 significant bits) and need compute capability 8.0.
enum class Precision : std::uint8_t { fp32, tf32, bf16 };
constexpr auto words(Precision) {
  return std::to_array<Word<Precision>>(
      {{"fp32", Precision::fp32}, {"tf32", Precision::tf32}, {"bf16", Precision::bf16}});
}

}  // namespace palimpsest
