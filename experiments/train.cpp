#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/folder_claim.h"
#include "base/hash64.h"
#include "base/progress.h"
#include "data/arrays.h"
#include "data/mapped_file.h"
#include "data/source.h"
#include "experiments/command.h"
#include "experiments/devices.h"
#include "experiments/labels.h"
#include "experiments/load_data.h"
#include "experiments/model.h"
#include "experiments/rehearsed_data.h"
#include "experiments/starting_weights.h"
#include "experiments/train.h"
#include "nn/class_balance.h"
#include "nn/fresh_head.h"
#include "nn/inference.h"
#include "nn/trainer.h"

namespace palimpsest::experiments {

namespace {

struct TrainingData {
  std::shared_ptr<const data::Examples> training, validation;  // validation may be null
  std::vector<std::string> classes;
  data::Choices choices;
};

// Content hashes in config.toml, so that a run does not resume with other files of the same name.
std::string hash_of(const data::Examples& examples) {
  Hash64 hash;
  std::vector<float> values(3 * std::size_t(examples.height()) * std::size_t(examples.width()));
  for (int i = 0; i < examples.count(); ++i) {
    examples.fill(i, {}, {}, values.data());
    hash.add(values.data(), values.size() * sizeof(float)).add_number(examples.label(i));
  }
  return fmt::format("{} images of {} x {}, {:016x}", examples.count(), examples.height(), examples.width(),
                     hash.value());
}
std::string hash_of(const fs::path& path) {
  const data::MappedFile file(path);
  return fmt::format("{} bytes, {:016x}", file.size(), Hash64().add(file.data(), file.size()).value());
}

TrainingData load_training_data(const TrainCommand& command, const OpenedData& data, int size) {
  const data::Source& source = command.data.source;
  if (const auto& arrays = data.arrays) {
    say_unused_for_arrays(command.data);
    require_size_of_arrays(command.data, *arrays);
    if (!arrays->labelled())
      throw Error(arrays->largest_label() < 0 && source.labels.empty()
                      ? fmt::format("{} names no labels", command.data.source.text)
                      : fmt::format("{} has no class for some pictures (-1)", source.labels_or_path().string()),
                  "give arrays:X.npy,Y.npy with a class for every picture");
    if (command.classes > 0) data::require_labels(*arrays, source, command.classes);
    return {arrays, nullptr, {}, {{"content of the arrays", hash_of(*arrays)}}};
  }
  const data::Selected selected = select_data(command.data);
  const data::Splits& parts = selected.parts;
  require_images(selected, parts.train, Part::train, "train on a set that has a training part");
  if (parts.train.classes.size() < 2)
    throw Error(fmt::format("{} has pictures of {} only, but training needs two classes or more", parts.train.name,
                            list_text(parts.train.classes)),
                command.data.drop_classes.empty() ? "put the pictures of each class into a separate folder"
                                                  : "drop fewer classes");
  data::require_every_class(parts.train, "training part");
  const fs::path skipped = command.data.skipped.empty() ? command.out / "skipped.csv" : command.data.skipped;
  TrainingData loaded{load_pictures_of(parts.train, command.data, size, command.on.threads, skipped), nullptr,
                      parts.train.classes, selected.choices};
  if (!parts.validation.samples.empty())
    loaded.validation = load_pictures_of(parts.validation, command.data, size, command.on.threads,
                                         command.out / "skipped-validation.csv");
  return loaded;
}

int largest_label(const data::Examples& examples) {
  int largest = -1;
  for (int i = 0; i < examples.count(); ++i) largest = std::max(largest, examples.label(i));
  return largest;
}

std::vector<std::int64_t> count_classes(const data::Examples& examples, int classes) {
  std::vector<std::int64_t> counts(std::size_t(classes), 0);
  for (int i = 0; i < examples.count(); ++i) ++counts[std::size_t(examples.label(i))];
  return counts;
}

// --init determines the channels, and the head unless an option sets it.
nn::Architecture architecture_for(const TrainCommand& command, const std::optional<StartingWeights>& start, int size,
                                  int classes) {
  const bool gap = command.head == Head::gap;
  if (!start) {
    const bool usual = command.head == Head::fc && command.hidden.empty();
    nn::Architecture a = nn::Architecture::vgg(command.vgg.value_or(16), command.width, size,
                                               usual ? std::vector{4096, 4096} : command.hidden, classes);
    a.average = gap;
    return a;
  }
  nn::Architecture a = start->architecture;
  if (command.vgg && *command.vgg != a.depth)
    throw Error(
        fmt::format("--vgg {} does not fit {}, which holds a VGG{}", *command.vgg, command.init.string(), a.depth),
        "omit --vgg, or give other weights");
  a.size = size;
  a.classes = classes;
  if (command.head == Head::dense || (gap && !a.average)) a.hidden.clear();
  if (!command.hidden.empty()) a.hidden = command.hidden;
  a.average = a.average || gap;
  return a;
}

// The number asked for, else of the data's classes; arrays have no names, so else that of --init.
int count_of_classes(const TrainCommand& command, const std::optional<StartingWeights>& start,
                     const TrainingData& data) {
  const int largest = largest_label(*data.training);
  int classes = command.classes;
  if (classes > 0 && !data.classes.empty() && classes != int(data.classes.size()))
    throw Error(fmt::format("--classes {} is not the number of classes of {}, which are {}", classes,
                            command.data.source.text, list_text(data.classes)),
                "omit --classes");
  if (classes == 0) classes = int(data.classes.size());
  if (classes == 0 && start) classes = start->architecture.classes;
  if (classes == 0) classes = largest + 1;
  if (largest >= classes)
    throw Error(fmt::format("{} has the label {}, but there are {} classes",
                            command.data.source.labels_or_path().string(), largest, classes),
                "give --classes");
  return classes;
}

std::array<bool, nn::kBlocks> frozen_blocks(const TrainCommand& command) {
  std::array<bool, nn::kBlocks> frozen{};
  for (int block = 1; block <= nn::kBlocks; ++block)
    frozen[std::size_t(block) - 1] = command.freeze_blocks.empty() ? block <= command.freeze
                                                                   : std::count(command.freeze_blocks.begin(),
                                                                                command.freeze_blocks.end(), block) > 0;
  return frozen;
}

// What --l2-sp holds near its start.
std::vector<std::string> parameters_held(const nn::Network& network, const nn::TakenWeights& taken) {
  const auto held = [&](const nn::Parameter& p) {
    return network.trained(p.block) && std::ranges::find(taken.whole, p.name) != taken.whole.end();
  };
  if (std::ranges::none_of(network.parameters(), held))
    throw Error("--l2-sp holds nothing: no parameter that is trained starts from --init",
                "omit it, freeze fewer blocks, or give --head-init copy-fc");
  return taken.whole;
}

nn::TrainOptions options_of(const TrainCommand& command, const data::Examples& training, int classes) {
  nn::TrainOptions o;
  o.loss.gamma = command.loss == Loss::cross_entropy ? 0.0 : command.gamma;
  auto counts = command.class_counts;
  const nn::ClassWeights weights = command.class_weights;
  if (weights != nn::ClassWeights::none && counts.empty()) counts = count_classes(training, classes);
  if (weights != nn::ClassWeights::none && counts.size() != std::size_t(classes))
    throw Error(fmt::format("--class-counts names {} classes, but there are {}", counts.size(), classes),
                "give one count for each class");
  o.loss.class_weights = nn::class_balanced_weights(counts, command.beta, weights);
  o.rate = command.rate;
  o.momentum = command.momentum;
  o.weight_decay = command.weight_decay;
  o.l2_sp = command.l2_sp;
  o.batch = command.batch;
  o.epochs = command.epochs;
  o.steps = command.steps;
  o.patience = command.patience;
  o.keep = command.keep;
  o.clip_norm = command.clip_norm;
  o.warmup_steps = command.warmup_steps;
  o.plain_epochs = command.plain_epochs;
  o.slow_epochs = command.slow_epochs;
  o.augmentation = command.augment;
  o.shuffle = command.shuffle;
  o.seed = command.seed;
  o.cache_limit = command.cache_limit;
  o.gradients = command.gradients;
  o.keep_momentum = command.keep_momentum;
  return o;
}

std::string config_text(const TrainCommand& command, const data::Choices& choices, const DeviceInfo& device) {
  std::string text = train_config_text(command);
  text += fmt::format("\n# The results depend on it in their last bits.\n# device: {}\n", device.fingerprint());
  for (const auto& [key, value] : choices) text += fmt::format("# {}: {}\n", key, value);
  return text;
}

}  // namespace

void run_train(const TrainCommand& command) {
  const auto device = make_device(command.on);
  const OpenedData opened(command.data);
  std::optional<StartingWeights> start;
  if (!command.init.empty()) start.emplace(command, opened.side);
  const int size = opened.side.value_or(start ? start->architecture.size : nn::Architecture{}.size);
  create_folder(command.out);
  const FolderClaim claim(command.out);
  TrainingData data = load_training_data(command, opened, size);
  if (start) data.choices.emplace_back("content of --init", hash_of(command.init));
  const int classes = count_of_classes(command, start, data);
  nn::Network network(*device, architecture_for(command, start, size, classes));
  start ? nn::initialise_head(network, command.seed) : nn::initialise(network, command.seed);
  nn::ModelNotes notes;
  notes.classes = data.classes;
  nn::TakenWeights taken;
  if (start) {
    notes.normalisation = start->notes.normalisation;
    auto [class_names, weights] = start->take(command, data.classes, network);
    notes.classes = std::move(class_names);
    taken = std::move(weights);
    tell_assumed_preparation(*start->file, start->notes, size, command.data);
  }
  if (!command.data.class_names.empty() && !data.classes.empty() && (!start || command.head_init != nn::HeadInit::keep))
    remark(fmt::format("--class-names is not used: {} names its classes.", command.data.source.text));
  notes.normalisation = normalisation_name(command.data, notes);
  if (notes.classes.empty()) notes.classes = output_names("this network", {}, classes, command.data.class_names);
  network.set_frozen(frozen_blocks(command));

  nn::TrainOptions options = options_of(command, *data.training, classes);
  if (options.l2_sp > 0) options.started = parameters_held(network, taken);
  options.normalisation = data::parse_normalisation(notes.normalisation);
  std::optional<RehearsedData> rehearsal;
  if (start && !command.rehearse.text.empty()) {
    rehearsal.emplace(command, *start, network);
    for (const auto& [key, value] : rehearsal->choices) data.choices.emplace_back("rehearsed: " + key, value);
    if (command.rehearse.scheme == data::Scheme::arrays)
      data.choices.emplace_back("content of the rehearsed arrays", hash_of(*rehearsal->rehearsed.examples));
  }
  if (start) nn::require_no_overflow(network, *data.training, options.normalisation);
  data.choices.emplace_back("normalisation of the pictures", notes.normalisation);
  const fs::path config = command.out / "config.toml";
  nn::RunFolder run(
      command.out, config_text(command, data.choices, device->info()), command.resume,
      [&](const std::string& earlier, const std::string& now) { return difference_of_runs(earlier, now, config); });
  const bool resumes = fs::exists(command.out / "last.safetensors");
  if (start && !resumes)
    nn::fit_fresh_layers(network, taken.taken, data.training, options.normalisation, options.batch);
  nn::train(network, options, data.training, data.validation, notes, run, rehearsal ? &rehearsal->rehearsed : nullptr);
}

Command train_command() {
  return make_command("train", "Train one model",
                      std::string(what_is_read) +
                          "Example: a pain model that keeps the first two blocks of an emotion model\n"
                          "  palimpsest train --preset pain --freeze 2 --init emotion/weights.safetensors \\\n"
                          "      --data unbc:UNBC --test-participants 042,095,107,120 --out pain-2\n"
                          "--class-counts implies --class-weights rescaled unless another is given.",
                      run_train, /*goes_on=*/true);
}

}  // namespace palimpsest::experiments
