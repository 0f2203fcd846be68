#pragma once
#include <vector>

#include "nn/network.h"
#include "ops/device.h"

namespace palimpsest {

// A training step of the study on one batch of noise: forward, focal loss, backward, SGD.
class TrainingStep {
 public:
  TrainingStep(Device& device, const Architecture& architecture, int batch);
  void freeze(int blocks);      // the first ones; the head is always trained
  void prepare(int keep_from);  // tensors for a batch, which is uploaded; keep_from as in Network::make_trace
  void upload();
  void run();
  Network& network() { return network_; }
  Trace& trace() { return trace_; }

 private:
  Device& device_;
  Network network_;
  int batch_;
  Trace trace_;
  Tensor labels_, gradient_;
  std::vector<SgdParameter> updates_;
  std::vector<float> images_;
};

}  // namespace palimpsest
