#include "nn/run_folder.h"

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/json.h"
#include "base/safetensors.h"

namespace palimpsest::nn {

namespace {

constexpr const char* kMetrics = "metrics.jsonl";
constexpr const char* kTiming = "timing.jsonl";

std::string to_text(const Progression& p) {
  return nlohmann::json{{"epochs", p.epochs},         {"steps", p.steps},           {"best_loss", p.best_loss},
                        {"best_epoch", p.best_epoch}, {"finished", p.finished},     {"metrics_bytes", p.metrics_bytes},
                        {"planned", p.planned},       {"kept_epoch", p.kept_epoch}, {"kept_score", p.kept_score}}
      .dump();
}

Progression from_text(const std::string& text, const fs::path& file) {
  try {
    const auto j = Json::parse(text);
    return {j.at("epochs"),
            j.at("steps"),
            j.at("best_loss"),
            j.at("best_epoch"),
            j.at("finished"),
            j.at("metrics_bytes"),
            j.value("planned", 0),
            j.value("kept_epoch", 0),
            j.value("kept_score", 0.0)};
  } catch (const nlohmann::json::exception&) {
    throw Error(fmt::format("{} does not record the progress of its run", file.string()),
                "remove the run's folder and start again");
  }
}

}  // namespace

std::string RunFolder::difference_of_texts(const std::string& a, const std::string& b) {
  if (a == b) return {};
  std::size_t line = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()) && a[i] == b[i]; ++i)
    if (a[i] == '\n') line = i + 1;
  const auto line_of = [&](const std::string& s) {
    return line < s.size() ? s.substr(line, s.find('\n', line) - line) : "nothing";
  };
  return fmt::format("'{}' there, '{}' now", line_of(a), line_of(b));
}

RunFolder::RunFolder(fs::path folder, const std::string& config, bool resume, const Difference& difference)
    : folder_(std::move(folder)) {
  create_folder(folder_);
  remove_temporaries(folder_);
  const auto config_file = folder_ / "config.toml", last = folder_ / "last.safetensors";
  if (fs::exists(last) && !resume)
    throw Error(fmt::format("{} already holds a run", folder_.string()), "name another --out, or remove that folder");
  std::string earlier;
  if (fs::exists(last)) {
    if (!fs::exists(config_file))
      throw Error(
          fmt::format("{} holds a checkpoint, but not the config.toml that says how it was made", folder_.string()),
          "name another --out, and continue from the checkpoint's weights with --init");
    earlier = read_file(config_file);
    if (const auto what = difference(earlier, config); !what.empty())
      throw Error(fmt::format("{} was started with other options ({})", folder_.string(), what),
                  "give the same options, name another --out, or remove that folder");
  }
  if (earlier.empty())
    write_file(config_file, config);
  else if (earlier != config)
    changed_config_ = config;
}

void RunFolder::keep_changed_config() {
  if (!changed_config_.empty()) write_file(folder_ / "config.toml", changed_config_);
}

fs::path RunFolder::momentum_file(int epoch) const {
  return folder_ / fmt::format("momentum-{}.safetensors", epoch);
}

std::optional<Progression> RunFolder::resume(Network& network, const std::vector<Tensor>& beside) {
  const auto last = folder_ / "last.safetensors";
  if (!fs::exists(last)) {
    cut(kMetrics, 0);
    cut(kTiming, 0);
    return std::nullopt;
  }
  const SafetensorsFile file(last);
  const auto at = file.metadata().find("progression");
  const auto progression = from_text(at == file.metadata().end() ? "" : at->second, last);
  for (auto& p : network.parameters()) {
    if (!file.has(p.name) || file.info(p.name).count() != p.value.shape.count())
      throw Error(
          fmt::format("{} holds a different network from the one to be trained ({} differs)", last.string(), p.name),
          "give the same data and --init as before, or name another --out");
    network.device().upload(p.value, file.read_floats(p.name));
  }
  const auto kept = momentum_file(progression.epochs);
  momentum_lost_ = !beside.empty() && !fs::exists(kept);
  if (!beside.empty() && !momentum_lost_) {
    const SafetensorsFile momentum(kept);
    for (std::size_t i = 0; i < beside.size(); ++i)
      network.device().upload(beside[i], momentum.read_floats(fmt::format("{}", i)));
  }
  cut(kMetrics, progression.metrics_bytes);
  cut_lines(kTiming, progression.epochs);
  remove_momentum_but(progression.epochs);
  return progression;
}

void RunFolder::cut(const char* name, std::uint64_t bytes) {
  std::error_code code;
  const auto path = folder_ / name;
  if (fs::exists(path) && fs::file_size(path, code) > bytes) fs::resize_file(path, bytes);
}

// Wall-clock figures have one line per epoch. Their length must not be part of a checkpoint, whose bits would then
// depend on the clock.
void RunFolder::cut_lines(const char* name, int lines) {
  const auto path = folder_ / name;
  if (!fs::exists(path)) return;
  const std::string text = read_file(path);
  std::size_t end = 0;
  for (int i = 0; i < lines && end != std::string::npos; ++i) {
    end = text.find('\n', end);
    if (end != std::string::npos) ++end;
  }
  if (end != std::string::npos) cut(name, end);
}

// A run that was killed while saving may have left the momentum of another epoch.
void RunFolder::remove_momentum_but(int epoch) {
  std::vector<fs::path> others;
  for (const auto& entry : fs::directory_iterator(folder_))
    if (entry.path().filename().string().starts_with("momentum-") && entry.path() != momentum_file(epoch))
      others.push_back(entry.path());
  std::error_code code;
  for (const auto& other : others) fs::remove(other, code);
}

void RunFolder::append(const char* name, const std::string& line) {
  const auto path = folder_ / name;
  std::FILE* file = std::fopen(path.c_str(), "ab");
  const bool good = file && std::fputs((line + "\n").c_str(), file) >= 0 && std::fflush(file) == 0;
  const int error = errno;
  if (file) std::fclose(file);
  if (!good)
    throw Error(fmt::format("cannot write {}: {}", path.string(), std::strerror(error)),
                "free some disk space and start again: the run resumes where it stopped");
}
void RunFolder::append_metrics(const std::string& line) {
  append(kMetrics, line);
}
void RunFolder::append_timing(const std::string& line) {
  append(kTiming, line);
}

void RunFolder::save(Network& network, const std::vector<Tensor>& beside, Progression at, bool keep,
                     const ModelNotes& notes) {
  std::error_code code;
  at.metrics_bytes = fs::file_size(folder_ / kMetrics, code);
  if (keep) save_weights(network, folder_ / "weights.safetensors", notes);
  if (!beside.empty()) {
    std::vector<SafetensorsWriter::Declaration> declarations;
    for (std::size_t i = 0; i < beside.size(); ++i)
      declarations.emplace_back(fmt::format("{}", i), std::vector{beside[i].shape.count()});
    SafetensorsWriter writer(momentum_file(at.epochs), declarations);
    for (const auto& v : beside) writer.append(network.device().download(v));
    writer.commit();
  }
  ModelNotes with = notes;
  with.more["progression"] = to_text(at);
  save_weights(network, folder_ / "last.safetensors", with);
  fs::remove(momentum_file(at.epochs - 1), code);
}

}  // namespace palimpsest::nn
