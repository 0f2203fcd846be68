#include "experiments/settings/settings.h"

#include <sstream>

#include "base/error.h"
#include "experiments/settings/toml.h"
#include "lrp/composites.h"
#include "lrp/dialects.h"

namespace palimpsest {

void describe(Fields& f, MachineSettings& s) {
  f.group("Machine");
  // Results depend on these in their last bits only; a run records the device by its fingerprint.
  f.add("device", s.device, "where it runs; auto says what it chose").of_this_call();
  f.add("threads", s.threads, "0: one for each core").between(0, 1024).of_this_call();
  f.add("convolution", s.convolution,
        "auto, one algorithm (cpu: direct, winograd; cuda: own, library), or a table from bench --tune (.json)")
      .of_this_call();
  f.add("precision", s.precision, "of a GPU's products: fp32 is exact, tf32 and bf16 use tensor cores")
      .one_of({"fp32", "tf32", "bf16"})
      .of_this_call();
}

void describe(Fields& f, DataSettings& s) {
  f.group("Data");
  f.add("data", s.source, "affectnet:DIR, affectnet8:DIR, unbc:DIR, ckplus:DIR, folder:DIR or arrays:X.npy[,Y.npy]")
      .required()
      .content();
  f.add("size", s.size, "side of the pictures in pixels (default: the network's)").between(32, 1024);
  f.add("crop", s.crop, "what is cut out of a picture");
  f.add("margin", s.margin, "added on each side, as a share of the box's side").between(0, 10);
  f.add("bottom-cut", s.bottom_cut, "cut pictures at the base of the nose");
  f.add("normalisation", s.normalisation, "how values are scaled; auto: as the weights want it")
      .one_of({"auto", "torchvision", "caffe", "vggface"});
  f.add("drop-classes", s.drop_classes, "classes left out, by name");
  f.add("validation-share", s.validation_share, "AffectNet, folder: share cut from training").at_least(0).below(1);
  f.add("test-participants", s.test_participants, "UNBC: participants kept for the test part");
  f.add("pain-images", s.pain_images, "UNBC: frames drawn for training and validation").between(2, 1e8);
  f.add("pain-validation", s.pain_validation, "UNBC: of those, for validation").at_least(0);
  f.add("split-seed", s.split_seed, "seed of the random selections");
  f.add("class-names", s.class_names,
        "names of the weights' classes in their order, where the file has none: a,b,c or @FILE");
  f.add("skipped", s.skipped, "CSV that lists every file that was left out, and why").without_effect();
  f.add("cache", s.cache, "folder for decoded pictures, to read them faster next time").without_effect();
  f.check_together([&s] {
    if (s.pain_validation >= s.pain_images)
      throw Error(
          fmt::format("--pain-validation: {} of {} frames leave none to train on", s.pain_validation, s.pain_images),
          "give an even number below --pain-images; the paper's is 100");
  });
}

void describe_weights(Fields& f, fs::path& weights) {
  f.group("Model");
  f.add("weights", weights, "a VGG16 of any width: safetensors with torchvision's or timm's names, or Keras' .h5")
      .required();
}

void describe_part(Fields& f, DataSettings& s) {
  f.group("Data");
  f.add("part", s.part, "which part of the set").of_this_call();
}

void describe(Fields& f, NetworkSettings& s) {
  f.group("Network");
  f.add("init", s.init, "weights to start from (safetensors, or Keras' .h5); without: He initialisation").content();
  f.add("head-init", s.head_init, "with --init: the head keeps all that fits, all but the last layer, or nothing");
  f.add("freeze", s.freeze, "the first K of the five blocks stay as they are").between(0, kBlocks);
  f.add("freeze-blocks", s.freeze_blocks, "instead: these blocks stay").between(1, kBlocks);
  f.add("width", s.width, "channels as a share of VGG16's").above(0);
  f.add("head", s.head, "fully connected layers, or straight to the classes");
  f.add("hidden", s.hidden, "widths of the fully connected layers before the last (default: as --init, else 4096,4096)")
      .between(1, 1 << 20);
  f.add("classes", s.classes, "0: as many as the data has, or as --init distinguishes").between(0, 65536);
}

void describe(Fields& f, LossSettings& s) {
  f.group("Loss");
  f.add("loss", s.loss, "focal with --gamma 0 is cross-entropy");
  f.add("gamma", s.gamma, "focusing parameter of the focal loss").at_least(0);
  f.add("class-weights", s.class_weights,
        "class-balanced weights: rescaled to sum to the number of classes, plain as the formula gives them");
  f.add("class-counts", s.class_counts, "images per class for those weights (default: counted); implies rescaled")
      .at_least(1);
  f.add("beta", s.beta, "of the class-balanced weights (1 - beta) / (1 - beta^n)").at_least(0).below(1);
  f.check_together([&s] {
    if (!s.class_counts.empty() && s.class_weights == ClassWeights::none)
      throw Error("--class-counts is given, but --class-weights is none",
                  "leave out --class-weights none, or the counts");
  });
}

void describe(Fields& f, TrainingSettings& s) {
  f.group("Training");
  f.add("lr", s.rate, "learning rate").above(0).formerly("rate");
  f.add("momentum", s.momentum, "0: plain SGD").at_least(0).below(1);
  f.add("weight-decay", s.weight_decay, "of weights and biases").at_least(0);
  f.add("batch", s.batch, "images in a step").between(1, 65536);
  f.add("epochs", s.epochs, "passes over the training part").at_least(1);
  f.add("steps", s.steps, "stop after so many steps; 0: never").at_least(0);
  f.add("patience", s.patience, "stop after so many epochs without a lower validation loss; 0: never").at_least(0);
  f.add("clip-norm", s.clip_norm, "largest norm of the gradient; 0: any").at_least(0);
  f.add("warmup-steps", s.warmup_steps, "steps in which the rate rises to --lr").at_least(0);
  f.add("plain-epochs", s.plain_epochs, "first epochs, trained with gamma 0").at_least(0);
  f.add("slow-epochs", s.slow_epochs, "last epochs, trained at a tenth of the rate").at_least(0);
  f.add("augment", s.augment, "keras: rotation, shifts, shear, zoom, flip");
  f.add("shuffle", s.shuffle, "a new order in each epoch");
  f.add("seed", s.seed, "of all random numbers in training");
  f.add("cache-limit", s.cache_limit, "bytes of block-5 features kept when all blocks are frozen").without_effect();
}

void describe(Fields& f, Recipe& recipe) {
  f.group("Recipe");
  // Its values count, not its name.
  f.add("preset", recipe.preset, "emotion, pain, retrain (the paper's three), scratch (no --init), or emotion,scratch")
      .first()
      .without_effect();
  describe(f, static_cast<NetworkSettings&>(recipe));
  describe(f, static_cast<LossSettings&>(recipe));
  describe(f, static_cast<TrainingSettings&>(recipe));
}

void describe(Fields& f, RelevanceSettings& s) {
  f.group("Relevance");
  f.add("rules", s.rules, "study (LRP-0 for FC, z+ for convolutions), epsilon-plus, z, epsilon, z-plus, ...")
      .checked_by([](const std::string& name) { composite_named(name); });
  f.add("dialect", s.dialect, "whose conventions on bias, stabiliser, negative input and pooling")
      .checked_by([](const std::string& name) { dialect_named(name); });
  f.add("normalise", s.normalise, "how --pictures are scaled to [0, 1]");
}

void describe(Fields& f, ConceptSettings& s) {
  f.group("Test");
  f.add("repeats", s.repeats, "repetitions of the 2-fold cross-validation").at_least(2);
  f.add("c", s.c, "cost of the support vector machine").above(0);
  f.add("standardise", s.standardise, "features to mean 0, deviation 1");
  f.add("folds", s.folds, "any halves, stratified by label, or whole subjects in one fold");
  f.add("seed", s.seed, "of the folds and the bootstrap");
}

std::vector<Preset> presets() {
  // SGD without momentum, weight decay or dropout.
  const std::string paper = "loss = 'focal'\nbeta = 0.99998\nlr = 0.01\nmomentum = 0\nweight-decay = 0\nbatch = 32\n";
  const std::string on_faces = paper + "gamma = 5\nclass-weights = 'rescaled'\naugment = 'flip'\nepochs = 20\n";
  return {{"emotion", "the emotion model", on_faces + "freeze = 0\nhead-init = 'copy-fc'\n"},
          {"pain", "a pain model",
           paper + "gamma = 2\nclass-weights = 'none'\naugment = 'keras'\nepochs = 50\nhead-init = 'fresh'\n"},
          {"retrain", "an emotion head on frozen blocks", on_faces + "freeze = 5\nhead-init = 'fresh'\n"},
          // Without weights to start from, the paper's recipe does not converge. This one was dependable on unbalanced
          // faces at widths of 1/8 and 1/4: large steps held by momentum and a clipped gradient, cross-entropy until
          // the classes come apart, a slow end.
          {"scratch", "on top of another, or alone: what training without --init needs",
           "lr = 0.02\nmomentum = 0.9\nclip-norm = 1\nwarmup-steps = 100\nplain-epochs = 4\nslow-epochs = 3\n"
           "batch = 16\nepochs = 16\n"}};
}

void apply_presets(Recipe& recipe) {
  std::istringstream names(recipe.preset);
  Fields fields = fields_of(recipe);
  for (std::string name; std::getline(names, name, ',');) {
    const auto all = presets();
    const auto at = std::ranges::find_if(all, [&](const Preset& preset) { return preset.name == name; });
    if (at == all.end())
      throw Error(fmt::format("--preset {}: unknown preset '{}'", recipe.preset, name),
                  "use emotion, pain or retrain, alone or followed by ',scratch', or scratch alone");
    read_toml(at->values, "the preset " + name, {{"", &fields}});
  }
}

}  // namespace palimpsest
