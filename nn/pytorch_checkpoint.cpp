#include "nn/pytorch_checkpoint.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>

#include "base/error.h"
#include "base/excerpt.h"
#include "nn/conversion.h"
#include "nn/pytorch_classes.h"
#include "nn/pytorch_tensor.h"

namespace palimpsest::nn {

namespace {

using Id = Pickle::Id;
using Kind = Pickle::Kind;
using Value = Pickle::Value;

constexpr std::array<std::string_view, 14> kKeys{
    "state_dict",     "model_state_dict", "model",          "net",    "network",
    "module",         "weights",          "model_weights",  "params", "params_ema",
    "state_dict_ema", "model_ema",        "ema_state_dict", "ema"};
constexpr const char* kAdvice = "save the model's weights: torch.save(model.state_dict(), 'w.pth')";
constexpr int kLevels = 2;
constexpr std::size_t kMostTensors = 100'000;

struct Candidate {
  Id dict = 0;
  std::vector<Id> above;  // the dicts that lead to it
  std::string where;      // "model.state_dict"
};

class Search {
 public:
  Search(const Pickle& pickle, const fs::path& path) : pickle_(pickle), path_(path) {}
  PytorchCheckpoint result();

 private:
  // How many entries of a dict are tensors, and whether one is called NAME.weight.
  struct Tally {
    std::size_t tensors = 0;
    bool parameter = false;
  };
  const Tally& tally(Id dict);
  void collect(const Candidate& at, int levels);
  void collect_under_other_keys(Id top);
  Candidate choose(Id top);
  [[noreturn]] void refuse_object(const Value& value, const std::string& where) const;
  std::string first_object(const Value& dict) const;
  void take_tensors(const Candidate& chosen, PytorchCheckpoint& weights);
  void take_classes(const Candidate& chosen, PytorchCheckpoint& weights);
  void note_left_out(const Candidate& chosen, bool classes_used);
  std::vector<std::string> changes(const Candidate& chosen) const;

  const Pickle& pickle_;
  const fs::path& path_;
  std::map<Id, Tally> tallies_;
  std::set<Id> searched_;
  std::vector<Candidate> candidates_;
  std::optional<std::pair<Id, std::string>> object_;  // a model under a known key, and the key
  std::vector<std::string> left_out_;
  std::size_t left_out_count_ = 0;
  std::string class_line_;
};

const Search::Tally& Search::tally(Id dict) {
  const auto [at, is_new] = tallies_.try_emplace(dict);
  if (is_new)
    for (std::size_t i = 0; i + 1 < pickle_.at(dict).items.size(); i += 2) {
      const Value &key = pickle_.at(pickle_.at(dict), i), &value = pickle_.at(pickle_.at(dict), i + 1);
      if (key.kind != Kind::text || !is_tensor(pickle_, value)) continue;
      ++at->second.tensors;
      at->second.parameter = at->second.parameter || key.text.ends_with(".weight");
    }
  return at->second;
}

// Every dict of tensors that is reached through known keys, in their order.
void Search::collect(const Candidate& at, int levels) {
  if (levels == 0 || !searched_.insert(at.dict).second) return;
  for (const auto key : kKeys) {
    const auto entry = pickle_.entry(pickle_.at(at.dict), key);
    if (!entry) continue;
    const Value& value = pickle_.at(*entry);
    Candidate below{*entry, at.above, at.where + (at.where.empty() ? "" : ".") + std::string(key)};
    below.above.push_back(at.dict);
    if (value.kind == Kind::call && !is_tensor(pickle_, value) && !object_) object_ = {*entry, below.where};
    if (value.kind != Kind::dict) continue;
    if (tally(*entry).tensors > 0)
      candidates_.push_back(std::move(below));
    else
      collect(below, levels - 1);
  }
}

void Search::collect_under_other_keys(Id top) {
  std::set<Id> found;
  const Value& dict = pickle_.at(top);
  for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const Value &key = pickle_.at(dict, i), &value = pickle_.at(dict, i + 1);
    const Id id = dict.items[i + 1];
    if (key.kind == Kind::text && value.kind == Kind::dict && tally(id).tensors > 0 && found.insert(id).second)
      candidates_.push_back({id, {top}, key.text});
  }
}

void Search::refuse_object(const Value& value, const std::string& where) const {
  const std::string place = where.empty() ? "" : fmt::format(" under '{}'", where);
  const auto state = value.items.size() > 2 ? std::optional(value.items[2]) : std::nullopt;
  const bool module = state && pickle_.at(*state).kind == Kind::dict && pickle_.entry(pickle_.at(*state), "_modules");
  throw Error(fmt::format("{} is a PyTorch file that holds {}{} (of the class {}), not its weights", path_.string(),
                          module ? "a whole model" : "an object", place, pickle_.class_name(value)),
              module ? conversion::torch_model(path_, where) : kAdvice);
}

std::string Search::first_object(const Value& dict) const {
  for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2)
    if (const Value& value = pickle_.at(dict, i + 1); value.kind == Kind::call)
      return fmt::format("; {} in it is an object of the class {}", excerpt(pickle_.at(dict, i).text),
                         pickle_.class_name(value));
  return {};
}

