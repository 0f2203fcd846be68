#include "base/npz.h"

#include "base/npy.h"
#include "fuzz/harness.h"

// Every member of an archive.
void palimpsest::fuzz::target(std::string_view bytes) {
  const NpzArchive archive(as_file(bytes, "input.npz"));
  for (const std::string& member : archive.members()) {
    try {
      const NpyArray array = read_npy(archive.name_of(member));
      PALIMPSEST_REQUIRE(array.bytes.size() == std::size_t(array.count()) * std::size_t(array.item_size), "size");
    } catch (const ContractError&) {
      throw;
    } catch (const Error&) {
    }
  }
}
