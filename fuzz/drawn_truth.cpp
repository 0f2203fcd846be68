#include "data/drawn/truth.h"
#include "fuzz/harness.h"

// The list of a drawn set, with one mask; then the masks themselves, if they are no list.
void palimpsest::fuzz::target(std::string_view bytes) {
  const bool masks = bytes.starts_with("\x93NUMPY");
  static const std::string list = "id,part,person,emotion,width,height,mask_row,action_units\na,train,p,,64,64,0,4:3\n";
  static const std::string mask = "\x93NUMPY" + std::string("\x01\x00\x76\x00", 4) +
                                  "{'descr': '<u4', 'fortran_order': False, 'shape': (1, 64, 64), }" +
                                  std::string(0x76 - 61, ' ') + "\n" + std::string(64 * 64 * 4, '\x5A');
  const fs::path path = as_file(masks ? std::string_view(list) : bytes, "set/truth/truth.csv");
  as_file(masks ? bytes : std::string_view(mask), "set/truth/masks.npy");
  const auto truth = data::drawn::load_truth(path.parent_path().parent_path());
  for (const auto& entry : truth->entries())
    for (const float covered : truth->mask(entry.id, 4, 8))
      PALIMPSEST_REQUIRE(covered >= 0 && covered <= 1, "{}", covered);
}
