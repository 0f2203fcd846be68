#include "data/loader.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>

#include "data/arrays.h"
#include "tests/data/scratch.h"
#include "tests/support/cpu_device.h"

namespace palimpsest::data {
namespace {

std::shared_ptr<const Arrays> ramp(int count, int height, int width) {
  std::vector<float> values(3 * std::size_t(count) * std::size_t(height) * std::size_t(width));
  std::iota(values.begin(), values.end(), 0.0F);
  std::vector<std::int64_t> labels(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) labels[std::size_t(i)] = i % 3;
  return std::make_shared<Arrays>(values, labels, count, height, width);
}

struct Epoch {
  std::vector<float> images;
  std::vector<int> labels, indices, counts;
  std::vector<std::uint8_t> flipped;
  bool operator==(const Epoch&) const = default;
};

Epoch run(Loader& loader, int epoch) {
  Epoch all;
  Batch batch;
  loader.start_epoch(epoch);
  while (loader.next(batch)) {
    all.images.insert(all.images.end(), batch.images.begin(), batch.images.end());
    all.labels.insert(all.labels.end(), batch.labels.begin(), batch.labels.end());
    all.indices.insert(all.indices.end(), batch.indices.begin(), batch.indices.end());
    all.flipped.insert(all.flipped.end(), batch.flipped.begin(), batch.flipped.end());
    all.counts.push_back(batch.count);
  }
  EXPECT_FALSE(loader.next(batch)) << "the end stays the end";
  return all;
}

TEST(Loader, GoesThroughEveryExampleOnce) {
  LoaderOptions options;
  options.batch = 4;
  Loader loader(ramp(10, 2, 5), options);
  EXPECT_EQ(loader.batches_per_epoch(), 3);
  auto epoch = run(loader, 0);
  EXPECT_EQ(epoch.counts, (std::vector<int>{4, 4, 2}));
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(epoch.labels[i], epoch.indices[i] % 3);
    EXPECT_EQ(epoch.images[30 * i], 30.0F * float(epoch.indices[i])) << "arrays are used unchanged";
  }
  std::sort(epoch.indices.begin(), epoch.indices.end());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(epoch.indices[std::size_t(i)], i);
}

TEST(Loader, KeepsTheOrderWhenToldSoAndDropsTheLastBatch) {
  LoaderOptions options;
  options.batch = 4;
  options.shuffle = false;
  options.drop_last = true;
  Loader loader(ramp(10, 1, 1), options);
  EXPECT_EQ(run(loader, 3).indices, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(Loader, TheSameSeedGivesTheSameBatchesForAnyNumberOfThreads) {
  LoaderOptions options;
  options.batch = 3;
  options.seed = 5;
  options.augmentation = Augmentation::keras;
  options.threads = 0;
  Loader plain(ramp(40, 9, 7), options);
  const auto first = run(plain, 0), second = run(plain, 1);
  EXPECT_NE(first.indices, second.indices);
  EXPECT_NE(first.flipped, second.flipped);
  for (const int threads : {1, 2, 5}) {
    options.threads = threads;
    Loader loader(ramp(40, 9, 7), options);
    EXPECT_EQ(run(loader, 0), first) << threads;
    EXPECT_EQ(run(loader, 1), second) << threads;
    EXPECT_EQ(run(loader, 0), first) << threads;
  }
  options.seed = 6;
  Loader other(ramp(40, 9, 7), options);
  EXPECT_NE(run(other, 0).indices, first.indices);
}

TEST(Loader, WithoutImagesTheOrderAndTheFlipsAreTheSame) {
  LoaderOptions options;
  options.batch = 3;
  options.augmentation = Augmentation::flip;
  Loader with(ramp(20, 4, 4), options);
  options.images = false;
  Loader without(ramp(20, 4, 4), options);
  const auto a = run(with, 2), b = run(without, 2);
  EXPECT_EQ(a.indices, b.indices);
  EXPECT_EQ(a.flipped, b.flipped);
  EXPECT_TRUE(b.images.empty());
  for (std::size_t i = 0; i < 20; ++i)
    EXPECT_EQ(a.images[48 * i], float(48 * a.indices[i] + (a.flipped[i] ? 3 : 0))) << "a flip mirrors the columns";
}

// Pictures: bytes of a pattern that no transformation maps to itself.
class Bytes final : public Examples {
 public:
  int count() const override { return 7; }
  int height() const override { return 9; }
  int width() const override { return 8; }
  int label(int index) const override { return index; }
  std::string id(int index) const override { return std::to_string(index); }
  const std::uint8_t* pixels(int index) const override { return bytes_.data() + std::size_t(index) * 3 * 9 * 8; }
  void fill(int index, const Transform& transform, const Normalisation& normalisation, float* out) const override {
    transform_picture(pixels(index), 9, 8, transform, normalisation, out);
  }

 private:
  std::vector<std::uint8_t> bytes_ = [] {
    std::vector<std::uint8_t> bytes(std::size_t(7 * 3 * 9 * 8));
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::uint8_t(i * i * 31 % 251);
    return bytes;
  }();
};

// They go to the device as bytes, with bit-identical results to fill().
TEST(Loader, PicturesAreAugmentedByTheDevice) {
  const auto examples = std::make_shared<Bytes>();
  const auto device = cpu_device();
  LoaderOptions options;
  options.batch = 3;
  options.seed = 4;
  options.augmentation = Augmentation::keras;
  options.normalisation = Normalisation::caffe();
  Loader loader(examples, options);
  loader.start_epoch(1);
  Batch batch;
  std::vector<float> filled(3 * 9 * 8);
  while (loader.next(batch)) {
    EXPECT_TRUE(batch.images.empty());
    ASSERT_EQ(batch.maps.size(), std::size_t(batch.count));
    const Tensor images = device->make({batch.count, 3, 9, 8}, Layout::activation);
    device->augment(batch.pixels, batch.maps, batch.normalisation, images);
    const auto got = device->download(images);
    for (std::size_t i = 0; i < std::size_t(batch.count); ++i) {
      const Transform transform =
          draw_transform(options.augmentation, options.ranges, 9, 8, 4, 1, std::uint64_t(batch.indices[i]));
      examples->fill(batch.indices[i], transform, options.normalisation, filled.data());
      EXPECT_TRUE(std::equal(filled.begin(), filled.end(), got.begin() + std::ptrdiff_t(i * filled.size()))) << i;
      EXPECT_EQ(batch.flipped[i] != 0, transform.flip);
    }
  }
}

TEST(Loader, CanBeRestartedAndDestroyedInTheMiddleOfAnEpoch) {
  LoaderOptions options;
  options.batch = 2;
  options.threads = 2;
  for (int taken = 0; taken < 4; ++taken) {
    Loader loader(ramp(30, 8, 8), options);
    Batch batch;
    for (int epoch = 0; epoch < 5; ++epoch) {
      loader.start_epoch(epoch);
      for (int i = 0; i < taken; ++i) ASSERT_TRUE(loader.next(batch));
    }
    EXPECT_EQ(run(loader, 1).counts.size(), 15U);
    loader.start_epoch(2);
  }
  const Loader never_started(ramp(3, 1, 1), options);
}

// Fails when example `bad` is requested.
class Failing final : public Examples {
 public:
  explicit Failing(int bad) : bad_(bad) {}
  int count() const override { return 10; }
  int height() const override { return 1; }
  int width() const override { return 1; }
  int label(int) const override { return 0; }
  std::string id(int) const override { return ""; }
  void fill(int index, const Transform&, const Normalisation&, float* out) const override {
    if (index == bad_) throw Error("example is bad", "none");
    std::fill_n(out, 3, 0.0F);
  }

 private:
  int bad_;
};

TEST(Loader, AnErrorInAThreadReachesTheCaller) {
  for (const int threads : {0, 1, 3}) {
    LoaderOptions options;
    options.batch = 2;
    options.shuffle = false;
    options.threads = threads;
    Loader loader(std::make_shared<Failing>(5), options);
    Batch batch;
    loader.start_epoch(0);
    EXPECT_TRUE(loader.next(batch));
    EXPECT_TRUE(loader.next(batch));
    EXPECT_THROW(loader.next(batch), Error);
    loader.start_epoch(1);
    EXPECT_TRUE(loader.next(batch));
  }
}

TEST(Loader, RefusesWhatCannotWork) {
  LoaderOptions options;
  options.batch = 0;
  expect_error_with({"batch size is 0"}, [&] { Loader(ramp(3, 1, 1), options); });
  options.batch = 1;
  options.ranges.rotation = -1;
  expect_error_with({"rotation"}, [&] { Loader(ramp(3, 1, 1), options); });
  options.ranges = {};
  expect_error_with({"no picture"}, [&] {
    Loader(std::make_shared<Arrays>(std::vector<float>{}, std::vector<std::int64_t>{}, 0, 1, 1), options);
  });
  Loader loader(ramp(3, 1, 1), options);
  Batch batch;
  expect_error_with({"start_epoch"}, [&] { loader.next(batch); });
}

struct ArrayFiles : testing::Test {
  std::shared_ptr<const Arrays> read(int classes = 0) {
    const Source source = parse_source(fmt::format("arrays:{},{}", x.string(), y.string()));
    auto arrays = read_arrays(source);
    if (classes > 0) require_labels(*arrays, source, classes);
    return arrays;
  }
  void write(std::vector<float> values, std::vector<std::int64_t> shape) {
    write_npy(x, std::span<const float>(values), shape);
  }
  void labels(std::vector<std::int64_t> values) {
    const std::vector<std::int64_t> shape{std::int64_t(values.size())};
    write_npy(y, std::span<const std::int64_t>(values), shape);
  }
  Scratch folder;
  fs::path x = folder / "x.npy", y = folder / "y.npy";
};

TEST_F(ArrayFiles, AreTakenAsTheyAre) {
  write(std::vector<float>(2 * 3 * 2 * 4, 7.5F), {2, 3, 2, 4});
  labels({1, 0});
  const auto arrays = read(2);
  EXPECT_EQ(arrays->count(), 2);
  EXPECT_EQ(arrays->height(), 2);
  EXPECT_EQ(arrays->width(), 4);
  EXPECT_EQ(arrays->label(0), 1);
  EXPECT_EQ(arrays->largest_label(), 1);
  const auto unlabelled = read_arrays(parse_source("arrays:" + x.string()));
  EXPECT_EQ(unlabelled->label(1), -1);
  EXPECT_FALSE(unlabelled->labelled());
}

TEST_F(ArrayFiles, ErrorsNameTheFile) {
  labels({0, 1});
  write(std::vector<float>(2 * 2 * 2 * 2), {2, 2, 2, 2});
  expect_error_with({"x.npy", "(2, 2, 2, 2)", "(N, 3, H, W)"}, [&] { read(); });
  write(std::vector<float>(6), {2, 3});
  expect_error_with({"x.npy", "(2, 3)"}, [&] { read(); });
  write({}, {0, 3, 2, 2});
  expect_error_with({"x.npy", "no usable picture"}, [&] { read(); });
  std::vector<float> values(2 * 3 * 2 * 2);
  values[13] = std::nanf("");
  write(values, {2, 3, 2, 2});
  expect_error_with({"x.npy", "nan in picture 1"}, [&] { read(); });
  values[13] = std::numeric_limits<float>::infinity();
  write(values, {2, 3, 2, 2});
  expect_error_with({"x.npy", "inf"}, [&] { read(); });
  values[13] = 0;
  write(values, {2, 3, 2, 2});
  expect_error_with({"y.npy", "label 1 for picture 1", "0 to 0"}, [&] { read(1); });
  labels({0, -1});
  expect_error_with({"y.npy", "label -1"}, [&] { read(2); });
  labels({0, -2});
  expect_error_with({"y.npy", "label -2"}, [&] { read(); });
  labels({0});
  expect_error_with({"y.npy", "(1)", "2 pictures"}, [&] { read(); });
  fs::remove(y);
  expect_error_with({"y.npy"}, [&] { read(); });
}

}  // namespace
}  // namespace palimpsest::data
