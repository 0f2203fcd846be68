#pragma once
#include <memory>
#include <vector>

#include "data/loader.h"
#include "nn/training_step.h"

namespace palimpsest::nn {

// Images of an earlier task shown beside those of the new one (rehearsal: Robins, "Catastrophic forgetting, rehearsal
// and pseudorehearsal", Connection Science 7, 1995).
struct Rehearsed {
  Network* network = nullptr;  // shares the blocks of the trained network, with the earlier task's head
  std::shared_ptr<const data::Examples> examples;
  int images = 0;  // in each step
  double weight = 1;
};

// A step minimises loss + weight * the rehearsed images' mean loss, by one SGD pass: the second network runs forward
// and backward by itself, and what it finds for the shared blocks is added to the step's gradients. The two heads need
// different labels, losses and batch sizes, which two traces have and one of both would not; steps in turn would not
// follow the gradient of the sum, and would clip and carry each part's momentum by itself.
//
// The images: an epoch takes its own random order of the examples, and further ones when that is used up, so every
// image is shown equally often on average, and an epoch can be resumed without the ones before it.
class Rehearsal {
 public:
  // loading: of the training; its batch and order are not used. Throws Error when there are fewer examples than images
  // in a step. requires: both networks freeze the same blocks, not all of them
  Rehearsal(Network& network, const Rehearsed& rehearsed, data::LoaderOptions loading);

  int images() const { return batch_.count; }  // of the last step

  // epoch: of the training, which has so many steps in each
  void start_epoch(int epoch, int steps);

  // The next images' loss, without the weight, and correct answers. Their gradients are added to those that `network`
  // holds. loss: of the training; its class weights are of other classes, and not used.
  Pending<LossResult> add_gradients(FocalLoss loss);

 private:
  Network &network_, &source_;
  double weight_;
  data::Loader loader_;
  TrainingStep step_;
  data::Batch batch_;
  int next_order_ = 0;
};

}  // namespace palimpsest::nn
