#include <sstream>

#include "base/error.h"
#include "experiments/commands.h"

namespace palimpsest {

namespace {

// STUDY sections 3.1 to 3.3. SGD without momentum, weight decay or dropout.
void paper(TrainCommand& c, double gamma, const char* class_weights, const char* augment, int epochs) {
  c.loss = "focal";
  c.gamma = gamma;
  c.class_weights = class_weights;
  c.beta = 0.99998;
  c.rate = 0.01;
  c.momentum = 0;
  c.weight_decay = 0;
  c.batch = 32;
  c.epochs = epochs;
  c.augment = augment;
  c.head_init = "fresh";
}

void emotion(TrainCommand& c) {
  paper(c, 5, "rescaled", "flip", 20);
  c.freeze = 0;
  c.head_init = "copy-fc";
}

void pain(TrainCommand& c) {
  paper(c, 2, "none", "keras", 50);
}

void retrain(TrainCommand& c) {
  paper(c, 5, "rescaled", "flip", 20);
  c.freeze = 5;
}

// Without weights to start from, the paper's recipe does not get off the ground. This one was dependable on unbalanced
// faces at widths of 1/8 and 1/4: large steps held by momentum and a clipped gradient, cross-entropy until the classes
// come apart, a slow end.
void scratch(TrainCommand& c) {
  c.rate = 0.02;
  c.momentum = 0.9;
  c.clip_norm = 1;
  c.warmup_steps = 100;
  c.plain_epochs = 4;
  c.slow_epochs = 3;
  c.batch = 16;
  c.epochs = 16;
}

}  // namespace

void apply_preset(TrainCommand& command) {
  std::istringstream names(command.preset);
  for (std::string name; std::getline(names, name, ',');) {
    if (name == "emotion") {
      emotion(command);
    } else if (name == "pain") {
      pain(command);
    } else if (name == "retrain") {
      retrain(command);
    } else if (name == "scratch") {
      scratch(command);
    } else {
      throw Error(fmt::format("--preset {}: there is no preset '{}'", command.preset, name),
                  "use emotion, pain or retrain, alone or followed by ',scratch', or scratch alone");
    }
  }
}

}  // namespace palimpsest
