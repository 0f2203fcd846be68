#include "experiments/bench/bench_tables.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "experiments/bench/peak_memory.h"

namespace palimpsest::experiments {

namespace {

std::string shape_text(const BenchRow& row) {
  const auto& s = row.shape;
  if (row.kind == BenchRow::Kind::operation) return fmt::format("{}", fmt::join(s, " x "));
  if (s[2] == 1 && s[3] == 1) return fmt::format("{} x {} to {}", s[0], s[1], s[4]);
  return fmt::format("{} x {} x {} x {} to {}", s[0], s[1], s[2], s[3], s[4]);
}

std::string layer_text(const BenchRow& row) {
  return row.layers > 1 ? fmt::format("{} x{}", row.name, row.layers) : row.name;
}

std::vector<const BenchRow*> rows_of(const BenchFile& file, BenchRow::Kind kind) {
  std::vector<const BenchRow*> rows;
  for (const BenchRow& row : file.rows)
    if (row.kind == kind) rows.push_back(&row);
  return rows;
}

std::string ms(const std::optional<Figure>& figure) {
  return figure ? fmt::format("{:.4f}", 1e3 * figure->seconds.median) : "";
}

std::string percent(double share) {
  return fmt::format("{:.0f}%", 100 * share);
}

std::string noise_text(const Figure& figure) {
  const double noise = figure.seconds.noise;
  return std::isnan(noise) ? "" : fmt::format("{:.1f}%", 100 * noise);
}

// "warm ms  cold ms  noise", or that it failed.
std::string times_text(const Measured& m) {
  if (m.error) return fmt::format("{:>30}", "failed");
  return fmt::format("{:>11}{:>11}{:>8}", ms(m.warm), ms(m.cold), noise_text(*m.warm));
}

// "GB/s  roofline"
std::string traffic_text(const BenchRow& row, const std::optional<Peaks>& peaks) {
  if (row.measured.error) return "";
  const double seconds = row.seconds_from_memory();
  return fmt::format("{:>10.1f}{:>10}", 1e-9 * row.least.bytes / seconds,
                     peaks ? percent(share_of_roofline(row.least, *peaks, seconds)) : "");
}

// Each once.
void print_errors(const std::vector<const BenchRow*>& rows) {
  std::set<std::string> said;
  for (const BenchRow* const row : rows)
    if (row->measured.error && said.emplace(row->measured.error->what()).second)
      fmt::print("{} {} {} failed: {}\n", row->name, row->pass.empty() ? row->layer : row->pass, row->algorithm,
                 row->measured.error->what());
}

}  // namespace

void print_layers(const BenchFile& file) {
  const auto rows = rows_of(file, BenchRow::Kind::layer);
  if (rows.empty()) return;
  const bool gpu = !file.device.gpu.empty();
  fmt::print("\n{:<13}{:<28}{:<18}{:>11}{:>11}{:>8}{:>11}{:>10}{:>10}\n", "layer", "images, channels, side", "pass",
             "warm ms", "cold ms", "noise", gpu ? "TFLOP/s" : "GFLOP/s", "GB/s", "roofline");
  std::vector<std::pair<std::string, double>> totals;
  for (const BenchRow* const row : rows) {
    const Measured& m = row->measured;
    fmt::print("{:<13}{:<28}{:<18}{}", layer_text(*row), shape_text(*row), row->pass, times_text(m));
    if (!m.error)
      fmt::print("{:>11.1f}{}", (gpu ? 1e-12 : 1e-9) * row->direct_flops / m.warm->seconds.median,
                 traffic_text(*row, file.peaks));
    fmt::print("\n");
    if (m.error || !row->name.starts_with("conv")) continue;
    auto total = std::ranges::find(totals, row->pass, &std::pair<std::string, double>::first);
    if (total == totals.end()) total = totals.insert(total, {row->pass, 0});
    total->second += row->layers * m.warm->seconds.median;
  }
  for (const auto& [pass, seconds] : totals)
    fmt::print("{:<41}{:<18}{:>11.4f}\n", "all convolutions", pass, 1e3 * seconds);
  print_errors(rows);
}

void print_operations(const BenchFile& file) {
  const auto rows = rows_of(file, BenchRow::Kind::operation);
  if (rows.empty()) return;
  fmt::print("\n{:<24}{:<13}{:<22}{:>11}{:>11}{:>8}{:>10}{:>10}\n", "operation", "where", "shape", "warm ms", "cold ms",
             "noise", "GB/s", "bandwidth");
  for (const BenchRow* const row : rows)
    fmt::print("{:<24}{:<13}{:<22}{}{}\n", row->name, row->layer, shape_text(*row), times_text(row->measured),
               traffic_text(*row, file.peaks));
  print_errors(rows);
}

void print_steps(const BenchFile& file) {
  const auto rows = rows_of(file, BenchRow::Kind::step);
  if (rows.empty()) return;
  fmt::print("\n{:<42}{:>12}{:>8}{:>14}\n", "step", "ms", "noise", "images/s");
  for (const BenchRow* const row : rows)
    if (const auto& warm = row->measured.warm)
      fmt::print("{:<42}{:>12.2f}{:>8}{:>14.1f}\n", row->name, 1e3 * warm->seconds.median, noise_text(*warm),
                 file.batch / warm->seconds.median);
  print_errors(rows);
  fmt::print("peak memory {:.0f} MB\n", peak_megabytes());
}

void print_comparison(const BenchFile& file, const std::vector<std::string>& algorithms) {
  const std::vector<BenchRow>& rows = file.rows;
  fmt::print("\n{:<13}{:<18}", "layer", "pass");
  for (const std::string& one : algorithms) fmt::print("{:>16}", one + " ms");
  for (std::size_t i = 1; i < algorithms.size(); ++i) fmt::print("  {:>20}", algorithms[0] + "/" + algorithms[i]);
  fmt::print("\n");
  for (auto first = rows.begin(); first != rows.end();) {
    const auto same = [&](const BenchRow& row) { return row.name == first->name && row.pass == first->pass; };
    const auto last = std::find_if_not(first, rows.end(), same);
    std::map<std::string, const Measured*> by;
    for (auto row = first; row != last; ++row) by[row->algorithm] = &row->measured;
    const auto seconds = [&](const std::string& one) {
      return by.contains(one) && by[one]->warm ? std::optional(by[one]->warm->seconds.median) : std::nullopt;
    };
    fmt::print("{:<13}{:<18}", layer_text(*first), first->pass);
    for (const std::string& one : algorithms)
      fmt::print("{:>16}", !by.contains(one) ? "" : by[one]->error ? "failed" : ms(by[one]->warm));
    const auto own = seconds(algorithms[0]);
    for (std::size_t i = 1; i < algorithms.size(); ++i) {
      const auto other = seconds(algorithms[i]);
      fmt::print("  {:>20}", own && other ? fmt::format("{:.2f}", *own / *other) : "");
    }
    fmt::print("\n");
    first = last;
  }
  print_errors(rows_of(file, BenchRow::Kind::layer));
}

void print_circumstances(const BenchFile& file) {
  if (file.peaks)
    fmt::print("\nPercentages are of {}'s {:.0f} GB/s and {:.1f} TFLOP/s in {} ({}).\n", file.peaks->model,
               1e-9 * file.peaks->bandwidth, 1e-12 * file.peaks->flops, file.precision, file.peaks->source);
  else
    fmt::print("\nNo percentages: bench/gpus.toml has no peaks of {} in {}.\n",
               file.device.gpu.empty() ? "this processor" : file.device.gpu, file.precision);
  const auto clocks = [](const char* when, const std::optional<ClockState>& state) {
    if (!state) return;
    const auto value = [](const std::optional<double>& v) { return v ? fmt::format("{:.0f}", *v) : "?"; };
    fmt::print("{}: {} MHz, memory {} MHz, {} degrees C, {} W; held back by: {}\n", when, value(state->sm_mhz),
               value(state->memory_mhz), value(state->celsius), value(state->watts),
               state->reasons.empty() ? "nothing" : fmt::format("{}", fmt::join(state->reasons, ", ")));
  };
  if (!file.clocks_problem.empty())
    fmt::print("Clocks and temperature are unknown: nvidia-smi: {}\n", file.clocks_problem);
  clocks("Before", file.before);
  clocks("After", file.after);
}

}  // namespace palimpsest::experiments
