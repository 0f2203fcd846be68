#pragma once
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "data/augment.h"
#include "data/examples.h"

namespace palimpsest::data {

struct Batch {
  int count = 0, height = 0, width = 0;
  // Inputs, empty with LoaderOptions::images off: either `pixels` with `maps` and the normalisation, for the device to
  // augment, or `images`, if the examples are not pictures.
  std::vector<std::uint8_t> pixels;  // count x height x width x 3
  std::vector<PixelMap> maps;        // count
  Normalisation normalisation;
  std::vector<float> images;          // count x 3 x height x width
  std::vector<int> labels;            // count; -1: none
  std::vector<int> indices;           // count; which examples these are
  std::vector<std::uint8_t> flipped;  // count; 1: mirrored
};

struct LoaderOptions {
  int batch = 32;
  bool shuffle = true;
  bool drop_last = false;  // drop an incomplete last batch
  std::uint64_t seed = 0;  // of the order (Purpose::shuffle) and the augmentation (Purpose::augment)
  int threads = 1;         // that prepare batches ahead, one batch each; 0: next() prepares its batch itself
  Normalisation normalisation = Normalisation::torchvision();
  Augmentation augmentation = Augmentation::none;
  AugmentRanges ranges = {};
  bool images = true;  // off: order, labels and flips only, for cached features
};

// Batches of an epoch in order. The same seed gives the same batches for any number of threads; idle threads sleep.
// Not thread-safe.
class Loader {
 public:
  // Throws Error for a batch size below 1, augmentation ranges out of bounds, and when there is no example.
  Loader(std::shared_ptr<const Examples> examples, LoaderOptions options);
  ~Loader();  // also in the middle of an epoch
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  void start_epoch(int epoch);  // epoch >= 0; the rest of the current one is dropped
  bool next(Batch& batch);      // false at the end of the epoch; rethrows exceptions from preparing the batch
  int batches_per_epoch() const { return batches_; }
  const Examples& examples() const { return *examples_; }

 private:
  struct Epoch {
    int number;
    std::vector<int> order;
  };
  struct Made {
    Batch batch;
    std::exception_ptr error;
  };

  void make(const Epoch& epoch, int batch_number, Batch& batch) const;
  void work();
  void stop();

  std::shared_ptr<const Examples> examples_;
  LoaderOptions options_;
  int batches_ = 0;

  std::mutex mutex_;  // guards all below
  std::condition_variable to_do_, done_;
  std::shared_ptr<const Epoch> epoch_;
  int next_to_make_ = 0, next_to_give_ = 0;
  std::map<int, Made> made_;  // of the current epoch, by number of the batch
  std::vector<Batch> spare_;  // their memory is reused
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace palimpsest::data
