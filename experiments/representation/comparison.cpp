#include "experiments/representation/comparison.h"

#include <algorithm>
#include <cmath>

#include "analysis/cka.h"
#include "base/csv.h"
#include "base/error.h"
#include "base/progress.h"

namespace palimpsest::experiments {

namespace {

using Halves = std::vector<std::uint8_t>;

// The images with a label of 0 or more, in two halves.
struct Halved {
  std::vector<std::size_t> images;
  std::vector<int> labels;
  Halves halves;
};
Halved halved(const std::vector<int>& labels, const std::vector<std::int64_t>& groups, std::uint64_t seed,
              std::uint32_t number) {
  Halved h;
  std::vector<std::int64_t> of_chosen;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) continue;
    h.images.push_back(i);
    h.labels.push_back(labels[i]);
    of_chosen.push_back(groups[i]);
  }
  h.halves = analysis::class_halves(h.labels, of_chosen, Random(seed, Purpose::folds, number));
  return h;
}

BlockFeatures chosen(const BlockFeatures& from, const Halved& h) {
  BlockFeatures some{from.columns, from.averaged, {}};
  const auto columns = std::size_t(from.columns);
  for (const std::size_t i : h.images)
    some.values.insert(some.values.end(), from.values.begin() + std::ptrdiff_t(i * columns),
                       from.values.begin() + std::ptrdiff_t((i + 1) * columns));
  return some;
}

std::string cell(double value) {
  return std::isnan(value) ? "-" : fmt::format("{:.3f}", value);
}

}  // namespace

std::vector<BlockComparison> compare_blocks(const FeaturesOfBlocks& before, const FeaturesOfBlocks& after,
                                            const FeaturesOfBlocks& random, const ComparedImages& images,
                                            std::uint64_t seed) {
  const auto classes = int(images.classes.size());
  const Halved of_classes = halved(images.labels, images.groups, seed, 0);
  Progress progress("Comparing blocks", nn::kBlocks);
  std::vector<BlockComparison> blocks;
  for (std::size_t b = 0; b < before.size(); ++b) {
    BlockComparison block{int(b) + 1, before[b].columns, before[b].averaged, 0, 0, {}, {}};
    const auto cka = [&](const BlockFeatures& other) {
      return analysis::debiased_cka(before[b].values, before[b].columns, other.values, other.columns);
    };
    block.cka_after = cka(after[b]);
    block.cka_random = cka(random[b]);
    if (classes > 0 && !of_classes.images.empty()) {
      const auto of = [&](const BlockFeatures& features, const char* name) {
        const BlockFeatures labelled = chosen(features, of_classes);
        return analysis::probe_areas(labelled.rows(fmt::format("block {} {}", b + 1, name)), of_classes.labels, classes,
                                     of_classes.halves, seed);
      };
      const auto x = of(before[b], "before"), y = of(after[b], "after"), z = of(random[b], "of random weights");
      for (std::size_t c = 0; c < x.size(); ++c)
        if (const auto count = std::ranges::count(of_classes.labels, int(c)); count > 0)
          block.classes.push_back({images.classes[c], int(count), x[c], y[c], z[c]});
    }
    for (std::size_t c = 0; c < images.concepts.size(); ++c) {
      const auto& one = images.concepts[c];
      const Halved h = halved(one.labels, images.groups, seed, std::uint32_t(c) + 1);
      const auto x = chosen(before[b], h), y = chosen(after[b], h);
      const auto reading =
          analysis::read_concept(x.rows(fmt::format("block {} before", b + 1)),
                                 y.rows(fmt::format("block {} after", b + 1)), h.labels, h.halves, seed);
      block.concepts.push_back({one.name, int(std::ranges::count(h.labels, 1)), int(h.labels.size()), reading.before,
                                reading.unchanged, reading.refitted});
    }
    blocks.push_back(std::move(block));
    progress.advance(1);
  }
  return blocks;
}

std::string comparison_csv(const std::vector<BlockComparison>& blocks) {
  std::string text = "block,measure,name,which,value\n";
  for (const BlockComparison& b : blocks) {
    const auto row = [&](const char* measure, const std::string& name, const char* which, double value) {
      text += fmt::format("{},{},{},{},{}\n", b.block, measure, csv_field(name), which,
                          std::isnan(value) ? "" : fmt::format("{}", value));
    };
    row("cka", "", "after", b.cka_after);
    row("cka", "", "random", b.cka_random);
    for (const auto& c : b.classes) {
      row("class", c.name, "before", c.before);
      row("class", c.name, "after", c.after);
      row("class", c.name, "random", c.random);
    }
    for (const auto& c : b.concepts) {
      row("concept", c.name, "before", c.before);
      row("concept", c.name, "unchanged", c.unchanged);
      row("concept", c.name, "refitted", c.refitted);
    }
  }
  return text;
}

