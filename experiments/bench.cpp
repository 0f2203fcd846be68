#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/bench/bench_tables.h"
#include "experiments/bench/layer_times.h"
#include "experiments/bench/operation_times.h"
#include "experiments/bench/step_times.h"
#include "experiments/bench/tune.h"
#include "experiments/command.h"
#include "experiments/devices.h"

namespace palimpsest::experiments {

namespace {

struct BenchCommand {
  int size = option(size, "size", 224, "side of the pictures in pixels", heading("Network"), between(32, 1024));
  double width = option(width, "width", 1, "channels as a fraction of VGG16's", above(0));
  std::vector<int> hidden = option(hidden, "hidden", {4096, 4096},
                                   "widths of the fully connected layers before the last", between(1, 1 << 20));
  int batch = option(batch, "batch", 8, "images at a time", at_least(1));
  bool layers = option(layers, "layers", true, "every pass of every layer (default)", heading("What"));
  bool operations = option(operations, "operations", true, "pooling, loss, SGD and the others (default)");
  bool steps = option(steps, "steps", true, "whole steps: forward, training, relevance (default)");
  std::vector<std::string> only =
      option(only, "only", {}, "these layers or operations alone, such as conv3_2,fc6,max_pool; no steps");
  std::vector<BenchPass> passes = option(passes, "pass", {}, "these passes of layers alone");
  std::vector<std::string> compare =
      option(compare, "compare", {}, "layers by several algorithms in turn, side by side, such as own,library");
  fs::path tune =
      option(tune, "tune", {}, "time every algorithm and write the fastest to a table for --convolution (.json)");
  int repeats = option(repeats, "repeats", 5, "samples of each figure at the least", heading("Timing"), at_least(1));
  double interval = option(interval, "interval", 0.02,
                           "more, until the median's 95 % interval is at most this part of it", at_least(0));
  double seconds = option(seconds, "seconds", 0.3, "or until a figure took so long", at_least(0));
  bool cold = option(cold, "cold", true, "also with cold caches (default)");
  int launches =
      option(launches, "launches", 0, "run each so often and time nothing, for a profiler; 0: time", at_least(0));
  fs::path out = option(out, "out", {}, "every figure (.json or .csv)", heading("Output"));
  MachineSettings on;

