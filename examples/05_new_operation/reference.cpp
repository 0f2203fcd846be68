// What every device is compared with (in the library: tests/support/reference_*.cpp): plain loops in double precision,
// written from the formula alone.
#include "examples/05_new_operation/op.h"

namespace palimpsest::reference {

Values leaky_relu(const Values& x, const Values& from, double slope) {
  Values to;
  for (std::size_t i = 0; i < x.size(); ++i) to.push_back(x[i] > 0 ? from[i] : slope * from[i]);
  return to;
}

}  // namespace palimpsest::reference
