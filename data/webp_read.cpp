#include <fmt/format.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include <memory>

#include "data/decode.h"

namespace palimpsest::data::decode {

namespace {

std::string_view meaning(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
      return "it is cut short";
    case VP8_STATUS_OUT_OF_MEMORY:
      return "memory is short";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return "its kind of WebP is not read (convert it to PNG or JPEG)";
    default:
      return "its WebP data are broken";
  }
}

const std::uint8_t* start_of(std::string_view bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

Image still(std::string_view bytes, int width, int height) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) throw BrokenImage{"libwebp is of another version"};
  Image image(width, height);
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {image.pixels.data(), 3 * width, image.pixels.size()};
  const VP8StatusCode status = WebPDecode(start_of(bytes), bytes.size(), &config);
  WebPFreeDecBuffer(&config.output);
  // A decoder that runs out of data reports that it waits for more.
  if (status == VP8_STATUS_SUSPENDED) throw BrokenImage{std::string(meaning(VP8_STATUS_NOT_ENOUGH_DATA))};
  if (status != VP8_STATUS_OK) throw BrokenImage{std::string(meaning(status))};
  return image;
}

struct Delete {
  void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
};

// The first frame on its canvas, which is black where the frame does not reach.
Decoded first_frame(std::string_view bytes) {
  const WebPData data{start_of(bytes), bytes.size()};
  WebPAnimDecoderOptions options;
  if (!WebPAnimDecoderOptionsInit(&options)) throw BrokenImage{"libwebp is of another version"};
  options.color_mode = MODE_RGBA;
  const std::unique_ptr<WebPAnimDecoder, Delete> decoder(WebPAnimDecoderNew(&data, &options));
  WebPAnimInfo info;
  std::uint8_t* pixels = nullptr;  // the decoder's
  int time = 0;
  if (!decoder || !WebPAnimDecoderGetInfo(decoder.get(), &info) ||
      !WebPAnimDecoderGetNext(decoder.get(), &pixels, &time))
    throw BrokenImage{std::string(meaning(VP8_STATUS_BITSTREAM_ERROR))};
  require_size(info.canvas_width, info.canvas_height);
  Image image(int(info.canvas_width), int(info.canvas_height));
  for (std::size_t i = 0; i < image.pixels.size() / 3; ++i)
    for (std::size_t c = 0; c < 3; ++c) image.pixels[3 * i + c] = pixels[4 * i + c];
  return {std::move(image), info.frame_count > 1};
}

}  // namespace

Decoded webp(std::string_view bytes) {
  WebPBitstreamFeatures features;
  const VP8StatusCode status = WebPGetFeatures(start_of(bytes), bytes.size(), &features);
  if (status != VP8_STATUS_OK) throw BrokenImage{std::string(meaning(status))};
  require_size(features.width, features.height);
  if (features.has_animation) return first_frame(bytes);
  return {still(bytes, features.width, features.height)};
}

}  // namespace palimpsest::data::decode
