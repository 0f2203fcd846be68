#include "base/npy.h"

#include <cstring>

#include "fuzz/harness.h"

// An array is as large as its shape says; its floats, written and read again, have the same bits.
void palimpsest::fuzz::target(std::string_view bytes) {
  const NpyArray array = read_npy(as_file(bytes, "input.npy"));
  PALIMPSEST_REQUIRE(array.bytes.size() == std::size_t(array.count()) * std::size_t(array.item_size), "size");
  const auto refusable = [](const auto& read) {
    try {
      read();
    } catch (const ContractError&) {
      throw;
    } catch (const Error&) {
    }
  };
  refusable([&] { array.number(); });
  refusable([&] { array.doubles(); });
  refusable([&] { integers_and_remark(array); });
  if (array.is_text()) {
    if (array.count() == 1) refusable([&] { array.text(); });
    return;
  }
  const auto floats = floats_and_remark(array);
  const fs::path copy = as_file({}, "copy.npy");
  write_npy(copy, floats, array.shape);
  const NpyArray again = read_npy(copy);
  PALIMPSEST_REQUIRE(again.shape == array.shape && again.bytes.size() == 4 * floats.size() &&
                         (floats.empty() || std::memcmp(again.bytes.data(), floats.data(), again.bytes.size()) == 0),
                     "copy");
}
