#include "experiments/command_line/option_adder.h"

namespace palimpsest::command_line {

void add_runs_on(const OptionAdder& add, RunsOn& on) {
  add("device", on.device,
      {"Machine", "where it runs; auto says what it chose", {"auto", "cpu", "cuda", "cuda-emulated"}});
  add("threads", on.threads, {"Machine", "0: one for each core", {}, 0, 1024});
  add("convolution", on.convolution,
      {"Machine",
       "auto, one algorithm (cpu: direct, winograd; cuda: own, library), or a table from bench --tune (.json)"});
  add("precision", on.precision,
      {"Machine", "of a GPU's products: fp32 is exact, tf32 and bf16 use tensor cores", {"fp32", "tf32", "bf16"}});
}

void add_train(CLI::App& program, Options& options) {
  CLI::App& app = *program.add_subcommand("train", "Train one model");
  const OptionAdder add(app);
  TrainCommand& train = options.train;

  add("preset", train.preset,
      {"Recipe", "emotion, pain, retrain (the paper's three), scratch (no --init), or emotion,scratch"});
  add("config", options.train_config,
      {"Recipe", "TOML file with options by their long names; the command line wins over it, it wins over --preset"});
  visit_train_options(train, add);
  app.add_flag("--no-augment", options.no_augment, "the same as --augment none")->group("Training");

  add("out", train.out,
      {"Output", "folder: weights.safetensors, last.safetensors, metrics.jsonl, timing.jsonl, config.toml"});
  add("gradients", train.gradients, {"Output", "with --steps 1: the gradients of that step (safetensors)"});
  add("resume", train.resume, {"Output", "go on from the checkpoint in --out, if there is one (default)"});
  add_runs_on(add, train.on);
  app.footer(std::string(what_is_read) +
             "Example: a pain model that keeps the first two blocks of an emotion model\n"
             "  palimpsest train --preset pain --freeze 2 --init emotion/weights.safetensors \\\n"
             "      --data unbc:UNBC --test-participants 042,095,107,120 --out pain-2\n"
             "--class-counts takes --class-weights rescaled for granted unless another is given.");
}

}  // namespace palimpsest::command_line
