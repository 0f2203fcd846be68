#include "nn/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/safetensors.h"
#include "nn/feature_cache.h"
#include "nn/inference.h"
#include "nn/training_step.h"

namespace palimpsest::nn {

double scheduled_rate(const TrainOptions& o, int epoch, std::int64_t step) {
  const double warm = o.warmup_steps > 0 ? std::min(1.0, double(step + 1) / o.warmup_steps) : 1.0;
  return o.rate * warm * (o.slow_epochs > 0 && epoch >= o.epochs - o.slow_epochs ? 0.1 : 1.0);
}
double scheduled_gamma(const TrainOptions& o, int epoch) {
  return epoch < o.plain_epochs ? 0.0 : o.loss.gamma;
}

namespace {

struct Average {
  double loss = 0;
  std::int64_t correct = 0, count = 0;
  void add(const LossResult& result, int n) {
    loss += result.loss * n;
    correct += result.correct;
    count += n;
  }
  double mean_loss() const { return loss / double(count); }
  double accuracy() const { return double(correct) / double(count); }
};

// What the SGD pass changes: the trained parameters of the network, then the head that is rehearsed with.
struct Updates {
  std::vector<const Parameter*> parameters;
  std::vector<SgdParameter> steps;
  std::size_t own = 0;  // how many are the network's

  Updates(const Network& network, const TrainOptions& options, const Rehearsed* rehearsed) {
    const auto started = [&](const Parameter& p) {
      return std::ranges::find(options.started, p.name) != options.started.end();
    };
    for (const auto& p : network.parameters())
      if (network.trained(p.block)) add(network.device(), options, p, started(p));
    own = steps.size();
    if (!rehearsed) return;
    for (const auto& p : rehearsed->network->parameters())
      if (p.block == kBlocks) add(network.device(), options, p, true);
  }

  // backward() makes them, or leaves them to the step.
  void take_gradients(const Trace& trace) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      steps[i].product = i < own ? trace.product(*parameters[i]) : GradientProduct{};
      steps[i].gradient = steps[i].product.plan ? Tensor{} : parameters[i]->gradient;
    }
  }

  std::string name(int index) const {
    return (std::size_t(index) < own ? "" : "the rehearsed head's ") + parameters[std::size_t(index)]->name;
  }

  // What a checkpoint needs besides the network.
  std::vector<Tensor> beside() const {
    std::vector<Tensor> tensors;
    for (const auto& step : steps)
      if (!step.velocity.empty()) tensors.push_back(step.velocity);
    for (std::size_t i = own; i < steps.size(); ++i) tensors.push_back(steps[i].value);
    return tensors;
  }

 private:
  void add(Device& device, const TrainOptions& options, const Parameter& p, bool started) {
    parameters.push_back(&p);
    SgdParameter& step = steps.emplace_back(SgdParameter{p.value, {}, {}});
    if (options.momentum != 0) step.velocity = device.make(p.value.shape, p.value.layout);
    if (options.l2_sp == 0 || !started) return;
    step.start = device.make(p.value.shape, p.value.layout);
    device.copy(p.value, step.start);
  }
};

class Training {
 public:
  Training(Network& network, const TrainOptions& options, std::shared_ptr<const data::Examples> training,
           std::shared_ptr<const data::Examples> validation, const Rehearsed* rehearsed, Updates updates,
           RunFolder& run)
      : network_(network),
        device_(network.device()),
        options_(options),
        run_(run),
        step_(network),
        updates_(std::move(updates)) {
    network_.keep_gradients(options_.clip_norm > 0 || !options_.gradients.empty() || rehearsed);
    keep_features(training, validation);
    data::LoaderOptions loading;
    loading.batch = options_.batch;
    loading.shuffle = options_.shuffle;
    loading.seed = options_.seed;
    loading.threads = options_.loader_threads;
    loading.normalisation = options_.normalisation;
    loading.augmentation = options_.augmentation;
    loading.images = !train_features_;
    training_ = std::make_unique<data::Loader>(training, loading);
    if (rehearsed) rehearsal_ = std::make_unique<Rehearsal>(network, *rehearsed, loading);
    if (!validation) return;
    loading.shuffle = false;
    loading.augmentation = data::Augmentation::none;
    loading.images = !validation_features_;
    validation_ = std::make_unique<data::Loader>(validation, loading);
  }

