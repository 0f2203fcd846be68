#include "nn/weights.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "base/csv.h"
#include "base/error.h"
#include "base/excerpt.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/safetensors.h"
#include "nn/keras_weights.h"
#include "nn/other_formats.h"
#include "nn/pytorch_file.h"
#include "nn/torch_weights.h"

namespace palimpsest::nn {

namespace {

std::vector<std::int64_t> stored_shape(const Tensor& tensor) {
  const Shape& s = tensor.shape;
  if (tensor.layout == Layout::kernel) return {s.n, s.c, s.h, s.w};
  if (tensor.shape.n == 1 && (tensor.layout == Layout::channels || tensor.layout == Layout::matrix)) return {s.c};
  return {s.n, s.c};
}

bool is_bias(const Parameter& p) {
  return p.name.ends_with(".bias");
}

// A one-class head has a (1, c) weight, which must not be mistaken for a bias.
std::vector<std::int64_t> shape_of(const Parameter& p) {
  if (!is_bias(p) && p.value.layout == Layout::matrix) return {p.value.shape.n, p.value.shape.c};
  return stored_shape(p.value);
}

void initialise_parameter(Network& network, std::size_t index, Purpose purpose, std::uint64_t seed) {
  auto& p = network.parameters()[index];
  const Shape& s = p.value.shape;
  std::vector<float> values(std::size_t(s.count()), 0.0F);
  if (!is_bias(p)) {
    const std::int64_t fan_in = std::int64_t{s.c} * s.h * s.w;
    const bool last = index + 2 == network.parameters().size();
    const double deviation = std::sqrt((last ? 1.0 : 2.0) / double(fan_in));
#pragma omp parallel for schedule(static)
    for (int row = 0; row < s.n; ++row) {
      Random random(seed, purpose, std::uint32_t(index), std::uint64_t(row));
      for (std::int64_t i = 0; i < fan_in; ++i)
        values[std::size_t(row * fan_in + i)] = float(deviation * random.normal());
    }
  }
  network.device().upload(p.value, values);
}

std::vector<float> finite_floats(const TensorFile& file, const std::string& stored) {
  if (const auto& dtype = file.info(stored).dtype; dtype.find('F') == std::string::npos)
    throw Error(fmt::format("{} holds {} as {}, which is not a type of weights", file.path().string(), stored, dtype),
                "save the weights as F32, F16 or BF16");
  auto values = file.read_floats(stored);
  for (const float value : values)
    if (!std::isfinite(value))
      throw Error(fmt::format("{} has a value in {} that is not finite", file.path().string(), stored),
                  "the weights are corrupt: use an earlier checkpoint");
  return values;
}

void upload_from(Network& network, Parameter& p, const TensorFile& file) {
  network.device().upload(p.value, finite_floats(file, p.name));
}

// Some of the file's rows, in another order; the others are unchanged.
void upload_rows(Network& network, Parameter& p, const TensorFile& file, const std::vector<int>& rows) {
  const auto theirs = finite_floats(file, p.name);
  auto ours = network.device().download(p.value);
  const std::size_t width = ours.size() / rows.size();
  for (std::size_t c = 0; c < rows.size(); ++c)
    if (rows[c] >= 0)
      std::copy_n(theirs.begin() + std::ptrdiff_t(std::size_t(rows[c]) * width), width,
                  ours.begin() + std::ptrdiff_t(c * width));
  network.device().upload(p.value, ours);
}

// Of a network with the names that both have: Caffe's own has ImageNet's 1000 classes.
std::string caffes_or_vggfaces(const TorchWeights& file) {
  return outputs_of(file, contents_of(file)) == 1000 ? "caffe" : "vggface";
}

// "a, b" of "['a', 'b']", as Python's str() writes a list of texts.
std::string of_python_list(const std::string& text) {
  if (!text.starts_with("['") || !text.ends_with("']")) return text;
  std::string inner;
  for (std::size_t at = 2; at < text.size() - 2; ++at) {
    const bool between = text.compare(at, 4, "', '") == 0;
    inner += between ? ',' : text[at];
    at += between ? 3 : 0;
  }
  return inner;
}

// "a,b,c" as we write it, or a JSON array of texts.
std::vector<std::string> class_list(const std::string& text) {
  std::vector<std::string> names;
  if (const auto json = nlohmann::json::parse(text, nullptr, false); json.is_array()) {
    for (const auto& name : json) names.push_back(name.is_string() ? name.get<std::string>() : name.dump());
    return names;
  }
  std::istringstream list(of_python_list(text));
  for (std::string name; std::getline(list, name, ',');) names.emplace_back(without_blanks(name));
  return names;
}

// The names in the form that class_list reads: separated by commas, or a JSON array if a name contains a comma.
std::string class_text(const std::vector<std::string>& names) {
  std::string text = fmt::format("{}", fmt::join(names, ","));
  if (class_list(text) == names) return text;
  return nlohmann::json(names).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Reports what is ignored in a file and assumed about its layers, once it is known to be a VGG.
void account_for(const TensorFile& file, bool head_needed, bool average) {
  const WeightsContents contents = contents_of(file);
  require_vgg(file, contents, head_needed);
  auto changes = file.changes();
  if (contents.depth != 16) changes.insert(changes.begin(), fmt::format("it is a VGG{}", contents.depth));
  if (!changes.empty()) remark(fmt::format("{}: {}.", file.path().string(), fmt::join(changes, "; ")));
  if (const auto line = left_out_line(file, contents, head_needed); !line.empty()) remark(line);
  if (const auto line = assumption_line(file, contents, head_needed, average); !line.empty()) remark(line);
}

}  // namespace

std::unique_ptr<TensorFile> open_weights(const fs::path& path) {
  if (is_hdf5(path) || is_keras_archive(path)) return std::make_unique<KerasWeights>(path);
  if (is_pytorch(path)) return std::make_unique<TorchWeights>(std::make_unique<PytorchFile>(path));
  refuse_other_formats(path);
  return std::make_unique<TorchWeights>(std::make_unique<SafetensorsFile>(path));
}

bool states_normalisation(const TensorFile& file) {
  return file.metadata().contains("normalisation");
}
bool states_size(const TensorFile& file) {
  return file.metadata().contains("size");
}

ModelNotes notes_of(const TensorFile& file) {
  ModelNotes notes;
  if (const auto* const keras = dynamic_cast<const KerasWeights*>(&file))
    notes.normalisation = keras->customary_normalisation();
  if (const auto* const torch = dynamic_cast<const TorchWeights*>(&file); torch && torch->caffe_names())
    notes.normalisation = caffes_or_vggfaces(*torch);
  for (const auto& [key, value] : file.metadata()) {
    if (key == "normalisation") {
      if (value != "torchvision" && value != "caffe" && value != "vggface" && value != "none")
        throw Error(fmt::format("{} specifies the unknown normalisation '{}'", file.path().string(), excerpt(value)),
                    "write torchvision, caffe, vggface or none into its metadata, or remove that entry");
      notes.normalisation = value;
    } else if (key == "classes") {
      notes.classes = class_list(value);
    } else if (key != "size" && key != "format" && key != "pooling") {
      notes.more[key] = value;
    }
  }
  return notes;
}

void initialise(Network& network, std::uint64_t seed) {
  for (std::size_t i = 0; i < network.parameters().size(); ++i)
    initialise_parameter(network, i, Purpose::initialise, seed);
}

void initialise_head(Network& network, std::uint64_t seed) {
  for (std::size_t i = 0; i < network.parameters().size(); ++i)
    if (network.parameters()[i].block == kBlocks) initialise_parameter(network, i, Purpose::fresh_head, seed);
}

void save_weights(Network& network, const fs::path& path, const ModelNotes& notes) {
  std::map<std::string, std::string> metadata = notes.more;
  metadata["format"] = "pt";
  metadata["size"] = std::to_string(network.architecture().size);
  metadata["normalisation"] = notes.normalisation;
  metadata.erase("pooling");
  if (network.architecture().average) metadata["pooling"] = "average";
  if (!notes.classes.empty()) metadata["classes"] = class_text(notes.classes);
  std::vector<SafetensorsWriter::Declaration> declarations;
  for (const auto& p : network.parameters()) declarations.emplace_back(p.name, shape_of(p));
  SafetensorsWriter writer(path, declarations, metadata);
  for (const auto& p : network.parameters()) writer.append(network.device().download(p.value));
  writer.commit();
}

namespace {
// With the file's head, whose shape also gives the pictures' side; without a head that is unusable but not needed.
Architecture architecture_for_loading(const TensorFile& file, const WeightsUse& use) {
  if (use.head) return architecture_of(file, use);
  std::string problem;
  try {
    return architecture_of(file, {use.side, true});
  } catch (const Error& error) {
    problem = error.what();
  }
  Architecture convolutions = architecture_of(file, use);
  convolutions.classes = 0;
  convolutions.hidden.clear();
  remark(fmt::format("{}: only its convolutions are used, without its head ({}).", file.path().string(), problem));
  return convolutions;
}
}  // namespace

std::unique_ptr<Network> load_network(Device& device, const TensorFile& file, const WeightsUse& use) {
  const Architecture architecture = architecture_for_loading(file, use);
  if (architecture.classes == 0 && use.head)
    throw Error(fmt::format("{} holds convolutions only: it has no classifier.0.weight", file.path().string()),
                "give it a head first: palimpsest train --init");
  auto network = std::make_unique<Network>(device, architecture);
  for (auto& p : network->parameters()) {
    if (!file.has(p.name) || file.info(p.name).count() != p.value.shape.count())
      throw Error(fmt::format("{} has no usable {}", file.path().string(), p.name),
                  "give weights with the names of torchvision, timm or Keras");
    upload_from(*network, p, file);
  }
  account_for(file, architecture.classes > 0 || use.head, architecture.average);
  return network;
}

namespace {

// How much of a layer of the head comes from a file.
enum class Share : std::uint8_t { none, rows, whole };

Share share_of(const Parameter& weight, const TensorFile& file, const std::vector<int>& rows) {
  if (!file.has(weight.name) || file.info(weight.name).count() == 0 || file.info(weight.name).shape.empty())
    return Share::none;
  const TensorInfo& theirs = file.info(weight.name);
  const std::int64_t ours = shape_of(weight)[0];
  if (theirs.count() / theirs.shape[0] != weight.value.shape.count() / ours) return Share::none;
  if (rows.empty()) return theirs.shape[0] == ours ? Share::whole : Share::none;
  return std::any_of(rows.begin(), rows.end(), [](int row) { return row >= 0; }) ? Share::rows : Share::none;
}

std::string both_shapes(const Parameter& p, const TensorFile& file) {
  return fmt::format(
      "{}, the file has {}", fmt::join(shape_of(p), " x "),
      file.has(p.name) ? fmt::format("{}", fmt::join(file.info(p.name).shape, " x ")) : "no such tensor");
}

void require_fit(const Parameter& p, const TensorFile& file) {
  const bool fits = file.has(p.name) && file.info(p.name).count() == p.value.shape.count() &&
                    (file.info(p.name).shape.empty() || file.info(p.name).shape[0] == shape_of(p)[0]);
  if (!fits)
    throw Error(fmt::format("{} does not fit: {} is {}", file.path().string(), p.name, both_shapes(p, file)),
                "give the --width of those weights");
}

// The network averages, and its first fully connected layer takes as many numbers as the file's.
bool takes_averages(const Network& network, const TensorFile& file) {
  const auto first = std::ranges::find(network.parameters(), kBlocks, &Parameter::block);
  if (!network.architecture().average || !file.has(first->name)) return false;
  const TensorInfo& theirs = file.info(first->name);
  return theirs.shape.size() > 1 && theirs.count() == theirs.shape[0] * first->value.shape.c;
}

}  // namespace

TakenWeights take_weights(Network& network, const TensorFile& file, HeadInit head, const std::vector<int>& rows) {
  account_for(file, head != HeadInit::fresh, takes_averages(network, file));
  PALIMPSEST_REQUIRE(rows.empty() || int(rows.size()) == network.architecture().classes, "{} rows", rows.size());
  const auto& parameters = network.parameters();
  const auto layer_of = [](const std::string& name) { return name.substr(0, name.rfind('.')); };
  const std::string classifier = layer_of(parameters[parameters.size() - 2].name);
  const std::string their_classifier = fmt::format("classifier.{}", 3 * (contents_of(file).head_layers - 1));
  TakenWeights report;
  Share share = Share::none;  // of the layer whose weight came last; its bias follows it
  for (auto& p : network.parameters()) {
    if (p.block < kBlocks) {
      require_fit(p, file);
      upload_from(network, p, file);
      report.taken.push_back(p.name);
      report.whole.push_back(p.name);
      continue;
    }
    const std::string layer = layer_of(p.name);
    const bool last = layer == classifier;
    if (head == HeadInit::fresh || (head == HeadInit::copy_fc && last)) {
      report.left.push_back(p.name + " (fresh)");
      continue;
    }
    if (last != (layer == their_classifier))  // the last layer of one is an inner layer of the other
      share = Share::none;
    else if (!is_bias(p))
      share = share_of(p, file, last ? rows : std::vector<int>{});
    if (share == Share::none) {
      const bool other_classes = last && !rows.empty() && std::ranges::all_of(rows, [](int row) { return row < 0; });
      report.left.push_back(
          fmt::format("{} ({})", p.name, other_classes ? "the file's classes are others" : both_shapes(p, file)));
      continue;
    }
    share == Share::rows ? upload_rows(network, p, file, rows) : upload_from(network, p, file);
    report.taken.push_back(p.name);
    if (share == Share::whole || std::ranges::all_of(rows, [](int row) { return row >= 0; }))
      report.whole.push_back(p.name);
    report.classifier = report.classifier || last;
  }
  return report;
}

}  // namespace palimpsest::nn
