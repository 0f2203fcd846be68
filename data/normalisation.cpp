#include "data/normalisation.h"

#include "base/error.h"

namespace palimpsest {

Normalisation parse_normalisation(std::string_view word) {
  if (word == "torchvision") return Normalisation::torchvision();
  if (word == "caffe") return Normalisation::caffe();
  if (word == "none") return Normalisation::none();
  throw Error(fmt::format("'{}' is no normalisation", word), "it is torchvision, caffe or none");
}

}  // namespace palimpsest
