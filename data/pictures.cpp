#include "data/pictures.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "data/parallel.h"
#include "data/picture_cache.h"
#include "data/read_picture.h"

namespace palimpsest::data {

Pictures::Pictures(Dataset dataset, std::vector<Cropped> crops, int size,
                   std::variant<std::vector<std::uint8_t>, MappedFile> bytes)
    : dataset_(std::move(dataset)), crops_(std::move(crops)), size_(size), bytes_(std::move(bytes)) {
  std::size_t available = 0;
  std::visit([&](const auto& held) { first_ = held.data(), available = held.size(); }, bytes_);
  PALIMPSEST_REQUIRE(crops_.size() == dataset_.samples.size(), "{} crops", crops_.size());
  PALIMPSEST_REQUIRE(available >= crops_.size() * 3 * std::size_t(size) * std::size_t(size), "{} bytes", available);
}

const std::uint8_t* Pictures::pixels(int index) const {
  return first_ + std::size_t(index) * 3 * std::size_t(size_) * std::size_t(size_);
}

void Pictures::fill(int index, const Transform& transform, const Normalisation& normalisation, float* out) const {
  transform_picture(pixels(index), size_, size_, transform, normalisation, out);
}

Image Pictures::image(int index) const {
  Image image(size_, size_);
  std::memcpy(image.pixels.data(), pixels(index), image.pixels.size());
  return image;
}

int Pictures::count_cropped(Crop how) const {
  return int(std::count_if(crops_.begin(), crops_.end(), [&](const Cropped& c) { return c.used == how; }));
}

namespace {

// Decodes the samples in parallel and passes the pictures on in order, a chunk at a time.
template <typename Take>
std::vector<Outcome> decode_all(const Dataset& dataset, const PictureOptions& options, const Take& take) {
  const int n = int(dataset.samples.size()), chunk = 32 * std::max(1, options.threads);
  std::vector<Outcome> outcomes(static_cast<std::size_t>(n));
  std::vector<Image> scaled(static_cast<std::size_t>(chunk));
  Progress progress(fmt::format("reading the pictures of {}", dataset.name), n);
  for (int begin = 0; begin < n; begin += chunk) {
    const int count = std::min(chunk, n - begin);
    parallel_for(count, options.threads, [&](int i) {
      const Sample& sample = dataset.samples[std::size_t(begin + i)];
      Outcome& outcome = outcomes[std::size_t(begin + i)];
      try {
        auto [image, tagged, more] = read_picture(sample.image, options.orientation);
        outcome.tagged = tagged;
        outcome.more = more;
        outcome.cropped = crop_box(sample, image.width, image.height, options.crop);
        if (options.crop.bottom_cut == BottomCut::blank)
          blank_below(image, cut_line(sample, outcome.cropped->box, image.width, image.height));
        scaled[std::size_t(i)] = crop_and_resize(image, outcome.cropped->box, options.size, options.size);
      } catch (const Error& error) {
        outcome = {std::nullopt, error.what(), false, false};
      }
    });
    for (int i = 0; i < count; ++i)
      if (outcomes[std::size_t(begin + i)].cropped) take(scaled[std::size_t(i)].pixels.data());
    progress.advance(count);
    check_interrupt();
  }
  return outcomes;
}

std::uint64_t bytes_needed(const Dataset& dataset, int size) {
  return 3 * std::uint64_t(size) * std::uint64_t(size) * dataset.samples.size();
}

std::vector<std::uint8_t> room_in_memory(const Dataset& dataset, int size) {
  const auto needed = bytes_needed(dataset, size);
  const auto memory = std::uint64_t(::sysconf(_SC_PHYS_PAGES)) * std::uint64_t(::sysconf(_SC_PAGE_SIZE));
  if (needed > memory / 10 * 8)
    throw Error(fmt::format("the pictures of {} take {:.1f} GB at size {}, and this machine has {:.1f} GB of memory",
                            dataset.name, double(needed) / 1e9, size, double(memory) / 1e9),
                "name a folder with --cache to keep them in a file there");
  std::vector<std::uint8_t> bytes;
  bytes.reserve(needed);
  return bytes;
}

CacheContents through_cache(const Dataset& dataset, const PictureOptions& options) {
  const fs::path path = cache_path(dataset, options);
  const auto key = cache_key(dataset, options);
  const std::size_t samples = dataset.samples.size();
  std::string damage;
  if (auto found = open_cache(path, key, samples, options.size, damage)) return std::move(*found);
  if (!damage.empty()) remark(fmt::format("{} is damaged ({}) and is rebuilt", path.string(), damage));
  create_folder(options.cache_folder);
  require_free_space(options.cache_folder, bytes_needed(dataset, options.size), "the cache of pictures");
  CacheWriter writer(path, key, options.size);
  writer.commit(decode_all(dataset, options, [&](const std::uint8_t* pixels) { writer.append(pixels); }));
  auto made = open_cache(path, key, samples, options.size, damage);
  if (!made)
    throw Error(fmt::format("{} was written but cannot be read back", path.string()),
                "check the disk, or name another --cache");
  return std::move(*made);
}

// A set without boxes and landmarks, such as a folder, has only whole pictures.
void tell_other_crops(const Pictures& pictures, Crop asked) {
  const auto& samples = pictures.dataset().samples;
  if (std::none_of(samples.begin(), samples.end(), [](const Sample& s) { return s.face || !s.landmarks.empty(); }))
    return;
  const auto report = [&](Crop used, std::string_view how) {
    const int count = pictures.count_cropped(used);
    if (asked < used && count > 0)
      remark(fmt::format("{}: {} picture{} no usable {} and {} {}", pictures.dataset().name, count,
                         count == 1 ? " has" : "s have",
                         asked == Crop::box  ? "face box"
                         : used == Crop::box ? "landmarks"
                                             : "landmarks or face box",
                         count == 1 ? "is" : "are", how));
  };
  report(Crop::box, "cropped to the face box");
  report(Crop::none, "used whole");
}

// What the pixels alone do not show: pictures that are meant to be turned, and files of which a part is left out.
void tell_oddities(const Dataset& dataset, const std::vector<Outcome>& outcomes, Orientation orientation) {
  const auto report = [&](auto member, std::string_view what, std::string_view after) {
    const auto count = std::count_if(outcomes.begin(), outcomes.end(), member);
    if (count > 0)
      remark(fmt::format("{}: {} picture{} {}{}", dataset.name, count, count == 1 ? " has" : "s have", what, after));
  };
  const bool folder = dataset.name.starts_with("folder:");
  if (orientation == Orientation::stored)
    report([](const Outcome& one) { return one.tagged; }, "an EXIF orientation, which is not applied",
           folder ? "; --orientation exif turns them" : "");
  report([](const Outcome& one) { return one.more; },
         "more than one frame or page in the file, of which the first is used", "");
}

}  // namespace

std::shared_ptr<const Pictures> load_pictures(const Dataset& dataset, const PictureOptions& options) {
  if (options.size < 1 || options.size > 4096)
    throw Error(fmt::format("the size {} is not in 1 to 4096 pixels", options.size),
                fmt::format("the paper's is {}", PictureOptions{}.size));
  if (!(options.crop.margin > -0.5 && options.crop.margin <= 10))
    throw Error(fmt::format("the crop margin {} is not between -0.5 and 10", options.crop.margin),
                fmt::format("the default is {}", CropOptions{}.margin));
  std::vector<Outcome> outcomes;
  std::variant<std::vector<std::uint8_t>, MappedFile> bytes;
  if (options.cache_folder.empty()) {
    auto pixels = room_in_memory(dataset, options.size);
    const auto per_picture = bytes_needed(dataset, options.size) / std::max<std::size_t>(1, dataset.samples.size());
    outcomes = decode_all(dataset, options, [&](const std::uint8_t* picture) {
      pixels.insert(pixels.end(), picture, picture + per_picture);
    });
    bytes = std::move(pixels);
  } else {
    auto contents = through_cache(dataset, options);
    outcomes = std::move(contents.outcomes);
    bytes = std::move(contents.file);
  }

  tell_oddities(dataset, outcomes, options.orientation);

  Dataset kept;
  kept.name = dataset.name;
  kept.folder = dataset.folder;
  kept.classes = dataset.classes;
  kept.skipped = dataset.skipped;
  std::vector<Cropped> crops;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i].cropped) {
      kept.skipped.push_back({dataset.samples[i].id, outcomes[i].reason});
      continue;
    }
    kept.samples.push_back(dataset.samples[i]);
    crops.push_back(*outcomes[i].cropped);
  }
  if (kept.samples.empty())
    throw Error(
        fmt::format("no picture of {} can be read{}{}", dataset.name,
                    kept.skipped.empty() ? "" : "; the last: ", kept.skipped.empty() ? "" : kept.skipped.back().reason),
        "check the data set");
  auto pictures = std::make_shared<Pictures>(std::move(kept), std::move(crops), options.size, std::move(bytes));
  tell_other_crops(*pictures, options.crop.crop);
  return pictures;
}

}  // namespace palimpsest::data