  ~Training() { network_.keep_gradients(true); }
  Training(const Training&) = delete;
  Training& operator=(const Training&) = delete;

  struct Trained {
    Average all, rehearsed;  // of the images of the training, and of those rehearsed
  };
  // What a step found is read while the next one runs.
  Trained train_epoch(int epoch, std::int64_t& step, Progress& progress) {
    Trained average;
    FocalLoss loss = options_.loss;
    loss.gamma = scheduled_gamma(options_, epoch);
    training_->start_epoch(epoch);
    if (rehearsal_) rehearsal_->start_epoch(epoch, batches());
    std::optional<Enqueued> last;
    const auto settle = [&] {
      if (!last) return;
      add(*last, average);
      progress.advance(1, fmt::format("loss {:.4f}", average.all.mean_loss()));
    };
    while (training_->next(batch_)) {
      check_interrupt();
      Enqueued now = enqueue(epoch, step, loss);
      settle();
      last.emplace(std::move(now));
      std::swap(batch_, last_batch_);
      ++step;
      if (options_.steps > 0 && step >= options_.steps) break;
    }
    settle();
    return average;
  }

  Validation validate(std::int64_t step) {
    Validation validation(network_.architecture().classes);
    validation_->start_epoch(0);
    while (validation_->next(batch_)) {
      check_interrupt();
      const auto result = step_.evaluate(batch_, validation_features_.get(), options_.loss).get();
      if (!std::isfinite(result.loss)) stop_at(step - 1, "the validation loss is not finite");
      validation.add(result, batch_.labels, device_.download(step_.trace().logits()));
    }
    return validation;
  }

  bool validates() const { return validation_ != nullptr; }
  int batches() const { return training_->batches_per_epoch(); }

 private:
  bool trained(const Parameter& p) const { return network_.trained(p.block); }

  void keep_features(const std::shared_ptr<const data::Examples>& training,
                     const std::shared_ptr<const data::Examples>& validation) {
    if (network_.lowest_trained_block() < kBlocks || options_.augmentation == data::Augmentation::keras) return;
    const bool flips = options_.augmentation == data::Augmentation::flip;
    const auto bytes = FeatureCache::bytes(network_, training->count(), flips) +
                       (validation ? FeatureCache::bytes(network_, validation->count(), false) : 0);
    const bool fits = bytes <= options_.cache_limit;
    remark(fmt::format(
        "All blocks are frozen: their features take {:.1f} MB and are {}.", double(bytes) / 1e6,
        fits ? "computed once"
             : fmt::format("recomputed each time (--cache-limit is {:.1f} MB)", double(options_.cache_limit) / 1e6)));
    if (!fits) return;
    train_features_ =
        std::make_unique<FeatureCache>(network_, training, options_.normalisation, flips, options_.batch, run_.path());
    if (validation)
      validation_features_ = std::make_unique<FeatureCache>(network_, validation, options_.normalisation, false,
                                                            options_.batch, run_.path());
  }

  // A step that the device works on.
  struct Enqueued {
    std::int64_t step;
    int images, rehearsed_images;
    FocalLoss objective;
    Pending<LossResult> loss;
    std::optional<Pending<LossResult>> rehearsed;
    Pending<int> bad;
  };

  Enqueued enqueue(int epoch, std::int64_t step, const FocalLoss& objective) {
    const Pending<LossResult> loss = step_.train(batch_, train_features_.get(), objective);
    std::optional<Pending<LossResult>> rehearsed;
    if (rehearsal_) rehearsed = rehearsal_->add_gradients(objective);
    updates_.take_gradients(step_.trace());
    if (!options_.gradients.empty() && step + 1 == options_.steps) write_gradients();
    const Pending<int> bad =
        device_.sgd_step(updates_.steps, {scheduled_rate(options_, epoch, step), options_.momentum,
                                          options_.weight_decay, 1.0, options_.l2_sp, options_.clip_norm});
    return {step, batch_.count, rehearsal_ ? rehearsal_->images() : 0, objective, loss, rehearsed, bad};
  }

  // Waits for the step.
  void add(const Enqueued& done, Trained& average) {
    const LossResult result = done.loss.get();
    if (!std::isfinite(result.loss)) stop(done, "the loss is not finite");
    if (done.rehearsed) {
      const LossResult rehearsed = done.rehearsed->get();
      if (!std::isfinite(rehearsed.loss)) stop(done, "the loss of the rehearsed images is not finite");
      average.rehearsed.add(rehearsed, done.rehearsed_images);
    }
    const int bad = done.bad.get();
    if (bad >= 0) stop(done, fmt::format("{} or its gradient is not finite", updates_.name(bad)));
    average.all.add(result, done.images);
  }

