#include "tests/support/goldens.h"

#include <cstdlib>

namespace palimpsest {

std::filesystem::path goldens() {
  const char* const elsewhere = std::getenv("PALIMPSEST_GOLDENS");
  return elsewhere ? elsewhere : GOLDENS_FOLDER;
}

}  // namespace palimpsest
