#include "nn/keras_weights.h"

#include "fuzz/weights.h"

// libhdf5 runs in a child process for every question, so that this is slow and libFuzzer sees only our part.
void palimpsest::fuzz::target(std::string_view bytes) {
  examine(nn::KerasWeights(as_file(bytes)));
}
