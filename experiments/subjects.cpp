#include "experiments/subjects.h"

#include "data/drawn/truth.h"

namespace palimpsest::experiments {

std::map<std::string, std::string> subjects_of(const data::Dataset& set, const data::Source& source) {
  std::map<std::string, std::string> subjects;
  const auto truth = data::drawn::load_truth(source.path);
  for (const data::Sample& sample : set.samples) {
    const auto* const entry = truth ? truth->find(sample.id) : nullptr;
    subjects[sample.id] = entry ? entry->person : sample.subject;
  }
  return subjects;
}

std::vector<std::int64_t> subject_numbers(std::span<const std::string> subjects) {
  std::map<std::string, std::int64_t> known;
  std::vector<std::int64_t> numbers;
  for (const std::string& subject : subjects)
    numbers.push_back(subject.empty() ? -1 - std::int64_t(numbers.size())
                                      : known.emplace(subject, std::int64_t(known.size())).first->second);
  return numbers;
}

}  // namespace palimpsest::experiments
