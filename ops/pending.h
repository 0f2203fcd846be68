#pragma once
#include <functional>
#include <utility>

namespace palimpsest {

// A number that a device may still be computing. get() waits for it, but not for what the device was given afterwards,
// so that a number of one step can be read while the next one runs. It does not outlive its device.
template <class T>
class Pending {
 public:
  Pending(T value) : wait_([value] { return value; }) {}
  explicit Pending(std::function<T()> wait) : wait_(std::move(wait)) {}
  T get() const { return wait_(); }

 private:
  std::function<T()> wait_;
};

}  // namespace palimpsest