  // The next step has run since: its pictures took the place of those that are to blame.
  [[noreturn]] void stop(const Enqueued& at, const std::string& what) {
    if (last_batch_.count > 0) step_.evaluate(last_batch_, train_features_.get(), at.objective).get();
    stop_at(at.step, what);
  }

  void write_gradients() {
    std::vector<SafetensorsWriter::Declaration> declarations;
    for (const auto& p : network_.parameters())
      if (trained(p)) {
        const Shape& s = p.value.shape;
        const bool bias = p.name.ends_with(".bias");
        declarations.emplace_back(p.name, bias ? std::vector<std::int64_t>{s.c}
                                          : p.value.layout == Layout::kernel
                                              ? std::vector<std::int64_t>{s.n, s.c, s.h, s.w}
                                              : std::vector<std::int64_t>{s.n, s.c});
      }
    SafetensorsWriter writer(options_.gradients, declarations, {{"content", "gradients"}});
    for (const auto& p : network_.parameters())
      if (trained(p)) writer.append(device_.download(p.gradient));
    writer.commit();
  }

  [[noreturn]] void stop_at(std::int64_t step, const std::string& what) {
    const auto layer = first_not_finite(network_, step_.trace());
    throw Error(fmt::format("training in {} stopped at step {}: {}{}", run_.path().string(), step + 1, what,
                            layer.empty() ? "" : ", first seen in " + layer),
                "lower --lr, or clip the gradient with --clip-norm 1; earlier checkpoints are intact");
  }

  Network& network_;
  Device& device_;
  const TrainOptions& options_;
  RunFolder& run_;
  std::unique_ptr<FeatureCache> train_features_, validation_features_;
  std::unique_ptr<data::Loader> training_, validation_;
  TrainingStep step_;
  std::unique_ptr<Rehearsal> rehearsal_;  // null: nothing is rehearsed
  Updates updates_;
  data::Batch batch_, last_batch_;  // last_batch_: of the last step
};

std::string metrics_line(int epoch, const Training::Trained& trained, const Validation* validated, double rate,
                         double gamma) {
  nlohmann::ordered_json line{
      {"epoch", epoch}, {"train_loss", trained.all.mean_loss()}, {"train_accuracy", trained.all.accuracy()}};
  if (trained.rehearsed.count > 0) {
    line["rehearsed_loss"] = trained.rehearsed.mean_loss();
    line["rehearsed_accuracy"] = trained.rehearsed.accuracy();
  }
  if (validated) {
    line["validation_loss"] = validated->loss();
    line["validation_accuracy"] = validated->accuracy();
    line["validation_recall"] = validated->recall();
    line["validation_auc"] = validated->auc();
  }
  line["rate"] = rate;
  line["gamma"] = gamma;
  return line.dump();
}

// The SGD pass checks what it changes; a fused ReLU would hide a NaN in a frozen block.
void require_finite_frozen(Network& network) {
  for (const auto& p : network.parameters())
    if (!network.trained(p.block) && !std::isfinite(network.device().sum(p.value)))
      throw Error(
          fmt::format("training cannot start at step 1: {}, which is frozen, holds a value that is not finite", p.name),
          "start from other weights");
}

bool reached(const Progression& at, const TrainOptions& o) {
  return (o.steps > 0 ? at.steps >= o.steps : at.epochs >= o.epochs) ||
         (o.patience > 0 && at.epochs - at.best_epoch >= o.patience);
}

// Whether the epoch that has just ended is the one to keep, as far as is known; among equals the first.
bool keeps(Keep keep, const std::optional<Validation>& validated, Progression& at) {
  if (keep == Keep::last || !validated) {
    at.kept_epoch = at.epochs;
    return at.finished;
  }
  const double score = validated->score(keep);
  if (at.kept_epoch > 0 && score <= at.kept_score) return false;
  at.kept_epoch = at.epochs;
  at.kept_score = score;
  return true;
}

