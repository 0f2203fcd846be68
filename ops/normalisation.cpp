#include "ops/normalisation.h"

namespace palimpsest {

Normalisation Normalisation::none() {
  return {};
}

Normalisation Normalisation::torchvision() {
  return {{0, 1, 2},
          {0.485F * 255, 0.456F * 255, 0.406F * 255},
          {1 / (0.229F * 255), 1 / (0.224F * 255), 1 / (0.225F * 255)}};
}

Normalisation Normalisation::caffe() {
  return {{2, 1, 0}, {103.939F, 116.779F, 123.68F}, {1, 1, 1}};
}

Normalisation Normalisation::vggface() {
  return {{2, 1, 0}, {93.5940F, 104.7624F, 129.1863F}, {1, 1, 1}};
}

}  // namespace palimpsest
