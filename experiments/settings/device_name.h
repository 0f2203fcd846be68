#pragma once
#include <cstdint>
#include <string>

#include "base/words.h"

namespace palimpsest::experiments {

// The value of --device: auto, cpu, cuda, cuda-emulated, or cuda:N for one of several GPUs, numbered from 0 as `info`
// lists them.
struct DeviceName {
  enum class Kind : std::uint8_t { automatic, cpu, cuda, cuda_emulated };
  Kind kind = Kind::automatic;
  int gpu = 0;

  friend bool operator==(const DeviceName&, const DeviceName&) = default;
};
constexpr auto words(DeviceName::Kind) {
  using enum DeviceName::Kind;
  return std::to_array<Word<DeviceName::Kind>>(
      {{"auto", automatic}, {"cpu", cpu}, {"cuda", cuda}, {"cuda-emulated", cuda_emulated}});
}

void from_text(const std::string& text, DeviceName& device);  // throws NotOfItsKind for another text
std::string to_text(const DeviceName& device);

}  // namespace palimpsest::experiments
