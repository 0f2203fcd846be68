#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "analysis/folds.h"
#include "cuda/precision.h"
#include "data/augment.h"
#include "data/crop.h"
#include "data/orientation.h"
#include "data/source.h"
#include "experiments/settings/device_name.h"
#include "experiments/settings/fields.h"
#include "lrp/composites.h"
#include "lrp/dialects.h"
#include "lrp/heatmap.h"
#include "nn/class_balance.h"
#include "nn/validation.h"
#include "nn/weights.h"

// The groups of settings that commands and the study consist of.
namespace palimpsest::experiments {

enum class Part : std::uint8_t { train, validation, test, all };
constexpr auto words(Part) {
  return std::to_array<Word<Part>>(
      {{"train", Part::train}, {"validation", Part::validation}, {"test", Part::test}, {"all", Part::all}});
}

enum class Head : std::uint8_t { fc, dense, gap };
constexpr auto words(Head) {
  return std::to_array<Word<Head>>({{"fc", Head::fc}, {"dense", Head::dense}, {"gap", Head::gap}});
}

enum class Loss : std::uint8_t { focal, cross_entropy };
constexpr auto words(Loss) {
  return std::to_array<Word<Loss>>({{"focal", Loss::focal}, {"cross-entropy", Loss::cross_entropy}});
}

// Results depend on these in their last bits only; a run records the device by its fingerprint.
struct MachineSettings {
  DeviceName device = option(device, "device", {}, "auto (prints its choice), cpu, cuda, cuda:1 or cuda-emulated",
                             heading("Machine"), of_this_call);
  int threads = option(threads, "threads", 0, "0: one per core", between(0, 1024), of_this_call);
  std::string convolution =
      option(convolution, "convolution", "auto",
             "auto, one algorithm (cpu: direct, winograd; cuda: own, library), or a table from bench --tune (.json)",
             of_this_call);
  Precision precision = option(precision, "precision", Precision::fp32,
                               "of a GPU's products: fp32 is exact, tf32 and bf16 use tensor cores", of_this_call);
};

struct ModelSettings {
  fs::path weights =
      option(weights, "weights", {}, "a VGG of any width: safetensors, PyTorch's .pth, Keras' .h5 or .keras",
             heading("Model"), required);
};

struct DataSettings {
  data::Source source = option(source, "data", {},
                               "affectnet:DIR, affectnet8:DIR, unbc:DIR, ckplus:DIR, folder:DIR, arrays:X.npy[,Y.npy] "
                               "or arrays:D.npz[x],D.npz[y]",
                               heading("Data"), required, names_content);
  std::optional<int> size =
      option(size, "size", {}, "side of the pictures in pixels (default: the network's)", between(32, 1024));
  data::Crop crop = option(crop, "crop", data::Crop::landmarks, "how pictures are cropped");
  double margin = option(margin, "margin", 0.25, "added on each side, as a fraction of the box's side", between(0, 10));
  data::BottomCut bottom_cut =
      option(bottom_cut, "bottom-cut", data::BottomCut::no,
             "the face below the base of the nose: kept; blanked in place; or cut off and the rest stretched (so too "
             "without a value)",
             once_a_flag("stretch"));
  data::Orientation orientation = option(orientation, "orientation", data::Orientation::stored,
                                         "folder: pictures as stored, or turned as their EXIF orientation says");
  std::string normalisation =
      option(normalisation, "normalisation", "auto", "how values are scaled; auto: as the weights expect",
             one_of({"auto", "torchvision", "caffe", "vggface"}));
  std::vector<std::string> drop_classes = option(drop_classes, "drop-classes", {}, "classes to leave out, by name");
  double validation_share = option(validation_share, "validation-share", 0.05,
                                   "AffectNet, folder: fraction of the training part", at_least(0), below(1));
  double test_share = option(test_share, "test-share", 0, "folder: fraction of each class kept for the test part",
                             at_least(0), below(1));
  std::vector<std::string> test_participants =
      option(test_participants, "test-participants", {}, "UNBC: participants kept for the test part");
  int pain_images =
      option(pain_images, "pain-images", 1000, "UNBC: frames sampled for training and validation", between(2, 1e8));
  int pain_validation =
      option(pain_validation, "pain-validation", 100, "UNBC: how many of those are for validation", at_least(0));
  std::uint64_t split_seed = option(split_seed, "split-seed", 1, "seed of the random selections");
  std::vector<std::string> class_names = option(
      class_names, "class-names", {}, "names of the weights' classes in order, if the file has none: a,b,c or @FILE");
  fs::path skipped = option(skipped, "skipped", {}, "CSV that lists every skipped file and the reason", without_effect);
  fs::path cache = option(cache, "cache", {}, "folder that caches decoded pictures", without_effect);
  Part part = option(part, "part", Part::test, "which part of the set", of_this_call);
};

struct NetworkSettings {
  fs::path init =
      option(init, "init", {}, "weights to start from, safetensors, .pth, .h5 or .keras (default: He initialisation)",
             heading("Network"), names_content);
  nn::HeadInit head_init = option(head_init, "head-init", nn::HeadInit::keep,
                                  "with --init: take all of the head that fits, all but the last layer, or nothing; "
                                  "what is new is fitted to the pictures");
  std::optional<int> vgg =
      option(vgg, "vgg", {}, "VGG of 11, 13, 16 or 19 layers (default: as --init, else 16)", between(11, 19));
  int freeze = option(freeze, "freeze", 0, "keep the first K of the five blocks fixed", between(0, nn::kBlocks));
  std::vector<int> freeze_blocks =
      option(freeze_blocks, "freeze-blocks", {}, "keep these blocks fixed instead", between(1, nn::kBlocks));
  double width = option(width, "width", 1, "channels as a fraction of VGG's", above(0));
  Head head = option(head, "head", Head::fc,
                     "fully connected layers; straight to the classes; or global average pooling, then --hidden and "
                     "the classes (kept from --init, unless --head-init is fresh)");
  std::vector<int> hidden = option(
      hidden, "hidden", {},
      "widths of the fully connected layers before the last (default: as --init, else 4096,4096; with --head gap none)",
      between(1, 1 << 20));
  int classes = option(classes, "classes", 0, "0: as many as in the data, or in --init", between(0, 65536));
};

struct LossSettings {
  Loss loss = option(loss, "loss", Loss::focal, "focal with --gamma 0 is cross-entropy", heading("Loss"));
  double gamma = option(gamma, "gamma", 0, "focusing parameter of the focal loss", at_least(0));
  nn::ClassWeights class_weights =
      option(class_weights, "class-weights", nn::ClassWeights::none,
             "class-balanced weights: rescaled to sum to the number of classes, or plain as in the formula");
  std::vector<std::int64_t> class_counts =
      option(class_counts, "class-counts", {},
             "images per class for these weights (default: counted); implies rescaled", at_least(1));
  double beta =
      option(beta, "beta", 0.99998, "of the class-balanced weights (1 - beta) / (1 - beta^n)", at_least(0), below(1));
};

struct TrainingSettings {
  double rate = option(rate, "lr", 0.01, "learning rate", heading("Training"), above(0), formerly("rate"));
  double momentum = option(momentum, "momentum", 0, "0: plain SGD", at_least(0), below(1));
  double weight_decay = option(weight_decay, "weight-decay", 0, "of weights and biases", at_least(0));
  int batch = option(batch, "batch", 32, "images in a step", between(1, 65536));
  int epochs = option(epochs, "epochs", 20, "passes over the training part", at_least(1));
  int steps = option(steps, "steps", 0, "stop after this many steps; 0: never", at_least(0));
  int patience = option(patience, "patience", 0,
                        "stop after this many epochs without a lower validation loss; 0: never", at_least(0));
  nn::Keep keep =
      option(keep, "keep", nn::Keep::last,
             "the epoch whose weights are kept: the last, or the best on the validation part by its loss, mean "
             "recall, or mean AUC of a class against the others");
  double clip_norm = option(clip_norm, "clip-norm", 0, "largest norm of the gradient; 0: no limit", at_least(0));
  int warmup_steps = option(warmup_steps, "warmup-steps", 0, "steps over which the rate rises to --lr", at_least(0));
  int plain_epochs = option(plain_epochs, "plain-epochs", 0, "first epochs, trained with gamma 0", at_least(0));
  int slow_epochs = option(slow_epochs, "slow-epochs", 0, "last epochs, trained at a tenth of the rate", at_least(0));
  data::Augmentation augment =
      option(augment, "augment", data::Augmentation::none, "keras: rotation, shifts, shear, zoom, flip");
  bool shuffle = option(shuffle, "shuffle", true, "a new order in each epoch");
  std::uint64_t seed = option(seed, "seed", 1, "of all random numbers in training");
  std::uint64_t cache_limit =
      option(cache_limit, "cache-limit", std::uint64_t{2} << 30,
             "largest cache of block-5 features in bytes, used when all blocks are frozen", without_effect);
};

// What keeps a training from losing what --init knows.
struct RetentionSettings {
  double l2_sp = option(l2_sp, "l2-sp", 0,
                        "decay towards the weights of --init, for what starts from them; --weight-decay is then for "
                        "what is new",
                        heading("Keeping what --init knows"), at_least(0));
  data::Source rehearse = option(rehearse, "rehearse", {},
                                 "data with the classes of --init's own head, which are shown beside --data and whose "
                                 "loss through that head is added",
                                 names_content);
  int rehearse_images =
      option(rehearse_images, "rehearse-images", 16, "how many of them in each step", between(1, 65536));
  double rehearse_weight = option(rehearse_weight, "rehearse-weight", 1, "of their mean loss", above(0));
};

// The values of a preset count, not its name.
struct PresetChoice {
  std::string preset = option(preset, "preset", "",
                              "emotion, pain, retrain (the paper's three), scratch (no --init), or emotion,scratch",
                              heading("Recipe"), without_effect);
};

// What a model is trained by: a preset, and over it what is given.
struct Recipe : PresetChoice, NetworkSettings, LossSettings, TrainingSettings {};

struct RelevanceSettings {
  std::string rules = option(
      rules, "rules", "study", "study (LRP-0 for FC, z+ for convolutions), epsilon-plus, z, epsilon, z-plus, ...",
      heading("Relevance"), checked_by([](const std::string& name) { lrp::composite_named(name); }));
  std::string dialect = option(dialect, "dialect", "zennit",
                               "library whose conventions on bias, stabiliser, negative input and pooling are used",
                               checked_by([](const std::string& name) { lrp::dialect_named(name); }));
  MapNormalisation normalise =
      option(normalise, "normalise", MapNormalisation::min_max, "how --pictures are scaled to [0, 1]");
};

struct ConceptSettings {
  int repeats =
      option(repeats, "repeats", 500, "repetitions of the 2-fold cross-validation", heading("Test"), at_least(2));
  double c = option(c, "c", 1, "cost of the support vector machine", above(0));
  bool standardise = option(standardise, "standardise", false, "scale features to mean 0, deviation 1, for the SVMs");
  analysis::FoldKind folds = option(folds, "folds", analysis::FoldKind::stratified,
                                    "random halves, stratified by label, or each subject in one fold");
  std::uint64_t seed = option(seed, "seed", 1, "of the folds and the bootstrap");
};

// Throws Error for inconsistent settings.
void require_consistent(const DataSettings& data);
void require_consistent(const LossSettings& loss);
template <class Command>
  requires requires(Command& command) { require_consistent(command.data); }
void settle(Command& command, const std::set<std::string>& /*given*/) {
  require_consistent(command.data);
}

// A recipe's values by name, as lines of TOML: `emotion`, `pain` and `retrain` are the paper's three (arXiv 2104.07389,
// section 3); `scratch` is what training without weights to start from needs besides.
struct Preset {
  std::string name, about, values;
};
std::vector<Preset> presets();
// Those that `recipe.preset` lists, in its order ("emotion,scratch"). Throws Error for an unknown one.
void apply_presets(Recipe& recipe);

}  // namespace palimpsest::experiments
