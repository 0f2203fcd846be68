#pragma once
#include <cstdint>
#include <span>

namespace palimpsest::analysis {

// How much one yes-or-no tells about another, in bits: the mutual information of their frequencies (Cover and Thomas,
// Elements of Information Theory, eq. 2.28). It is never negative, so that for n independent pairs it is about
// 1 / (2 n ln 2) by chance. requires: equal lengths
double mutual_information(std::span<const std::uint8_t> x, std::span<const std::uint8_t> y);

}  // namespace palimpsest::analysis