Candidate Search::choose(Id top) {
  const Value& value = pickle_.at(top);
  if (is_tensor(pickle_, value)) unusable_pytorch(path_, "it holds one tensor, not a model's weights", kAdvice);
  if (value.kind == Kind::call) refuse_object(value, "");
  if (value.kind != Kind::dict) unusable_pytorch(path_, "it does not hold a dict of tensors", kAdvice);
  collect({top, {}, ""}, kLevels);
  if (tally(top).parameter) return {top, {}, ""};
  if (!candidates_.empty()) return candidates_.front();
  if (object_) refuse_object(pickle_.at(object_->first), object_->second);
  if (tally(top).tensors > 0) return {top, {}, ""};
  collect_under_other_keys(top);
  if (candidates_.empty()) unusable_pytorch(path_, "it has no dict of tensors" + first_object(value), kAdvice);
  if (candidates_.size() > 1)
    unusable_pytorch(path_,
                     fmt::format("it has several dicts of tensors, '{}' and '{}' among them",
                                 excerpt(candidates_[0].where, 40), excerpt(candidates_[1].where, 40)),
                     "save the weights of one model: torch.save(model.state_dict(), 'w.pth')");
  return candidates_.front();
}

// The entries of the dicts on the way that have no use, and of the chosen one those that are not tensors.
void Search::note_left_out(const Candidate& chosen, bool classes_used) {
  constexpr std::size_t shown = 6;
  std::set<Id> used(chosen.above.begin(), chosen.above.end());
  used.insert(chosen.dict);
  for (const Id dict : used) {
    const Value& entries = pickle_.at(dict);
    for (std::size_t i = 0; i + 1 < entries.items.size(); i += 2) {
      const Value& key = pickle_.at(entries, i);
      const bool text = key.kind == Kind::text;
      const bool tensor = dict == chosen.dict && text && is_tensor(pickle_, pickle_.at(entries, i + 1));
      const bool classes = classes_used && std::ranges::find(kClassKeys, key.text) != kClassKeys.end();
      if (tensor || classes || used.contains(entries.items[i + 1])) continue;
      ++left_out_count_;
      if (left_out_.size() < shown) left_out_.push_back(text ? excerpt(key.text, 40) : "a key that is not text");
    }
  }
}

// A key that occurs again replaces the earlier value and keeps its place, as in Python.
void Search::take_tensors(const Candidate& chosen, PytorchCheckpoint& weights) {
  const Value& dict = pickle_.at(chosen.dict);
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const Value &key = pickle_.at(dict, i), &value = pickle_.at(dict, i + 1);
    if (key.kind != Kind::text) continue;
    if (!is_tensor(pickle_, value)) {
      if (value.kind == Kind::call && (key.text.ends_with(".weight") || key.text.ends_with(".bias")))
        unusable_pytorch(path_,
                         fmt::format("{} in it is an object of the class {}, not a tensor", excerpt(key.text),
                                     pickle_.class_name(value)),
                         "save the weights as ordinary tensors");
      continue;
    }
    if (weights.tensors.size() >= kMostTensors)
      unusable_pytorch(path_, fmt::format("it has more than {} tensors", kMostTensors));
    const auto [place, is_new] = places.try_emplace(key.text, weights.tensors.size());
    if (is_new)
      weights.tensors.emplace_back(key.text, dict.items[i + 1]);
    else
      weights.tensors[place->second].second = dict.items[i + 1];
  }
}

void Search::take_classes(const Candidate& chosen, PytorchCheckpoint& weights) {
  std::vector<std::pair<std::string_view, std::vector<std::string>>> found;
  std::vector<Id> dicts = chosen.above;
  dicts.push_back(chosen.dict);
  for (const Id dict : dicts)
    for (const auto key : kClassKeys)
      if (const auto entry = pickle_.entry(pickle_.at(dict), key))
        if (auto names = class_names_in(pickle_, pickle_.at(*entry))) found.emplace_back(key, std::move(*names));
  if (found.empty()) return;
  const auto other =
      std::find_if(found.begin(), found.end(), [&](const auto& f) { return f.second != found[0].second; });
  if (other != found.end()) {
    class_line_ = fmt::format("its {} and {} disagree, so its classes have no names", found[0].first, other->first);
    return;
  }
  weights.classes = nlohmann::json(found[0].second).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  class_line_ = fmt::format("the names of its classes are its {}", found[0].first);
}

std::vector<std::string> Search::changes(const Candidate& chosen) const {
  std::vector<std::string> facts;
  if (!chosen.where.empty()) facts.push_back(fmt::format("the weights are its '{}'", excerpt(chosen.where, 80)));
  if (const auto others = candidates_.size() - (chosen.where.empty() ? 0 : 1); others > 0) {
    const auto at =
        std::find_if(candidates_.begin(), candidates_.end(), [&](const Candidate& c) { return c.dict != chosen.dict; });
    if (at != candidates_.end())
      facts.push_back(fmt::format("'{}' also holds tensors, which are not used", excerpt(at->where, 80)));
  }
  if (!class_line_.empty()) facts.push_back(class_line_);
  if (left_out_count_ > 0)
    facts.push_back(fmt::format(
        "left out: {}{}", fmt::join(left_out_, ", "),
        left_out_count_ > left_out_.size() ? fmt::format(" and {} others", left_out_count_ - left_out_.size()) : ""));
  return facts;
}

PytorchCheckpoint Search::result() {
  const Candidate chosen = choose(pickle_.top());
  PytorchCheckpoint weights;
  take_tensors(chosen, weights);
  take_classes(chosen, weights);
  note_left_out(chosen, !weights.classes.empty());
  weights.changes = changes(chosen);
  return weights;
}

}  // namespace

PytorchCheckpoint find_weights(const Pickle& object, const fs::path& path) {
  return Search(object, path).result();
}

}  // namespace palimpsest::nn
