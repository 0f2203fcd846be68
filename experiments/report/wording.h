#pragma once
#include <fmt/format.h>

#include <string>

#include "experiments/study/records.h"

namespace palimpsest::experiments::report {

// The page's sentences with the words of its study: "{sources}" is "emotions", "{Sources}" begins a sentence,
// "{a_source}" is "an emotion"; so for source, target, unit, units; "{before}" and "{after}" are the two models that
// the page speaks of first. Plain {} are arguments, as in fmt.
class Wording {
 public:
  explicit Wording(const StudyRecord& record);

  template <class... Arguments>
  std::string operator()(fmt::string_view text, const Arguments&... arguments) const {
    return fmt::format(fmt::runtime(text), arguments..., fmt::arg("source", source), fmt::arg("sources", sources),
                       fmt::arg("Source", begin(source)), fmt::arg("Sources", begin(sources)),
                       fmt::arg("a_source", with_article(source)), fmt::arg("A_source", begin(with_article(source))),
                       fmt::arg("target", target), fmt::arg("Target", begin(target)), fmt::arg("unit", unit),
                       fmt::arg("units", units), fmt::arg("Unit", begin(unit)), fmt::arg("Units", begin(units)),
                       fmt::arg("a_unit", with_article(unit)), fmt::arg("A_unit", begin(with_article(unit))),
                       fmt::arg("before", before), fmt::arg("after", after), fmt::arg("Before", begin(before)));
  }

  // Of a loss over so many runs: whether its interval and p are of the images alone, and so not of what a training
  // does.
  bool one_run(int runs) const { return runs == 1 && !given; }

  bool given = false;   // two networks that were not trained here
  bool papers = false;  // the paper's own tasks, so that its figures stand beside ours
  std::string source, sources, target, unit, units, before, after;

 private:
  static std::string begin(std::string words);
  static std::string with_article(const std::string& noun);
};

}  // namespace palimpsest::experiments::report
