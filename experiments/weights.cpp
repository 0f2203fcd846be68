// The command that shows what a weights file holds, and converts it.
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <exception>
#include <optional>

#include "base/error.h"
#include "base/excerpt.h"
#include "base/progress.h"
#include "experiments/command.h"
#include "experiments/devices.h"
#include "experiments/labels.h"
#include "nn/keras_weights.h"
#include "nn/pytorch_file.h"
#include "nn/torch_weights.h"
#include "nn/weights.h"
#include "nn/weights_contents.h"

namespace palimpsest::experiments {

namespace {

struct WeightsCommand {
  fs::path file =
      option(file, "FILE", {}, "safetensors, PyTorch's .pth, Keras' .h5 or .keras", heading("Model"), argument);
  std::optional<int> size = option(size, "size", {}, "side of its pictures in pixels, if the file does not state it");
  std::vector<std::string> class_names =
      option(class_names, "class-names", {}, "names of its classes in order, if the file has none: a,b,c or @FILE");
  std::string normalisation =
      option(normalisation, "normalisation", "auto", "expected by the weights; auto: as the file states",
             one_of({"auto", "torchvision", "caffe", "vggface"}));
  fs::path out =
      option(out, "out", {}, "writes the weights as safetensors with torchvision's names and the settings above",
             heading("Output"));
};

const char* format_of(const TensorFile& file) {
  const auto* const torch = dynamic_cast<const nn::TorchWeights*>(&file);
  if (torch && dynamic_cast<const nn::PytorchFile*>(&torch->file())) return "PyTorch's file";
  const auto* const keras = dynamic_cast<const nn::KerasWeights*>(&file);
  return !keras ? "safetensors" : keras->archive() ? "Keras' archive" : "Keras' HDF5";
}

std::string use_of(const nn::TensorUse& tensor) {
  switch (tensor.kind) {
    case nn::TensorUse::Kind::parameter:
    case nn::TensorUse::Kind::folded:
      return tensor.what;
    case nn::TensorUse::Kind::left_out:
      return "left out: " + tensor.what;
    case nn::TensorUse::Kind::unplaced:
      break;
  }
  return tensor.what.empty() ? "not part of the network" : "not part of the network: " + tensor.what;
}

// A line for each tensor, in columns.
void print_tensors(const TensorFile& file, const nn::WeightsContents& contents) {
  std::vector<std::array<std::string, 4>> rows{{"tensor", "type", "shape", "interpreted as"}};
  for (const auto& tensor : contents.tensors) {
    const StoredTensor stored = file.stored(tensor.name);
    rows.push_back({excerpt(stored.name), excerpt(file.info(tensor.name).dtype, 20),
                    stored.shape.empty() ? "a number" : fmt::format("{}", fmt::join(stored.shape, " x ")),
                    excerpt(use_of(tensor), 120)});
  }
  std::array<std::size_t, 3> widths{};
  for (const auto& row : rows)
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  for (const auto& row : rows)
    fmt::print("{:<{}}  {:<{}}  {:<{}}  {}\n", row[0], widths[0], row[1], widths[1], row[2], widths[2], row[3]);
}

std::string head_text(const nn::Architecture& a) {
  if (a.classes == 0) return "none: convolutions only";
  const std::string pooled = a.average ? "global average pooling, " : "";
  return a.hidden.empty() ? fmt::format("{}{} classes", pooled, a.classes)
                          : fmt::format("{}{}, then {} classes", pooled, fmt::join(a.hidden, ", "), a.classes);
}

void print_facts(const TensorFile& file, const nn::Architecture& a, const nn::ModelNotes& notes,
                 const WeightsCommand& command) {
  const bool size_given = nn::states_size(file) || command.size;
  const char* const said = command.normalisation != "auto"  ? "as given"
                           : nn::states_normalisation(file) ? "stated in the file"
                                                            : "assumed: not stated in the file";
  std::vector<std::string> classes;
  for (const auto& name : notes.classes) classes.push_back(excerpt(name));
  fmt::print("network        VGG{}\n", a.depth);
  fmt::print("channels       {}\n", fmt::join(a.channels, ", "));
  fmt::print("head           {}\n", head_text(a));
  fmt::print("classes        {}\n", classes.empty() ? "without names" : fmt::format("{}", fmt::join(classes, ", ")));
  fmt::print("pictures       {0} x {0}{1}\n", a.size, size_given ? "" : " (assumed: not stated in the file)");
  fmt::print("normalisation  {} ({})\n", notes.normalisation, said);
  for (const auto& change : file.changes()) fmt::print("note           {}\n", change);
  fmt::print("\n");
}

// Names that are given count before the file's own: this command is how a file gets other ones.
nn::ModelNotes notes_for(const WeightsCommand& command, const TensorFile& file, const nn::Architecture& a) {
  nn::ModelNotes notes = nn::notes_of(file);
  if (command.normalisation != "auto") notes.normalisation = command.normalisation;
  if (!command.class_names.empty()) notes.classes.clear();
  notes.classes = output_names(file.path(), notes, a.classes, command.class_names);
  return notes;
}

void convert(const WeightsCommand& command, const TensorFile& file, const nn::ModelNotes& notes) {
  std::error_code code;
  if (fs::equivalent(command.file, command.out, code))
    throw Error(fmt::format("--out {} is the input file", command.out.string()), "name another file");
  MachineSettings processor;
  processor.device = {DeviceName::Kind::cpu};
  const auto device = make_device(processor);
  const auto network = nn::load_network(*device, file, {command.size, /*head=*/false});
  nn::save_weights(*network, command.out, notes);
  if (command.normalisation == "auto" && !nn::states_normalisation(file))
    remark(fmt::format("{} now states pictures of {} x {} and {}'s normalisation (--size, --normalisation).",
                       command.out.string(), network->architecture().size, network->architecture().size,
                       notes.normalisation));
}

void run_weights(const WeightsCommand& command) {
  const auto opened = nn::open_weights(command.file);
  const TensorFile& file = *opened;
  const nn::WeightsContents contents = nn::contents_of(file);
  fmt::print("{}: {}, {} tensor{}\n\n", excerpt(command.file.string(), 1000), format_of(file), contents.tensors.size(),
             contents.tensors.size() == 1 ? "" : "s");
  std::optional<nn::ModelNotes> notes;
  std::exception_ptr refusal;
  try {
    const nn::Architecture a = nn::architecture_of(file, {command.size, true});
    if (command.size && *command.size != a.size)
      throw Error(fmt::format("--size {0} does not fit {1}, which takes {2} x {2}", *command.size,
                              command.file.string(), a.size),
                  "omit --size, or give other weights");
    notes = notes_for(command, file, a);
    print_facts(file, a, *notes, command);
  } catch (const Error&) {
    refusal = std::current_exception();  // after the list, which shows why
  }
  print_tensors(file, contents);
  if (refusal) std::rethrow_exception(refusal);
  if (!command.out.empty()) convert(command, file, *notes);
}

}  // namespace

Command weights_command() {
  return make_command("weights", "What a weights file holds and how each tensor is interpreted; converts it",
                      "Example:\n"
                      "  palimpsest weights vgg16.h5 --class-names happy,sad --out vgg16.safetensors",
                      run_weights);
}

}  // namespace palimpsest::experiments
