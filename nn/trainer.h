#pragma once
#include <memory>
#include <string>

#include "data/loader.h"
#include "nn/rehearsal.h"
#include "nn/run_folder.h"
#include "nn/validation.h"
#include "ops/loss.h"

namespace palimpsest::nn {

struct TrainOptions {
  FocalLoss loss;
  double rate = 0.01, momentum = 0, weight_decay = 0;
  // > 0: trained parameters of these names decay to what the network holds before the run in place of 0 (ops/sgd.h). A
  // resumed run must be given the same network.
  double l2_sp = 0;
  std::vector<std::string> started;
  int batch = 32, epochs = 20;
  int steps = 0;     // > 0: stop after so many, regardless of epochs
  int patience = 0;  // > 0: stop after so many epochs without a lower validation loss
  Keep keep = Keep::last;
  double clip_norm = 0;  // > 0: the gradient of all trained parameters is scaled down to this norm
  int warmup_steps = 0;  // the rate rises linearly over the first steps
  int plain_epochs = 0;  // the first epochs use gamma 0
  int slow_epochs = 0;   // the last epochs use a tenth of the rate
  data::Augmentation augmentation = data::Augmentation::none;
  Normalisation normalisation;
  bool shuffle = true;
  std::uint64_t seed = 1;
  std::uint64_t cache_limit = 0;  // bytes for block-5 features when all blocks are frozen
  int loader_threads = 1;
  bool keep_momentum = true;  // of a finished run, so that it can continue with more epochs
  // Named like the weights, but marked as gradients in the file's metadata, so that they are not mistaken for weights.
  std::filesystem::path gradients;  // where to write the gradients of the last step; empty: nowhere
};

// Trains the network in place and leaves the weights of the epoch that `keep` names in the run folder. Resumes after
// the run's last finished epoch, also for a run that finished with fewer epochs; a remark says how it then differs from
// a single longer run. Throws Error when the loss or a weight stops being finite, naming step and layer. validation
// may be null: then the last epoch is kept, and a remark says so if another was asked for. With `rehearsed` its head is
// trained too, and is part of the checkpoint that a run resumes from.
void train(Network& network, const TrainOptions& options, std::shared_ptr<const data::Examples> training,
           std::shared_ptr<const data::Examples> validation, const ModelNotes& notes, RunFolder& run,
           const Rehearsed* rehearsed = nullptr);

// The learning rate of a step and the gamma of an epoch (both counted from 0).
double scheduled_rate(const TrainOptions& options, int epoch, std::int64_t step);
double scheduled_gamma(const TrainOptions& options, int epoch);

}  // namespace palimpsest::nn
