#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/loader.h"
#include "nn/network.h"

namespace palimpsest::nn {

// Passes all examples to `use` in their order, in batches without augmentation; stops between batches when the user
// interrupts. first: the index of the batch's first example. task: for the progress line.
void for_each_batch(std::shared_ptr<const data::Examples> examples, int batch, const Normalisation& normalisation,
                    const std::string& task, const std::function<void(data::Batch& batch, int first)>& use);

// The results of a batch, in canonical order: (count, classes) logits (none for a network without a head) and, on
// request, (count, c, side, side) features.
struct Outputs {
  int first = 0, count = 0;  // examples first .. first + count - 1
  std::span<const float> logits, features;
};

struct InferenceOptions {
  int batch = 32;
  Normalisation normalisation;
  bool features = false;
  std::string task;  // for the progress line
};

// Runs all examples, as for_each_batch does.
// requires: the examples have the network's size.
void infer(Network& network, std::shared_ptr<const data::Examples> examples, const InferenceOptions& options,
           const std::function<void(const Outputs&)>& take);

// softmax of one row of logits, in double
std::vector<double> softmax(std::span<const float> logits);

// Throws Error naming the first layer whose sums might overflow for the first example: by the Cauchy-Schwarz
// inequality none exceeds the norm of the inputs times that of the weights. Logits alone do not show an overflow: a
// ReLU turns the resulting NaN into 0, and only the biases remain.
void require_no_overflow(Network& network, const data::Examples& examples, const Normalisation& normalisation);

// Names the first layer whose weights or output hold a value that is not finite; empty: none.
std::string first_not_finite(Network& network, const Trace& trace);

}  // namespace palimpsest::nn