// A run of more epochs would have slowed down later than the run that it continues.
void say_other_schedule(const Progression& at, const TrainOptions& options, const std::string& name) {
  if (at.planned == 0 || at.planned == options.epochs || options.slow_epochs == 0) return;
  TrainOptions before = options;
  before.epochs = at.planned;
  int first = 0, last = 0;  // epochs at another rate, counted from 1
  for (int epoch = 0; epoch < at.epochs; ++epoch)
    if (scheduled_rate(before, epoch, 1 << 30) != scheduled_rate(options, epoch, 1 << 30)) {
      if (first == 0) first = epoch + 1;
      last = epoch + 1;
    }
  if (first > 0)
    remark(fmt::format(
        "{}: {} the slow end of a run of {} epochs; a run of {} from the start would have trained {} at "
        "the full rate.",
        name, first == last ? fmt::format("epoch {} was", first) : fmt::format("epochs {} to {} were", first, last),
        at.planned, options.epochs, first == last ? "it" : "them"));
}

}  // namespace

void train(Network& network, const TrainOptions& options, std::shared_ptr<const data::Examples> training_examples,
           std::shared_ptr<const data::Examples> validation_examples, const ModelNotes& notes, RunFolder& run,
           const Rehearsed* rehearsed) {
  const Updates updates(network, options, rehearsed);
  const std::vector<Tensor> beside = updates.beside();
  Progression at;
  if (const auto earlier = run.resume(network, beside)) {
    at = *earlier;
    at.finished = reached(at, options);
    const auto name = run.path().string();
    if (at.finished) {
      if (!fs::exists(run.path() / "weights.safetensors"))
        throw Error(fmt::format("{} is finished, but its weights.safetensors is missing", name),
                    "use last.safetensors, which holds its last epoch, or train again with another --out");
      const bool patience = options.patience > 0 && at.epochs - at.best_epoch >= options.patience;
      remark(fmt::format("{} is finished ({} epochs, {} steps{}): nothing is left to do.", name, at.epochs, at.steps,
                         patience ? ", stopped by --patience" : ""));
      return;
    }
    remark(fmt::format("{}: resuming after epoch {}.", name, at.epochs));
    if (run.momentum_lost() && options.momentum != 0)
      remark(fmt::format("{}: the momentum was not saved and restarts from 0.", name));
    if (run.momentum_lost() && rehearsed)
      remark(fmt::format("{}: the head rehearsed with was not saved and starts again from --init.", name));
    say_other_schedule(at, options, name);
  }
  run.keep_changed_config();
  at.planned = options.epochs;
  if (options.keep != Keep::last && !validation_examples)
    remark(fmt::format("--keep {}: the last epoch is kept, because the data have no validation part.",
                       word_of(options.keep)));
  require_finite_frozen(network);
  Training training(network, options, training_examples, validation_examples, rehearsed, updates, run);
  const std::int64_t planned = std::int64_t{options.epochs} * training.batches();
  const std::int64_t total = options.steps > 0 ? options.steps : planned;
  if (total > planned)
    remark(fmt::format("--steps {} is more than the {} steps of --epochs {}: training continues to step {}.", total,
                       planned, options.epochs, total));
  Progress progress("Training " + run.path().filename().string(), total - at.steps);
  while (!at.finished) {
    const int epoch = at.epochs;
    const auto start = std::chrono::steady_clock::now();
    const double rate = scheduled_rate(options, epoch, at.steps);
    const Training::Trained trained = training.train_epoch(epoch, at.steps, progress);
    std::optional<Validation> validated;
    if (training.validates()) validated = training.validate(at.steps);
    ++at.epochs;
    if (!validated || at.best_epoch == 0 || validated->loss() < at.best_loss) {
      at.best_epoch = at.epochs;
      at.best_loss = validated ? validated->loss() : 0;
    }
    at.finished = reached(at, options);
    const bool kept = keeps(options.keep, validated, at);
    if (at.finished && kept && validated) validated->require_alive(run.path().string());  // before it is saved as done
    run.append_metrics(
        metrics_line(at.epochs, trained, validated ? &*validated : nullptr, rate, scheduled_gamma(options, epoch)));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    run.append_timing(nlohmann::ordered_json{{"epoch", at.epochs}, {"seconds", seconds.count()}}.dump());
    const bool go_on = !at.finished || options.keep_momentum;
    run.save(network, go_on ? beside : std::vector<Tensor>{}, at, kept, notes);
  }
}

}  // namespace palimpsest::nn
