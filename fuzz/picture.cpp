// Compiled once for each decoder, which DECODER names.
#include "data/decode.h"
#include "fuzz/harness.h"

namespace palimpsest {

// In place of data/image_read.cpp's, which permits 100 million pixels: large pictures would only be slow.
void data::decode::require_size(std::int64_t width, std::int64_t height) {
  constexpr std::int64_t limit = 1'000'000;
  if (width < 1 || height < 1 || width > limit || height > limit || width * height > limit)
    throw BrokenImage{"its size"};
}

void fuzz::target(std::string_view bytes) {
  try {
    const data::Image image = data::decode::DECODER(bytes).image;
    PALIMPSEST_REQUIRE(image.width >= 1 && image.height >= 1, "{} x {}", image.width, image.height);
    PALIMPSEST_REQUIRE(image.pixels.size() == 3 * std::size_t(image.width) * std::size_t(image.height), "pixels");
  } catch (const data::decode::BrokenImage& broken) {
    PALIMPSEST_REQUIRE(!broken.why.empty(), "reason");
  }
}

}  // namespace palimpsest