std::string comparison_json(const std::vector<BlockComparison>& blocks) {
  using Ordered = nlohmann::ordered_json;
  const auto number = [](double value) { return std::isnan(value) ? Ordered(nullptr) : Ordered(value); };
  Ordered json = Ordered::array();
  for (const BlockComparison& b : blocks) {
    Ordered classes = Ordered::array(), concepts = Ordered::array();
    for (const auto& c : b.classes)
      classes.push_back({{"name", c.name},
                         {"images", c.images},
                         {"before", number(c.before)},
                         {"after", number(c.after)},
                         {"random", number(c.random)}});
    for (const auto& c : b.concepts)
      concepts.push_back({{"name", c.name},
                          {"shown", c.shown},
                          {"images", c.images},
                          {"before", number(c.before)},
                          {"unchanged", number(c.unchanged)},
                          {"refitted", number(c.refitted)}});
    json.push_back({{"block", b.block},
                    {"features", b.features},
                    {"averaged", b.averaged},
                    {"cka_after", number(b.cka_after)},
                    {"cka_random", number(b.cka_random)},
                    {"classes", std::move(classes)},
                    {"concepts", std::move(concepts)}});
  }
  // Class names may be those of folders, which need not be UTF-8.
  return json.dump(1, ' ', false, Ordered::error_handler_t::replace);
}

void from_json(const Json& json, BlockComparison& block) {
  const auto number = [](const Json& of, const char* key) {
    return of.at(key).is_null() ? std::nan("") : of.at(key).get<double>();
  };
  block = {json.at("block"),
           json.at("features"),
           json.at("averaged"),
           number(json, "cka_after"),
           number(json, "cka_random"),
           {},
           {}};
  for (const Json& c : json.at("classes"))
    block.classes.push_back(
        {c.at("name"), c.at("images"), number(c, "before"), number(c, "after"), number(c, "random")});
  for (const Json& c : json.at("concepts"))
    block.concepts.push_back({c.at("name"), c.at("shown"), c.at("images"), number(c, "before"), number(c, "unchanged"),
                              number(c, "refitted")});
}

std::string comparison_text(const std::vector<BlockComparison>& blocks) {
  std::string text = fmt::format("{:<7}{:>14}{:>12}{:>12}\n", "block", "features", "CKA after", "CKA random");
  for (const BlockComparison& b : blocks)
    text +=
        fmt::format("{:<7}{:>14}{:>12}{:>12}\n", b.block, fmt::format("{}{}", b.features, b.averaged ? " (mean)" : ""),
                    cell(b.cka_after), cell(b.cka_random));
  if (blocks.front().classes.empty() && blocks.front().concepts.empty()) return text;
  const auto heading = [&](const std::string& title) {
    text += fmt::format("\n{:<30}", title);
    for (const BlockComparison& b : blocks) text += fmt::format("{:>19}", fmt::format("block {}", b.block));
    text += "\n";
  };
  if (!blocks.front().classes.empty()) heading("AUC: before after random");
  for (std::size_t c = 0; c < blocks.front().classes.size(); ++c) {
    const auto& first = blocks.front().classes[c];
    text += fmt::format("{:<30}", fmt::format("{} ({})", first.name, first.images));
    for (const BlockComparison& b : blocks)
      text += fmt::format("{:>7}{:>6}{:>6}", cell(b.classes[c].before), cell(b.classes[c].after),
                          cell(b.classes[c].random));
    text += "\n";
  }
  if (!blocks.front().concepts.empty()) heading("AUC: before unchanged refitted");
  for (std::size_t c = 0; c < blocks.front().concepts.size(); ++c) {
    const auto& first = blocks.front().concepts[c];
    text += fmt::format("{:<30}", fmt::format("{} ({} of {})", first.name, first.shown, first.images));
    for (const BlockComparison& b : blocks)
      text += fmt::format("{:>7}{:>6}{:>6}", cell(b.concepts[c].before), cell(b.concepts[c].unchanged),
                          cell(b.concepts[c].refitted));
    text += "\n";
  }
  return text;
}

}  // namespace palimpsest::experiments
