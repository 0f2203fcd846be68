#include "experiments/bench/bench_file.h"

#include <cmath>

#include "base/csv.h"
#include "experiments/bench/peak_memory.h"

namespace palimpsest::experiments {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<const char*, 5> kShape{"images", "channels", "height", "width", "outputs"};

const char* kind_of(const BenchRow& row) {
  switch (row.kind) {
    case BenchRow::Kind::layer:
      return "layer";
    case BenchRow::Kind::operation:
      return "operation";
    case BenchRow::Kind::step:
      return "step";
  }
  return "?";
}

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}
Json number(const std::optional<double>& value) {
  return value ? number(*value) : Json(nullptr);
}
Json text(const std::string& value) {
  return value.empty() ? Json(nullptr) : Json(value);
}

void add_figure(Json& to, const std::string& prefix, const std::optional<Figure>& figure) {
  const auto value = [&](auto of) { return figure ? number(double(of(figure->seconds))) : Json(nullptr); };
  to[prefix + "seconds"] = value([](const Summary& s) { return s.median; });
  to[prefix + "noise"] = value([](const Summary& s) { return s.noise; });
  to[prefix + "low_seconds"] = value([](const Summary& s) { return s.low; });
  to[prefix + "high_seconds"] = value([](const Summary& s) { return s.high; });
  to[prefix + "samples"] = figure ? Json(figure->seconds.samples) : Json(nullptr);
}

// Every column of a row, by its name.
Json columns_of(const BenchRow& row, const std::optional<Peaks>& peaks) {
  const Measured& m = row.measured;
  const bool ran = !m.error && m.warm;
  Json json{{"kind", kind_of(row)},
            {"layer", text(row.layer)},
            {"name", row.name},
            {"layers", row.layers},
            {"pass", text(row.pass)},
            {"shape", row.shape.empty() ? Json(nullptr) : Json(row.shape)},
            {"algorithm", text(row.algorithm)}};
  add_figure(json, "", m.warm);
  json["runs_of_a_sample"] = ran ? Json(m.warm->runs_of_a_sample) : Json(nullptr);
  add_figure(json, "cold_", m.cold);
  const bool products = row.direct_flops > 0, moves = row.least.bytes > 0;
  json["gflops"] = ran && products ? number(1e-9 * row.direct_flops / m.warm->seconds.median) : Json(nullptr);
  json["least_bytes"] = moves ? Json(row.least.bytes) : Json(nullptr);
  json["least_flops"] = products ? Json(row.least.flops) : Json(nullptr);
  json["gigabytes_per_second"] =
      ran && moves ? number(1e-9 * row.least.bytes / row.seconds_from_memory()) : Json(nullptr);
  json["roofline"] =
      ran && moves && peaks ? number(share_of_roofline(row.least, *peaks, row.seconds_from_memory())) : Json(nullptr);
  json["error"] = m.error ? Json(m.error->what()) : Json(nullptr);
  return json;
}

Json json_of(const std::optional<ClockState>& state) {
  if (!state) return nullptr;
  return {{"sm_mhz", number(state->sm_mhz)},
          {"memory_mhz", number(state->memory_mhz)},
          {"celsius", number(state->celsius)},
          {"watts", number(state->watts)},
          {"reasons", state->reasons}};
}

Json json_of(const std::optional<Peaks>& peaks) {
  if (!peaks) return nullptr;
  return {{"gpu", peaks->model}, {"bandwidth", peaks->bandwidth}, {"flops", peaks->flops}, {"source", peaks->source}};
}

std::string csv_value(const Json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? csv_field(value.get<std::string>()) : value.dump();
}

}  // namespace

void check_bench_file_name(const fs::path& path) {
  if (!path.empty() && path.extension() != ".json" && path.extension() != ".csv")
    throw Error(fmt::format("--out {} ends neither in .json nor in .csv", path.string()),
                "give a name that ends in .json or .csv");
}

std::string json_text(const BenchFile& file) {
  Json all{{"device", file.device.name},
           {"description", file.device.description},
           {"threads", file.device.threads},
           {"convolution", file.device.algorithms},
           {"precision", file.precision},
           {"size", file.size},
           {"width", file.width},
           {"batch", file.batch},
           {"peaks", json_of(file.peaks)},
           {"clocks",
            {{"before", json_of(file.before)}, {"after", json_of(file.after)}, {"problem", text(file.clocks_problem)}}},
           {"layers", Json::array()},
           {"operations", Json::array()},
           {"steps", Json::array()}};
  for (const BenchRow& row : file.rows) all[std::string(kind_of(row)) + "s"].push_back(columns_of(row, file.peaks));
  all["peak_megabytes"] = peak_megabytes();
  return all.dump(1) + "\n";
}

std::string csv_text(const BenchFile& file) {
  std::string lines;
  const auto add = [&](const BenchRow& row, bool names) {
    const auto value = [&](const std::string& name, const Json& of) { return names ? csv_field(name) : csv_value(of); };
    std::string line =
        value("device", file.device.name) + "," + value("precision", file.precision) + "," + value("batch", file.batch);
    const Json columns = columns_of(row, file.peaks);
    for (const auto& [name, of] : columns.items()) {
      if (name != "shape") {
        line += "," + value(name, of);
        continue;
      }
      for (std::size_t i = 0; i < kShape.size(); ++i)
        line += "," + value(kShape[i], i < row.shape.size() ? Json(row.shape[i]) : Json(nullptr));
    }
    lines += line + "\n";
  };
  add({}, true);
  for (const BenchRow& row : file.rows) add(row, false);
  return lines;
}

void write_bench_file(const fs::path& path, const BenchFile& file) {
  write_file(path, path.extension() == ".csv" ? csv_text(file) : json_text(file));
}

}  // namespace palimpsest::experiments
