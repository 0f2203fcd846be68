#include "cuda/upload.h"

#include <algorithm>
#include <cstring>

namespace palimpsest::PALIMPSEST_CUDA {

namespace {
// Buffers grow in steps, so that batches of slightly different size do not each allocate new ones.
std::size_t with_room(std::size_t bytes) {
  std::size_t room = 4096;
  while (room < bytes) room *= 2;
  return room;
}
}  // namespace

Uploader::~Uploader() {
  ignore(cudaStreamSynchronize(copies_.get()));
  ignore(cudaStreamSynchronize(compute_.get()));
  for (auto& half : halves_)
    if (half.device) pool_->give_back(half.device, half.bytes);
}

void Uploader::reserve(Half& half, std::size_t bytes) {
  if (bytes <= half.bytes) return;
  const std::size_t room = with_room(bytes);
  half.host.reserve(room);  // the last copy from it has finished: `copied` was awaited
  if (half.device) {
    // The compute stream may still read it, and the pool hands it to that stream's next work, which comes after.
    pool_->give_back(half.device, half.bytes);
    half.device = nullptr;
    half.bytes = 0;
  }
  half.device = pool_->take(room);
  half.bytes = room;
  // A piece from the pool may still be read by earlier work of the compute stream; the copy must come after that.
  half.used.record(compute_);
}

void Uploader::send(std::size_t bytes, const std::function<void(void*)>& fill,
                    const std::function<void(const void*)>& use) {
  if (bytes == 0) return;
  Half& half = halves_[turn_];
  turn_ = 1 - turn_;
  half.copied.wait();
  reserve(half, bytes);
  fill(half.host.as<void>());
  half.used.hold_back(copies_);
  CUDA_CHECK(cudaMemcpyAsync(half.device, half.host.as<void>(), bytes, cudaMemcpyHostToDevice, copies_.get()));
  half.copied.record(copies_);
  half.copied.hold_back(compute_);
  use(half.device);
  half.used.record(compute_);
}

void Uploader::to_device(const void* from, std::size_t bytes, void* to) {
  send(
      bytes, [&](void* host) { std::memcpy(host, from, bytes); },
      [&](const void* device) {
        CUDA_CHECK(cudaMemcpyAsync(to, device, bytes, cudaMemcpyDeviceToDevice, compute_.get()));
      });
}

void Downloader::fetch(std::size_t bytes, const std::function<void(void*)>& make,
                       const std::function<void(const void*)>& take) {
  if (bytes == 0) return;
  const std::size_t room = with_room(bytes);
  if (!device_ || device_->bytes() < bytes) device_ = std::make_unique<DeviceBuffer>(pool_, room);
  host_.reserve(room);
  make(device_->data());
  CUDA_CHECK(cudaMemcpyAsync(host_.as<void>(), device_->data(), bytes, cudaMemcpyDeviceToHost, compute_.get()));
  compute_.wait();
  take(host_.as<const void>());
}

void Downloader::copy_down(const void* device, std::size_t bytes, void* to) {
  host_.reserve(with_room(bytes));
  CUDA_CHECK(cudaMemcpyAsync(host_.as<void>(), device, bytes, cudaMemcpyDeviceToHost, compute_.get()));
  compute_.wait();
  std::memcpy(to, host_.as<void>(), bytes);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
