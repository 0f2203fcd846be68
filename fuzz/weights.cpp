#include "fuzz/weights.h"

#include "nn/hdf5_file.h"

// A weights file of any format but HDF5, whose library runs in a child process (keras_weights).
void palimpsest::fuzz::target(std::string_view bytes) {
  const fs::path path = as_file(bytes);
  if (!nn::is_hdf5(path)) examine(*nn::open_weights(path));
}
