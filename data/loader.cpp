#include "data/loader.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/random.h"

namespace palimpsest::data {

Loader::Loader(std::shared_ptr<const Examples> examples, LoaderOptions options)
    : examples_(std::move(examples)), options_(options) {
  if (options_.batch < 1) throw Error(fmt::format("the batch size is {}", options_.batch), "it must be at least 1");
  if (examples_->count() < 1) throw Error("no pictures to load", "check the data set and what was dropped from it");
  check_ranges(options_.ranges);
  const int n = examples_->count();
  batches_ = options_.drop_last ? n / options_.batch : (n + options_.batch - 1) / options_.batch;
  try {
    for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { work(); });
  } catch (const std::system_error& error) {
    stop();
    throw Error(fmt::format("cannot start a thread: {}", error.what()), "use fewer threads (--threads)");
  }
}

Loader::~Loader() {
  stop();
}

void Loader::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  to_do_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void Loader::start_epoch(int epoch) {
  PALIMPSEST_REQUIRE(epoch >= 0, "epoch {}", epoch);
  auto started = std::make_shared<Epoch>();
  started->number = epoch;
  const int n = examples_->count();
  if (options_.shuffle) {
    started->order = permutation(n, Random(options_.seed, Purpose::shuffle, std::uint32_t(epoch)));
  } else {
    started->order.resize(std::size_t(n));
    std::iota(started->order.begin(), started->order.end(), 0);
  }
  {
    const std::lock_guard lock(mutex_);
    epoch_ = std::move(started);  // a batch of an earlier epoch still in progress is then discarded
    next_to_make_ = next_to_give_ = 0;
    for (auto& [number, made] : made_) spare_.push_back(std::move(made.batch));
    made_.clear();
  }
  to_do_.notify_all();
}

void Loader::make(const Epoch& epoch, int batch_number, Batch& batch) const {
  const std::size_t begin = std::size_t(batch_number) * std::size_t(options_.batch);
  const std::size_t count = std::min(std::size_t(options_.batch), epoch.order.size() - begin);
  const int height = examples_->height(), width = examples_->width();
  const std::size_t size = 3 * std::size_t(height) * std::size_t(width);
  batch.count = int(count);
  batch.height = height;
  batch.width = width;
  const bool raw = options_.images && examples_->pixels(epoch.order[begin]) != nullptr;
  batch.normalisation = options_.normalisation;
  batch.pixels.resize(raw ? count * size : 0);
  batch.maps.resize(raw ? count : 0);
  batch.images.resize(options_.images && !raw ? count * size : 0);
  batch.labels.resize(count);
  batch.indices.resize(count);
  batch.flipped.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const int index = epoch.order[begin + i];
    const Transform transform = draw_transform(options_.augmentation, options_.ranges, height, width, options_.seed,
                                               std::uint32_t(epoch.number), std::uint64_t(index));
    batch.labels[i] = examples_->label(index);
    batch.indices[i] = index;
    batch.flipped[i] = transform.flip;
    if (raw) {
      std::copy_n(examples_->pixels(index), size, batch.pixels.data() + i * size);
      batch.maps[i] = pixel_map(transform, height, width);
    } else if (options_.images) {
      examples_->fill(index, transform, options_.normalisation, batch.images.data() + i * size);
    }
  }
}

void Loader::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    to_do_.wait(lock, [&] {
      return stopping_ || (epoch_ && next_to_make_ < batches_ && next_to_make_ < next_to_give_ + options_.threads);
    });
    if (stopping_) return;
    const auto epoch = epoch_;
    const int number = next_to_make_++;
    Made made;
    if (!spare_.empty()) {
      made.batch = std::move(spare_.back());
      spare_.pop_back();
    }
    lock.unlock();
    try {
      make(*epoch, number, made.batch);
    } catch (...) {
      made.error = std::current_exception();
    }
    lock.lock();
    if (epoch == epoch_)
      made_[number] = std::move(made);
    else
      spare_.push_back(std::move(made.batch));
    done_.notify_all();
  }
}

bool Loader::next(Batch& batch) {
  std::unique_lock lock(mutex_);
  PALIMPSEST_REQUIRE(epoch_ != nullptr, "start_epoch has not been called");
  if (next_to_give_ == batches_) return false;
  const int number = next_to_give_++;
  if (threads_.empty()) {
    make(*epoch_, number, batch);
    return true;
  }
  done_.wait(lock, [&] { return made_.contains(number); });
  auto node = made_.extract(number);
  lock.unlock();
  to_do_.notify_all();
  Made& made = node.mapped();
  if (made.error) std::rethrow_exception(made.error);
  std::swap(batch, made.batch);
  lock.lock();
  spare_.push_back(std::move(made.batch));
  return true;
}

}  // namespace palimpsest::data
