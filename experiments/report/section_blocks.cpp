// Where in the network it is lost, and whether what is lost has only moved.
#include <fmt/format.h>

#include <cmath>

#include "experiments/report/html.h"
#include "experiments/report/sections.h"
#include "experiments/report/wording.h"

namespace palimpsest::experiments::report {

namespace {

std::string cell(double value) {
  return std::isnan(value) ? "–" : fmt::format("{:.3f}", value);
}

// Over the classes that have an area, of the areas that `member` names.
double mean(const BlockComparison& block, double BlockComparison::Class::* member) {
  double sum = 0, count = 0;
  for (const BlockComparison::Class& c : block.classes)
    if (!std::isnan(c.*member)) sum += c.*member, count += 1;
  return count > 0 ? sum / count : std::nan("");
}

std::string block_table(const StudyResults& r, const Wording& say) {
  using Class = BlockComparison::Class;
  Table table(say("The blocks of {before} (before) and {after} (after), on the {source} network’s test images"),
              {"Block", "features", "CKA with before", "random weights", say("AUC of the {sources} before"), "after",
               "random weights"});
  for (const BlockComparison& b : r.blocks)
    table.row({fmt::format("{}", b.block), fmt::format("{}{}", b.features, b.averaged ? " (means)" : ""),
               cell(b.cka_after), cell(b.cka_random), cell(mean(b, &Class::before)), cell(mean(b, &Class::after)),
               cell(mean(b, &Class::random))});
  return table.html();
}

// Of the last block: that of which everything else on the page speaks.
std::string concept_table(const StudyResults& r, const Wording& say) {
  if (r.concept_blocks.empty() || r.concept_blocks.back().concepts.empty()) return "";
  Table table(say("{Units} in the last block: areas by a direction fitted before, by the same one after, and by one "
                  "fitted after"),
              {say("{Unit}"), "shown by", "before", "unchanged", "refitted"});
  for (const BlockComparison::Concept& c : r.concept_blocks.back().concepts)
    table.row({escape(c.name), fmt::format("{} of {}", c.shown, c.images), cell(c.before), cell(c.unchanged),
               cell(c.refitted)});
  return details(say("Lost or moved? The {units} one by one"), table.html());
}

}  // namespace

std::string section_blocks(const StudyResults& r) {
  if (r.blocks.empty()) return "";
  const Wording say(r.record);
  std::string text = paragraph(say(
      "<i>CKA</i>: how similar the block’s features are before and after, whatever turns and scales them: 1 the same, "
      "0 unrelated (debiased linear " +
      term("cka", "CKA") + "). <i>AUC</i>: what a linear " + term("probe", "probe") +
      " reads of the {sources} from the block, trained on one half of these images and scored on the other, the mean "
      "over {sources}. The same for random weights is the floor. Features are each channel’s mean over its positions, "
      "but of a small last block all. One halving and no intervals: the table shows where a loss begins, not how large "
      "it is."));
  text += block_table(r, say);
  if (const std::string concepts = concept_table(r, say); !concepts.empty())
    text += paragraph(say("{A_unit} whose area falls with the <i>unchanged</i> direction but not with the "
                          "<i>refitted</i> one has moved within the features; one that falls with both is lost.")) +
            concepts;
  return section("blocks", "Where in the network", text);
}

}  // namespace palimpsest::experiments::report
