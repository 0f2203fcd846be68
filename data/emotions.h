#pragma once
#include <array>
#include <string_view>

namespace palimpsest::data {

// AffectNet's classes in the order of its codes 0 to 10. The study uses the first 8.
inline constexpr std::array<std::string_view, 11> affectnet_classes{
    "neutral", "happy", "sad", "surprise", "fear", "disgust", "anger", "contempt", "none", "uncertain", "non-face"};

// CK+'s, in the order of its codes 0 to 7.
inline constexpr std::array<std::string_view, 8> ckplus_classes{"neutral", "anger", "contempt", "disgust",
                                                                "fear",    "happy", "sadness",  "surprise"};

}  // namespace palimpsest::data
