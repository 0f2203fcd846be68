#include "experiments/study/step_graph.h"

#include <fmt/ranges.h>
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <optional>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/nearest_word.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "experiments/study/config.h"
#include "experiments/study/step_times.h"

namespace palimpsest::experiments {

namespace {

std::string producer_of(const std::string& file) {
  return file.substr(0, file.find('/'));
}

std::string kind_of(const std::string& name) {
  return name.substr(0, name.find('-'));
}

struct Written {
  std::string sha256;
  std::uint64_t size = 0;
};

}  // namespace

struct StepGraph::State {
  enum class Status { absent, started, finished } status = Status::absent;
  std::map<std::string, std::string> inputs;  // including files read, as "file NAME"
  std::map<std::string, Written> outputs;
};

StepGraph::StepGraph(fs::path study, std::vector<Step> steps, bool quiet)
    : study_(std::move(study)), steps_(std::move(steps)), quiet_(quiet) {
  std::set<std::string> names, files;
  for (const Step& step : steps_) {
    PALIMPSEST_REQUIRE(names.insert(step.name).second, "two steps {}", step.name);
    for (const std::string& file : step.reads) PALIMPSEST_REQUIRE(files.contains(file), "no step writes {}", file);
    for (const std::string& file : step.writes) files.insert(step.name + "/" + file);
  }
}

const Step* StepGraph::find(std::string_view name) const {
  const auto found = std::find_if(steps_.begin(), steps_.end(), [&](const Step& s) { return s.name == name; });
  return found == steps_.end() ? nullptr : &*found;
}

std::vector<std::string> StepGraph::step_names() const {
  std::vector<std::string> names;
  names.reserve(steps_.size());
  for (const Step& step : steps_) names.push_back(step.name);
  return names;
}

std::vector<std::string> StepGraph::finished() const {
  std::vector<std::string> names;
  for (const Step& step : steps_)
    if (read_state(step).status == State::Status::finished) names.push_back(step.name);
  return names;
}

StepGraph::State StepGraph::read_state(const Step& step) const {
  const fs::path path = folder(step) / "state.json";
  State state;
  if (!fs::exists(path)) return state;
  try {
    const auto json = Json::parse(read_file(path, 1 << 26));
    state.status = json.at("status") == "finished" ? State::Status::finished : State::Status::started;
    state.inputs = json.at("inputs").get<std::map<std::string, std::string>>();
    for (const auto& [name, entry] : json.at("outputs").items())
      state.outputs[name] = {entry.at("sha256").get<std::string>(), entry.at("size").get<std::uint64_t>()};
  } catch (const nlohmann::json::exception& error) {
    throw Error(fmt::format("{} is not usable: {}", path.string(), error.what()),
                fmt::format("run the step again with --redo {}", step.name));
  }
  return state;
}

void StepGraph::write_state(const Step& step, const State& state) const {
  nlohmann::ordered_json json;
  json["step"] = step.name;
  json["status"] = state.status == State::Status::finished ? "finished" : "started";
  json["inputs"] = state.inputs;
  json["outputs"] = nlohmann::ordered_json::object();
  for (const auto& [name, written] : state.outputs)
    json["outputs"][name] = {{"sha256", written.sha256}, {"size", written.size}};
  write_file(folder(step) / "state.json", json.dump(2) + "\n");
}

// With the hashes of the files read, if the steps that write them are finished.
std::map<std::string, std::string> StepGraph::current_inputs(const Step& step) const {
  auto inputs = step.inputs;
  for (const std::string& file : step.reads) {
    const std::string name = producer_of(file);
    const State producer = read_state(*find(name));
    const auto output = producer.outputs.find(file.substr(name.size() + 1));
    if (output != producer.outputs.end()) inputs["file " + file] = output->second.sha256;
  }
  return inputs;
}

StepGraph::Change StepGraph::change_of(const Step& step, const State& state) const {
  if (state.status == State::Status::absent) return {};
  const auto now = current_inputs(step);
  for (const auto& [key, value] : now) {
    const auto then = state.inputs.find(key);
    if (then == state.inputs.end()) return fmt::format("was run without {}, which is now {}", key, value);
    if (then->second == value) continue;
    if (key.starts_with("file ")) return fmt::format("was run with another {}", key.substr(5));
    if (key.starts_with("data ")) return fmt::format("was run when the {} set had other files", key.substr(5));
    return fmt::format("was run with {} = {}, which is now {}", key, then->second, value);
  }
  for (const auto& [key, value] : state.inputs)
    if (!now.contains(key) && !key.starts_with("file "))
      return fmt::format("was run with {} = {}, which is now omitted", key, value);
  for (const auto& [name, written] : state.outputs) {
    const fs::path path = folder(step) / name;
    std::error_code code;
    if (fs::file_size(path, code) != written.size || code)
      return fmt::format("has lost its file {}, or the file was changed", path.string());
  }
  return {};
}

void StepGraph::refuse_changes() const {
  std::string first, what;
  std::set<std::string> kinds;  // of the steps changed directly, not through a file of another step
  for (const Step& step : steps_) {
    const Change change = change_of(step, read_state(step));
    if (change.empty()) continue;
    if (first.empty()) first = step.name, what = change;
    kinds.insert(kind_of(step.name));
  }
  if (first.empty()) return;
  std::string redo;
  for (const std::string& kind : kinds) redo += " --redo " + kind;
  throw Error(fmt::format("{}: step {} {}", study_.string(), first, what),
              fmt::format("undo the change, give another --out, or run the changed steps, and all that follow from "
                          "them, again with{}",
                          redo));
}

void StepGraph::redo(const std::vector<std::string>& names) {
  std::set<std::string> forgotten;
  for (const std::string& name : names) {
    const std::size_t before = forgotten.size();
    for (const Step& step : steps_)
      if (step.name == name || kind_of(step.name) == name) forgotten.insert(step.name);
    if (forgotten.size() == before && !find(name)) {
      std::vector<std::string> known = step_names(), kinds;
      for (const Step& step : steps_)
        if (const std::string kind = kind_of(step.name); kinds.empty() || kinds.back() != kind) kinds.push_back(kind);
      std::sort(kinds.begin(), kinds.end());
      kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
      known.insert(known.begin(), kinds.begin(), kinds.end());
      const std::string near = nearest_word(name, known);
      throw Error(fmt::format("--redo {}: this is not a step of the study", name),
                  fmt::format("{}its kinds of steps are {}; a folder's name names a single one",
                              near.empty() ? "" : fmt::format("did you mean {}? ", near), fmt::join(kinds, ", ")));
    }
  }
  for (const Step& step : steps_)
    if (std::any_of(step.reads.begin(), step.reads.end(),
                    [&](const std::string& file) { return forgotten.contains(producer_of(file)); }))
      forgotten.insert(step.name);
  // In reverse order, and in each folder the state first: if killed, no incomplete step appears finished.
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    if (!forgotten.contains(step->name)) continue;
    std::error_code code;
    fs::remove(folder(*step) / "state.json", code);
    if (!code) fs::remove_all(folder(*step), code);
    if (code)
      throw Error(fmt::format("{} cannot be removed: {}", folder(*step).string(), code.message()),
                  "check the folder's owner and permissions");
  }
}

