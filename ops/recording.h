#pragma once

namespace palimpsest {

// Work of a device that was recorded once and can be run again, on the same tensors, as often as wanted: on a GPU one
// graph launch instead of one launch for each kernel. See Device::record.
class Recording {
 public:
  virtual ~Recording() = default;
  virtual void run() = 0;
};

}  // namespace palimpsest
