#pragma once
#include <cstdint>

#include "base/words.h"

namespace palimpsest::experiments {

// Ways to forget less, each tried on FreezeB0: the first training without some classes (the suggestion of Prajod et
// al.), a decay towards the first training's weights, its images shown beside the new ones.
enum class Arm : std::uint8_t { drop_classes, l2_sp, rehearsal };
constexpr auto words(Arm) {
  return std::to_array<Word<Arm>>(
      {{"drop-classes", Arm::drop_classes}, {"l2-sp", Arm::l2_sp}, {"rehearsal", Arm::rehearsal}});
}

}  // namespace palimpsest::experiments
