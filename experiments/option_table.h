#pragma once
#include <limits>
#include <string>
#include <vector>

#include "experiments/commands.h"

// The options of `train` and those that name its data, once: the command line, TOML files and a run's config.toml are
// all read or written by a visitor over this list, so that they cannot drift apart. A visitor is called for each option
// as visit(name, member, about); `name` is the long option without its dashes and the key in TOML.
namespace palimpsest {

// TOML has no larger whole numbers than 2^63 - 1; this is the largest double below.
inline constexpr double largest_in_toml = 9223372036854774784.0;

struct OptionText {
  const char* group;
  std::string help;
  std::vector<std::string> choices = {};  // the only values allowed; empty: any
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();  // of a number
};

template <class Data, class Visit>
void visit_data_options(Data& data, Visit&& visit) {
  const char* const group = "Data";
  visit("data", data.name,
        OptionText{group, "affectnet:DIR, affectnet8:DIR, unbc:DIR, ckplus:DIR, folder:DIR or arrays:X.npy[,Y.npy]"});
  visit("size", data.size, OptionText{group, "side of the pictures in pixels (default: the network's)"});
  visit("crop", data.crop, OptionText{group, "what is cut out of a picture", {"landmarks", "box", "none"}});
  visit("margin", data.margin, OptionText{group, "added on each side, as a share of the box's side"});
  visit("bottom-cut", data.bottom_cut, OptionText{group, "cut pictures at the base of the nose"});
  visit("normalisation", data.normalisation,
        OptionText{
            group, "how values are scaled; auto: as the weights want it", {"auto", "torchvision", "caffe", "vggface"}});
  visit("drop-classes", data.drop_classes, OptionText{group, "classes left out, by name"});
  visit("validation-share", data.validation_share, OptionText{group, "AffectNet, folder: share cut from training"});
  visit("test-participants", data.test_participants, OptionText{group, "UNBC: participants kept for the test part"});
  visit("pain-images", data.pain_images, OptionText{group, "UNBC: frames drawn for training and validation"});
  visit("pain-validation", data.pain_validation, OptionText{group, "UNBC: of those, for validation"});
  visit("split-seed", data.split_seed, OptionText{group, "seed of the random selections", {}, 0, largest_in_toml});
  visit("class-names", data.class_names,
        OptionText{group, "names of the weights' classes in their order, where the file has none: a,b,c or @FILE"});
  visit("skipped", data.skipped, OptionText{group, "CSV that lists every file that was left out, and why"});
  visit("cache", data.cache, OptionText{group, "folder for decoded pictures, to read them faster next time"});
}

template <class Command, class Visit>
void visit_train_options(Command& command, Visit&& visit) {
  visit_data_options(command.data, visit);

  const char* group = "Network";
  visit("init", command.init,
        OptionText{group, "weights to start from (safetensors, or Keras' .h5); without: He initialisation"});
  visit("head-init", command.head_init,
        OptionText{group,
                   "with --init: the head keeps all that fits, all but the last layer, or nothing",
                   {"keep", "copy-fc", "fresh"}});
  visit("freeze", command.freeze, OptionText{group, "the first K of the five blocks stay as they are"});
  visit("freeze-blocks", command.freeze_blocks, OptionText{group, "instead: these blocks stay, 1 to 5"});
  visit("width", command.width, OptionText{group, "channels as a share of VGG16's"});
  visit("head", command.head, OptionText{group, "fully connected layers, or straight to the classes", {"fc", "dense"}});
  visit("hidden", command.hidden,
        OptionText{group, "widths of the fully connected layers before the last (default: as --init, else 4096,4096)"});
  visit("classes", command.classes, OptionText{group, "0: as many as the data has, or as --init tells apart"});

  group = "Loss";
  visit("loss", command.loss, OptionText{group, "focal with --gamma 0 is cross-entropy", {"focal", "cross-entropy"}});
  visit("gamma", command.gamma, OptionText{group, "focusing parameter of the focal loss"});
  visit("class-weights", command.class_weights,
        OptionText{group,
                   "class-balanced weights: rescaled to sum to the number of classes, plain as the formula gives them",
                   {"none", "rescaled", "plain"}});
  visit("class-counts", command.class_counts,
        OptionText{group, "images per class for those weights (default: counted); implies rescaled"});
  visit("beta", command.beta, OptionText{group, "of the class-balanced weights (1 - beta) / (1 - beta^n)"});

  group = "Training";
  visit("lr", command.rate, OptionText{group, "learning rate"});
  visit("momentum", command.momentum, OptionText{group, "0: plain SGD"});
  visit("weight-decay", command.weight_decay, OptionText{group, "of weights and biases"});
  visit("batch", command.batch, OptionText{group, "images in a step"});
  visit("epochs", command.epochs, OptionText{group, "passes over the training part"});
  visit("steps", command.steps, OptionText{group, "stop after so many steps; 0: never"});
  visit("patience", command.patience,
        OptionText{group, "stop after so many epochs without a lower validation loss; 0: never"});
  visit("clip-norm", command.clip_norm, OptionText{group, "largest norm of the gradient; 0: any"});
  visit("warmup-steps", command.warmup_steps, OptionText{group, "steps in which the rate rises to --lr"});
  visit("plain-epochs", command.plain_epochs, OptionText{group, "first epochs, trained with gamma 0"});
  visit("slow-epochs", command.slow_epochs, OptionText{group, "last epochs, trained at a tenth of the rate"});
  visit("augment", command.augment,
        OptionText{group, "keras: rotation, shifts, shear, zoom, flip", {"none", "flip", "keras"}});
  visit("shuffle", command.shuffle, OptionText{group, "a new order in each epoch"});
  visit("seed", command.seed, OptionText{group, "of all random numbers in training", {}, 0, largest_in_toml});
  visit("cache-limit", command.cache_limit,
        OptionText{group, "bytes of block-5 features kept when all blocks are frozen", {}, 0, largest_in_toml});
}

}  // namespace palimpsest
