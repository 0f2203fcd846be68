#pragma once
#include <vector>

#include "nn/network.h"
#include "ops/device.h"

namespace palimpsest::experiments {

// A training step of the study on one batch of noise: forward, focal loss, backward, SGD.
class TrainingStep {
 public:
  TrainingStep(Device& device, const nn::Architecture& architecture, int batch);
  void freeze(int blocks);      // the first ones; the head is always trained
  void prepare(int keep_from);  // tensors for a batch, which is uploaded; keep_from as in Network::make_trace
  void upload();
  void compute();       // loss and gradients; it may be recorded (ops/recording.h)
  void compute_head();  // the same from the features of the last compute()
  void update();
  void run() {
    compute();
    update();
  }
  nn::Network& network() { return network_; }
  nn::Trace& trace() { return trace_; }

 private:
  Device& device_;
  nn::Network network_;
  int batch_;
  nn::Trace trace_;
  Tensor labels_, gradient_;
  std::vector<SgdParameter> updates_;
  std::vector<float> images_;
};

}  // namespace palimpsest::experiments
