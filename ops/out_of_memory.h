#pragma once
#include <cstddef>

#include "base/error.h"

namespace palimpsest {

// A device is out of memory. A caller that allocates for a batch can add which smaller batch would fit.
class OutOfMemory : public Error {
 public:
  // free_bytes: 0 if not known
  OutOfMemory(const std::string& problem, std::size_t asked_bytes, std::size_t free_bytes,
              const std::string& remedy = "use a smaller --batch, --size or --width")
      : Error(problem, remedy), asked(asked_bytes), free(free_bytes) {}
  std::size_t asked, free;
};

}  // namespace palimpsest
