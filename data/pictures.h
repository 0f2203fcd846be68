#pragma once
#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "data/crop.h"
#include "data/dataset.h"
#include "data/examples.h"
#include "data/mapped_file.h"
#include "data/orientation.h"

namespace palimpsest::data {

struct PictureOptions {
  int size = 224;  // pixels of the square that every picture is scaled to
  CropOptions crop;
  Orientation orientation = Orientation::stored;
  fs::path cache_folder;  // empty: the pictures are kept in memory only
  int threads = 1;
};

// The pictures of one data set, decoded, cropped and scaled: 3 * size * size bytes each.
class Pictures final : public Examples {
 public:
  // `dataset`: only these samples, in order. `bytes`: their pixels, in memory or at the start of a file.
  Pictures(Dataset dataset, std::vector<Cropped> crops, int size,
           std::variant<std::vector<std::uint8_t>, MappedFile> bytes);

  int count() const override { return int(dataset_.samples.size()); }
  int height() const override { return size_; }
  int width() const override { return size_; }
  int label(int index) const override { return dataset_.samples[std::size_t(index)].label; }
  std::string id(int index) const override { return dataset_.samples[std::size_t(index)].id; }
  void fill(int index, const Transform& transform, const Normalisation& normalisation, float* out) const override;

  // Its samples are those that could be read; the others are in `skipped`.
  const Dataset& dataset() const { return dataset_; }
  const std::uint8_t* pixels(int index) const override;                        // size x size x 3: R, G, B
  const Cropped& crop(int index) const { return crops_[std::size_t(index)]; }  // which part of the original it shows
  Image image(int index) const;                                                // a copy of the pixels
  int count_cropped(Crop how) const;                                           // pictures that were cropped that way

 private:
  Dataset dataset_;
  std::vector<Cropped> crops_;
  int size_;
  std::variant<std::vector<std::uint8_t>, MappedFile> bytes_;
  const std::uint8_t* first_;
};

// Reads, crops and scales the pictures of a data set, showing progress. A picture that is missing or broken is skipped,
// with its reason in dataset().skipped. With a cache folder the result is one file there, mapped into memory; it is
// rebuilt when the set, the options or a picture's size or time has changed, and when it is damaged.
// Throws Error when no picture is left, and when they do not fit in memory or on the disk.
std::shared_ptr<const Pictures> load_pictures(const Dataset& dataset, const PictureOptions& options);

}  // namespace palimpsest::data