void StepGraph::run(int together, int threads) {
  refuse_changes();
  const auto done = finished();
  if (!quiet_ && !done.empty() && done.size() < steps_.size())
    fmt::print(stderr, "study: {} of {} steps are already finished\n", done.size(), steps_.size());
  together_ = together;
  std::mutex mutex;  // for everything but Step::run
  std::condition_variable changed;
  std::vector<bool> taken(steps_.size());
  std::set<std::string, std::less<>> ended;
  std::exception_ptr failure;
  const auto next = [&]() -> std::optional<std::size_t> {
    for (std::size_t i = 0; i < steps_.size(); ++i)
      if (!taken[i] && std::ranges::all_of(steps_[i].reads,
                                           [&](const std::string& file) { return ended.contains(producer_of(file)); }))
        return i;
    return {};
  };
  const auto work = [&] {
    std::unique_lock lock(mutex);
    try {
      for (;;) {
        std::optional<std::size_t> i;
        changed.wait(lock, [&] { return failure || (i = next()) || std::ranges::count(taken, false) == 0; });
        if (failure || !i) return;
        taken[*i] = true;
        check_interrupt();
        if (threads > 0) omp_set_num_threads(threads);
        run_step(steps_[*i], *i, lock);
        ended.insert(steps_[*i].name);
        changed.notify_all();
      }
    } catch (...) {
      if (!lock.owns_lock()) lock.lock();
      if (!failure) failure = std::current_exception();
      changed.notify_all();
    }
  };
  std::vector<std::thread> beside;
  for (int i = 1; i < together; ++i) beside.emplace_back(work);
  work();
  for (std::thread& thread : beside) thread.join();
  if (failure) std::rethrow_exception(failure);
}

void StepGraph::run_step(const Step& step, std::size_t number, std::unique_lock<std::mutex>& lock) {
  State state = read_state(step);
  if (const Change change = change_of(step, state); !change.empty())  // an earlier step has been rerun meanwhile
    throw Error(fmt::format("{}: step {} {}", study_.string(), step.name, change),
                fmt::format("run it again with --redo {}", step.name));
  if (state.status == State::Status::finished) return;
  const auto start = std::chrono::steady_clock::now();
  if (!quiet_) fmt::print(stderr, "[{}/{}] {}: {}{}\n", number + 1, steps_.size(), step.name, step.title, time_left());
  create_folder(folder(step));
  state.inputs = current_inputs(step);
  state.status = State::Status::started;
  write_state(step, state);
  lock.unlock();
  step.run(folder(step));
  lock.lock();
  for (const std::string& name : step.writes) {
    const fs::path path = folder(step) / name;
    PALIMPSEST_REQUIRE(fs::exists(path), "step {} did not write {}", step.name, name);
    state.outputs[name] = {sha256_of_file(path), fs::file_size(path)};
  }
  state.status = State::Status::finished;
  write_state(step, state);
  append_step_time(study_, step.name, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

// From the times of steps of the same kind, in this run or an earlier one. Kinds without times are not estimated.
std::string StepGraph::time_left() const {
  const auto times = mean_step_times(study_);
  double seconds = 0;
  bool all_known = true;
  for (const Step& step : steps_) {
    if (step.quick || read_state(step).status == State::Status::finished) continue;
    const auto known = times.find(kind_of(step.name));
    if (known != times.end())
      seconds += known->second;
    else
      all_known = false;
  }
  if (seconds < 5) return {};
  return fmt::format(" ({} {} left)", all_known ? "about" : "more than", duration_text(seconds / double(together_)));
}

}  // namespace palimpsest::experiments
