#include "experiments/explain/gallery.h"

#include <algorithm>
#include <cmath>

#include "analysis/region_relevance.h"
#include "base/error.h"
#include "data/drawn/action_units.h"

namespace palimpsest::experiments {

Gallery::Gallery(const ExplainCommand& command, const LoadedPart& part, const Normalisation& normalisation)
    : command_(command),
      examples_(part.examples),
      classes_(part.classes),
      pictures_(std::dynamic_pointer_cast<const data::Pictures>(examples_)),
      normalisation_(normalisation) {
  if ((!command.pictures.empty() || !command.masks.empty()) && command.target == "all")
    throw Error("--pictures and --masks show one class of each image, not all",
                "give another --target, or only --maps");
  if (!command.pictures.empty()) create_folder(command.pictures);
  if (command.masks.empty()) return;
  if (command.maps.empty() && command.pictures.empty())
    throw Error("--masks needs a place for its results", "give --maps R.npy; regions.json is written beside it");
  unit_regions_.emplace(command.masks, command.data.source, pictures_);
}

void Gallery::add(int index, int target, const SummedMap& a, const SummedMap* b) {
  if (!command_.pictures.empty()) add_pictures(index, target, a, b);
  if (unit_regions_) add_regions(index, a.raw, b ? &b->raw : nullptr);
}

void Gallery::finish() {
  // File names may not be UTF-8.
  const auto text = [](const auto& json) { return json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace); };
  if (!command_.pictures.empty()) write_file(command_.pictures / "index.json", text(index_) + "\n");
  if (!unit_regions_) return;
  const fs::path folder = command_.maps.empty() ? command_.pictures : command_.maps.parent_path();
  write_file(folder / "regions.json", text(regions_) + "\n");
}

// Arrays hold the network's input; undoing the weights' normalisation gives a picture.
data::Image Gallery::picture(int index) const {
  if (pictures_) return pictures_->image(index);
  data::Image image(examples_->width(), examples_->height());
  const std::size_t area = image.pixels.size() / 3;
  std::vector<float> values(3 * area);
  examples_->fill(index, {}, normalisation_, values.data());
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t p = 0; p < area; ++p) {
      const float pixel = values[c * area + p] / normalisation_.scale[c] + normalisation_.mean[c];
      image.pixels[3 * p + std::size_t(normalisation_.source[c])] =
          std::uint8_t(std::lround(std::clamp(pixel, 0.0F, 255.0F)));
    }
  return image;
}

void Gallery::add_pictures(int index, int target, const SummedMap& of_a, const SummedMap* of_b) {
  const lrp::Heatmap& a = of_a.raw;
  const lrp::Heatmap* const b = of_b ? &of_b->raw : nullptr;
  const auto kind = command_.relevance.normalise;
  nlohmann::ordered_json entry{{"id", examples_->id(index)}, {"label", examples_->label(index)}, {"target", target}};
  const auto put_name = [&](const char* key, int number) {
    if (number >= 0 && number < int(classes_.size())) entry[key] = classes_[std::size_t(number)];
  };
  put_name("label_name", examples_->label(index));
  put_name("target_name", target);
  const auto put = [&](const char* key, const data::Image& image) {
    const std::string name = fmt::format("{:05}-{}.png", index, key);
    data::write_png(command_.pictures / name, image);
    entry[key] = name;
  };
  const data::Image input = picture(index);
  put("input", input);
  put("overlay", lrp::overlay(input, b ? lrp::difference(a, *b) : a));
  put("a", lrp::sequential(of_a.normalised));
  entry["total_a"] = a.total();
  entry["logit_a"] = of_a.logit;
  if (b) {
    const auto normal = lrp::normalised(lrp::difference(a, *b), kind);
    put("b", lrp::sequential(of_b->normalised));
    put("difference", lrp::diverging(lrp::difference(a, *b)));
    put("difference_normalised", lrp::sequential(normal.map));
    put("difference_of_shares", lrp::diverging(lrp::difference_of_shares(a, *b)));
    entry["total_b"] = b->total();
    entry["logit_b"] = of_b->logit;
    entry["zero"] = normal.zero;
  }
  index_.push_back(std::move(entry));
}

void Gallery::add_regions(int index, const lrp::Heatmap& a, const lrp::Heatmap* b) {
  if (!unit_regions_->known(index)) return;
  nlohmann::ordered_json units = nlohmann::ordered_json::object();
  for (const auto& unit : data::drawn::action_unit_table()) {
    const auto mask = unit_regions_->mask(index, unit.number, a.width, a.height);
    const auto of_a = mask.empty() ? std::nullopt : analysis::region_relevance(a.values, mask);
    if (!of_a) continue;
    nlohmann::ordered_json one{{"area", of_a->area_share}, {"a", of_a->positive_share}};
    if (b) {
      const auto of_b = analysis::region_relevance(b->values, mask);
      const auto of_difference = analysis::region_relevance(lrp::difference(a, *b).values, mask);
      if (of_b) one["b"] = of_b->positive_share;
      if (of_difference) one["difference"] = of_difference->positive_share;
    }
    units[std::to_string(unit.number)] = std::move(one);
  }
  regions_.push_back({{"id", examples_->id(index)}, {"au", std::move(units)}});
}

}  // namespace palimpsest::experiments
