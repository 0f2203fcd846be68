#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

namespace palimpsest::data {

// An 8-bit RGB picture, rows top to bottom: pixel (x, y) is at pixels[3 * (y * width + x)], order R, G, B.
struct Image {
  int width = 0, height = 0;
  std::vector<std::uint8_t> pixels;

  Image() = default;
  Image(int w, int h) : width(w), height(h), pixels(std::size_t(3) * std::size_t(w) * std::size_t(h)) {}
  std::uint8_t* at(int x, int y) { return pixels.data() + 3 * (std::size_t(y) * std::size_t(width) + std::size_t(x)); }
  const std::uint8_t* at(int x, int y) const { return const_cast<Image*>(this)->at(x, y); }
};

// A rectangle in pixels; the right and lower edges are exclusive. May reach beyond the picture.
struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
};

struct Point {
  double x = 0, y = 0;
};

// Decodes JPEG (libjpeg-turbo), TIFF (libtiff), PNG (stb_image), WebP (libwebp), GIF (giflib), BMP and PNM,
// distinguished by their first bytes, never by the name; of a file with several pictures the first. Grey becomes RGB;
// alpha is dropped and the colours are unchanged, as in Pillow's convert('RGB'), except that 16 bits are reduced to
// their upper 8. EXIF's orientation is not applied, as in Pillow; TIFF's is. Throws Error naming the file, and what it
// is if known, when it is missing, of another format, broken, truncated or larger than 100 million pixels.
Image read_image(const std::filesystem::path& path);

// Both write through a temporary name. The same pixels give the same bytes.
void write_png(const std::filesystem::path& path, const Image& image);
void write_jpeg(const std::filesystem::path& path, const Image& image, int quality);

// `box` of `image`, scaled to width x height with a box filter when shrinking and bilinear interpolation otherwise
// (antialiased triangle filter, as Pillow's BILINEAR). Outside the picture the nearest edge pixel is repeated.
Image crop_and_resize(const Image& image, const Box& box, int width, int height);

}  // namespace palimpsest::data
