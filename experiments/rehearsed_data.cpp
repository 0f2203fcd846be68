#include "experiments/rehearsed_data.h"

#include "base/error.h"
#include "base/progress.h"
#include "data/arrays.h"
#include "experiments/labels.h"
#include "experiments/load_data.h"

namespace palimpsest::experiments {

namespace {

// The head that --init has, on the blocks of `network`.
std::unique_ptr<nn::Network> network_with_own_head(const TrainCommand& command, const StartingWeights& start,
                                                   const nn::Network& network) {
  const int size = network.architecture().size;
  const nn::Architecture own = nn::architecture_of(*start.file, {size, true});
  const std::string init = command.init.string();
  if (own.classes == 0)
    throw Error(fmt::format("--rehearse needs the head of --init, and {} has none", init),
                "give the whole network that was trained on the rehearsed data");
  if (own.size != size)
    throw Error(fmt::format("--rehearse: the head of {} takes pictures of {} x {}, not {} x {}", init, own.size,
                            own.size, size, size),
                fmt::format("give --size {}", own.size));
  auto made = std::make_unique<nn::Network>(network, own);
  const nn::TakenWeights taken = nn::take_weights(*made, *start.file, nn::HeadInit::keep);
  if (taken.whole.size() != made->parameters().size())
    throw Error(fmt::format("--rehearse: the head of {} cannot be taken whole ({})", init, taken.left.front()),
                "give the whole network that was trained on the rehearsed data");
  return made;
}

// The images to train on, with the numbers of the head's classes.
std::shared_ptr<const data::Examples> load_images(const TrainCommand& command, const OpenedData& opened,
                                                  const Model& model, data::Choices& choices) {
  const DataSettings& choice = opened.settings;
  const nn::Architecture& a = model.network->architecture();
  if (opened.arrays) {
    const auto& arrays = opened.arrays;
    if (arrays->height() != a.size || !arrays->labelled())
      throw Error(
          fmt::format("--rehearse {} must hold images of {} x {} with labels", choice.source.text, a.size, a.size),
          "give arrays:X.npy,Y.npy of that size");
    data::require_labels(*arrays, choice.source, a.classes);
    return arrays;
  }
  const data::Selected selected = select_data(choice);
  choices = selected.choices;
  require_images(selected, selected.parts.train, Part::train, "rehearse a set that has a training part");
  data::Dataset images = labelled_for(selected.parts.train, model, Labels::welcome);
  std::erase_if(images.samples, [](const data::Sample& sample) { return sample.label < 0; });
  if (images.samples.empty())
    throw Error(
        fmt::format("--rehearse: {} has none of the classes of {}, which are {}", choice.source.text,
                    command.init.string(), model.notes.classes.empty() ? "not named" : list_text(model.notes.classes)),
        "rehearse the data that these weights were trained on; --class-names names their classes");
  return load_pictures_of(images, choice, a.size, command.on.threads, command.out / "skipped-rehearsed.csv");
}

}  // namespace

RehearsedData::RehearsedData(const TrainCommand& command, const StartingWeights& start, const nn::Network& trained) {
  if (trained.lowest_trained_block() == nn::kBlocks)
    throw Error("--rehearse has no effect when all blocks are frozen: there is nothing that they could lose",
                "freeze fewer blocks, or omit it");
  DataSettings choice = command.data;
  choice.drop_classes.clear();  // of --data; what the head does not know is left out anyway
  if (command.rehearsed) choice = *command.rehearsed;
  choice.source = command.rehearse;
  const OpenedData opened(choice);
  Model model;
  model.weights = command.init;
  model.notes = start.notes;
  model.network = network_with_own_head(command, start, trained);
  model.notes.classes =
      output_names(command.init, model.notes, model.network->architecture().classes, command.data.class_names);
  rehearsed.examples = load_images(command, opened, model, choices);
  network = std::move(model.network);
  rehearsed.network = network.get();
  rehearsed.images = command.rehearse_images;
  rehearsed.weight = command.rehearse_weight;
  remark(fmt::format("Rehearsing in each step: {} of {} images of {}, with the {} classes of {}.", rehearsed.images,
                     rehearsed.examples->count(), command.rehearse.text, network->architecture().classes,
                     command.init.string()));
}

}  // namespace palimpsest::experiments
