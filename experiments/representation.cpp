// `palimpsest representation`: what the blocks of two networks have in common, and what can be read from them.
#include "experiments/representation.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/json.h"
#include "base/progress.h"
#include "data/pictures.h"
#include "data/some_examples.h"
#include "experiments/command.h"
#include "experiments/load_data.h"
#include "experiments/model.h"
#include "experiments/subjects.h"

namespace palimpsest::experiments {

namespace {

// `most` of the numbers 0 .. count - 1, in ascending order; all of them if `most` exceeds count.
std::vector<int> sample(int count, int most, std::uint64_t seed) {
  std::vector<int> numbers(std::size_t(count), 0);
  std::iota(numbers.begin(), numbers.end(), 0);
  if (count <= most) return numbers;
  numbers = permutation(count, Random(seed, Purpose::sample));
  numbers.resize(std::size_t(most));
  std::ranges::sort(numbers);
  return numbers;
}

struct Compared {
  LoadedPart part;
  int found = 0;  // images of the part
};

// Only the pictures of the sample are decoded.
Compared load_sample(const RepresentationCommand& command, const OpenedData& data, const Model& model) {
  if (data.arrays) {
    LoadedPart part = load_part(data, model, Labels::unused, command.on.threads);
    const int found = part.examples->count();
    part.examples = std::make_shared<data::SomeExamples>(part.examples, sample(found, command.images, command.seed));
    return {std::move(part), found};
  }
  const data::Selected selected = select_data(command.data);
  const data::Dataset set = part_of(selected, command.data.part);
  require_images(selected, set, command.data.part, "give another --part, or --part all");
  std::vector<std::string> ids;
  for (const int i : sample(int(set.samples.size()), command.images, command.seed))
    ids.push_back(set.samples[std::size_t(i)].id);
  return {load_part(data, model, Labels::unused, command.on.threads, ids), int(set.samples.size())};
}

void require_comparable(const RepresentationCommand& command, const Model& before, const Model& after) {
  const auto &a = before.network->architecture(), &b = after.network->architecture();
  if (a.size != b.size || a.channels != b.channels)
    throw Error(fmt::format("{} and {} have blocks of other widths, or take pictures of another size",
                            command.before.string(), command.after.string()),
                "compare two networks of the same blocks");
  if (normalisation_name(command.data, before.notes) != normalisation_name(command.data, after.notes))
    throw Error(
        fmt::format("{} and {} expect differently normalised images", command.before.string(), command.after.string()),
        "compare two networks of the same origin, or name one --normalisation for both");
}

ComparedImages describe(const RepresentationCommand& command, const LoadedPart& part) {
  ComparedImages images;
  std::vector<std::string> subjects;
  const auto pictures = std::dynamic_pointer_cast<const data::Pictures>(part.examples);
  const auto known =
      pictures ? subjects_of(pictures->dataset(), command.data.source) : std::map<std::string, std::string>();
  for (int i = 0; i < part.examples->count(); ++i) {
    images.labels.push_back(part.examples->label(i));
    const auto subject = known.find(part.examples->id(i));
    subjects.push_back(subject == known.end() ? "" : subject->second);
  }
  images.groups = subject_numbers(subjects);
  images.classes = part.classes;
  for (int c = int(images.classes.size()); c <= std::ranges::max(images.labels); ++c)
    images.classes.push_back(fmt::format("{}", c));
  if (!command.concepts.empty()) images.concepts = read_concept_labels(command.concepts, *part.examples);
  return images;
}

}  // namespace

Representation represent(const RepresentationCommand& command) {
  const OpenedData data(command.data);
  Model before = load_model(command.on, command.before, data, /*head=*/false);
  Model after = load_model(command.on, command.after, data, /*head=*/false);
  require_comparable(command, before, after);
  const Compared compared = load_sample(command, data, before);
  const auto& examples = compared.part.examples;
  if (examples->count() < 8)
    throw Error(fmt::format("{} has {} images to compare", command.data.source.text, examples->count()),
                "give at least 8");
  const ComparedImages images = describe(command, compared.part);
  const Normalisation normalisation = normalisation_for(command.data, before.notes);
  const auto of_before = block_features(*before.network, examples, normalisation, command.batch, "Before");
  const auto of_after = block_features(*after.network, examples, normalisation, command.batch, "After");
  nn::Architecture architecture = before.network->architecture();
  architecture.classes = 0;
  nn::Network random(*before.device, architecture);
  nn::initialise(random, command.seed);
  const auto of_random = block_features(random, examples, normalisation, command.batch, "Random weights");
  return {examples->count(), compared.found, compare_blocks(of_before, of_after, of_random, images, command.seed)};
}

void run_representation(const RepresentationCommand& command) {
  auto read = files_read(command.before, command.data);
  read.insert(read.end(), {{"--after", command.after}, {"--concepts", command.concepts}});
  require_separate(read, {{"--out", command.out}, {"--csv", command.csv}});
  const Representation result = represent(command);
  if (!command.csv.empty()) write_file(command.csv, comparison_csv(result.blocks));
  if (!command.out.empty()) {
    nlohmann::ordered_json json{{"before", command.before.string()},
                                {"after", command.after.string()},
                                {"data", command.data.source.text},
                                {"images", result.images},
                                {"of", result.found},
                                {"seed", command.seed},
                                {"blocks", nlohmann::ordered_json::parse(comparison_json(result.blocks))}};
    write_file(command.out, json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  }
  fmt::print("{} of {} images of {}, seed {}\n\n{}", result.images, result.found, command.data.source.text,
             command.seed, comparison_text(result.blocks));
}

Command representation_command() {
  return make_command(
      "representation", "What the blocks of two networks have in common, and what can be read from them",
      "For each convolution block: debiased linear CKA of before with after and with random weights; the area under\n"
      "the ROC curve of each class by a linear probe on the features before, after and of random weights; and for\n"
      "each concept the area by a direction fitted before, by the same direction after (`unchanged`), and by one\n"
      "fitted after (`refitted`). A concept that has moved has a low area unchanged but not refitted; one that is\n"
      "lost has both. Features are each channel's mean, but whole for a last block of up to 1,024. Probes train on "
      "one\n"
      "half of the images and are scored on the other, both ways round; no subject is in both halves.\n\n" +
          std::string(what_is_read) +
          "Example:\n"
          "  palimpsest representation --before retrain-b5/weights.safetensors --after "
          "retrain-b0/weights.safetensors \\\n"
          "      --data ckplus:CK --concepts action-units --out representation.json --csv representation.csv",
      run_representation);
}

}  // namespace palimpsest::experiments