  Limits limits() const { return {repeats, interval, seconds, cold}; }
};

// What is timed. Throws Error for a name that is neither a layer nor an operation, and where nothing is left.
struct Chosen {
  bool layers = true, operations = true, steps = true;
  std::vector<std::string> only_layers = {}, only_operations = {};  // empty: all of them
};
Chosen chosen(const BenchCommand& command, const nn::Architecture& architecture) {
  const auto layers = layer_names(architecture), operations = operation_names();
  const auto is_in = [](const auto& list, const std::string& one) {
    return std::ranges::find(list, one) != list.end();
  };
  Chosen found;
  for (const std::string& one : command.only) {
    if (!is_in(layers, one) && !is_in(operations, one))
      throw Error(fmt::format("--only: '{}' is not a layer of this network, nor an operation", one),
                  fmt::format("choose from {}, {}", fmt::join(layers, ", "), fmt::join(operations, ", ")));
    (is_in(layers, one) ? found.only_layers : found.only_operations).push_back(one);
  }
  const bool all = command.only.empty(), whole = command.passes.empty() && command.compare.empty();
  found.layers = command.layers && (all || !found.only_layers.empty());
  found.operations = command.operations && whole && (all || !found.only_operations.empty());
  found.steps = command.steps && whole && all && command.launches == 0;
  const bool layers_left_out = !found.layers && !found.only_layers.empty();
  const bool operations_left_out = !found.operations && !found.only_operations.empty();
  if (layers_left_out || operations_left_out || (!found.layers && !found.operations && !found.steps))
    throw Error(fmt::format("bench: these options leave out {}", all ? "everything" : "what --only names"),
                "--pass and --compare are for layers alone: omit them, or name layers in --only without --no-layers");
  return found;
}

// Fails with the error of the first algorithm that never ran, though it serves something.
void require_success(const std::vector<BenchRow>& rows) {
  for (const BenchRow& failed : rows) {
    const auto ran = [&](const BenchRow& row) { return row.algorithm == failed.algorithm && !row.measured.error; };
    if (failed.measured.error && std::ranges::none_of(rows, ran)) throw Error(*failed.measured.error);
  }
}

// Fails with the first error, if there is one.
void require_no_failure(const std::vector<BenchRow>& rows) {
  for (const BenchRow& row : rows)
    if (row.measured.error) throw Error(*row.measured.error);
}

void compare(const BenchCommand& command, const nn::Architecture& architecture, const Chosen& what, BenchFile& file) {
  file.rows = time_algorithms(command.on, command.compare, architecture, command.batch,
                              {.only = what.only_layers, .passes = command.passes}, command.limits());
  print_comparison(file, command.compare);
}

void launch(const BenchCommand& command, const nn::Architecture& architecture, const Chosen& what, Device& device) {
  if (what.layers)
    launch_layers(device, architecture, command.batch, {.only = what.only_layers, .passes = command.passes},
                  command.launches);
  if (what.operations) time_operations(device, architecture, command.batch, what.only_operations, {}, command.launches);
}

void time_all(const BenchCommand& command, const nn::Architecture& architecture, const Chosen& what, Device& device,
              BenchFile& file) {
  const auto add = [&](const std::vector<BenchRow>& rows) {
    file.rows.insert(file.rows.end(), rows.begin(), rows.end());
  };
  if (what.layers) {
    const Competitor one{{}, device};
    add(time_layers({&one, 1}, architecture, command.batch, {.only = what.only_layers, .passes = command.passes},
                    command.limits()));
    print_layers(file);
  }
  if (what.operations) {
    add(time_operations(device, architecture, command.batch, what.only_operations, command.limits()));
    print_operations(file);
  }
  if (what.steps) {
    add(time_steps(device, architecture, command.batch, command.limits()));
    print_steps(file);
  }
}

void run_bench(const BenchCommand& command) {
  check_bench_file_name(command.out);
  const auto architecture = nn::Architecture::vgg(16, command.width, command.size, command.hidden, 8);
  if (!command.tune.empty())
    return tune(command.on, architecture, command.batch, command.only, command.limits(), command.tune);
  const Chosen what = chosen(command, architecture);
  const auto device = make_device(command.on);
  if (command.launches > 0) return launch(command, architecture, what, *device);
  BenchFile file;
  file.device = device->info();
  file.precision = word_of(command.on.precision);
  file.size = command.size, file.batch = command.batch, file.width = command.width;
  file.peaks = peaks_of(file.device.gpu, command.on.precision);
  if (!command.compare.empty()) file.device.algorithms = fmt::format("{}", fmt::join(command.compare, ", "));
  fmt::print("{} ({}), {} threads, convolution {}\n", file.device.name, file.device.description, file.device.threads,
             file.device.algorithms);
  ClockReader clocks(file.device.gpu_bus);
  file.before = clocks.read();
  if (command.compare.empty())
    time_all(command, architecture, what, *device, file);
  else
    compare(command, architecture, what, file);
  file.after = clocks.read();
  file.clocks_problem = clocks.problem();
  print_circumstances(file);
  if (!command.out.empty()) write_bench_file(command.out, file);
  command.compare.empty() ? require_no_failure(file.rows) : require_success(file.rows);
}

}  // namespace

Command bench_command() {
  return make_command(
      "bench", "Time the network's layers, operations and whole steps on a device",
      "Example: find the fastest algorithms on this machine, and train with them\n"
      "  palimpsest bench --batch 32 --tune table.json\n"
      "  palimpsest train --preset pain --batch 32 --convolution table.json ...\n"
      "Example: our kernels and NVIDIA's side by side, as a table for a spreadsheet\n"
      "  palimpsest bench --device cuda --precision tf32 --compare own,library --out compared.csv\n"
      "Example: one kernel under a profiler\n"
      "  ncu palimpsest bench --device cuda --only conv3_2 --pass forward --launches 2\n"
      "Times are medians by the GPU's own clock. Noise is the interquartile range as a part of the median. FLOP/s "
      "count\n"
      "the direct algorithm's operations for every algorithm; GB/s and the roofline count the bytes that must move at\n"
      "the least, on cold caches. Run nothing else at the same time.",
      run_bench);
}

}  // namespace palimpsest::experiments
