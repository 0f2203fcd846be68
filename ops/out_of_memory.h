#pragma once
#include <cstddef>

#include "base/error.h"

namespace palimpsest {

// A device has no memory left. Whoever asked for a batch's memory knows what a smaller one needs and can say it.
class OutOfMemory : public Error {
 public:
  // free_bytes: 0 where it is not known
  OutOfMemory(const std::string& problem, std::size_t asked_bytes, std::size_t free_bytes,
              const std::string& remedy = "use a smaller --batch, --size or --width")
      : Error(problem, remedy), asked(asked_bytes), free(free_bytes) {}
  std::size_t asked, free;
};

}  // namespace palimpsest
