#include "data/normalisation.h"

#include "base/error.h"

namespace palimpsest::data {

Normalisation parse_normalisation(std::string_view word) {
  if (word == "torchvision") return Normalisation::torchvision();
  if (word == "caffe") return Normalisation::caffe();
  if (word == "vggface") return Normalisation::vggface();
  if (word == "none") return Normalisation::none();
  throw Error(fmt::format("'{}' is not a known normalisation", word), "give torchvision, caffe, vggface or none");
}

}  // namespace palimpsest::data
