#pragma once

namespace palimpsest {

// Recorded work of a device that can be run again any number of times on the same tensors: on a GPU one graph launch
// instead of one launch per kernel. See Device::record.
class Recording {
 public:
  virtual ~Recording() = default;
  virtual void run() = 0;
};

}  // namespace palimpsest
