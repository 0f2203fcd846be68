#include "experiments/bench/clocks.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "base/csv.h"
#include "base/error.h"
#include "base/spawn.h"

namespace palimpsest::experiments {

namespace {

// nvml.h, nvmlClocksEventReason...
constexpr std::array<std::pair<std::uint64_t, const char*>, 9> kReasons{{{0x1, "idle"},
                                                                         {0x2, "clocks set by an application"},
                                                                         {0x4, "power cap"},
                                                                         {0x8, "hardware slowdown"},
                                                                         {0x10, "sync boost"},
                                                                         {0x20, "software thermal slowdown"},
                                                                         {0x40, "hardware thermal slowdown"},
                                                                         {0x80, "hardware power brake"},
                                                                         {0x100, "display clock"}}};

// "1980"; "[N/A]", "[Not Supported]" and the like are missing.
std::optional<double> figure(const std::string& text) {
  if (text.starts_with("[")) return std::nullopt;
  return parse_number(text, "nvidia-smi");
}

std::vector<std::string> reasons(const std::string& text) {
  if (text.starts_with("[")) return {"unknown"};
  std::uint64_t bits = 0;
  const char* const end = text.data() + text.size();
  if (!text.starts_with("0x") || std::from_chars(text.data() + 2, end, bits, 16).ptr != end)
    throw Error(fmt::format("'{}' are no reasons", text), "update the driver");
  std::vector<std::string> found;
  for (const auto& [bit, name] : kReasons)
    if (bits & bit) found.emplace_back(name);
  return found;
}

// Throws Error for what nvidia-smi does not write.
ClockState state_in(const std::string& output) {
  const auto rows = parse_csv("nvidia-smi", output);
  if (rows.size() != 1 || rows[0].size() != 5) throw Error("no line of five values", "update the driver");
  std::array<std::string, 5> fields;
  for (std::size_t i = 0; i < fields.size(); ++i) fields[i] = std::string(without_blanks(rows[0][i]));
  return {figure(fields[0]), figure(fields[1]), figure(fields[3]), figure(fields[4]), reasons(fields[2])};
}

}  // namespace

std::optional<ClockState> ClockReader::read() {
  if (gpu_bus_.empty() || !problem_.empty()) return std::nullopt;
  Spawned answer;
  for (const char* const name :
       {"clocks_event_reasons.active", "clocks_throttle_reasons.active"}) {  // since 535; before
    answer = spawn({"nvidia-smi", "--id=" + gpu_bus_,
                    fmt::format("--query-gpu=clocks.sm,clocks.mem,{},temperature.gpu,power.draw", name),
                    "--format=csv,noheader,nounits"},
                   seconds_, true);
    if (answer.end != Spawned::End::exited || answer.output.find("not a valid field") == std::string::npos) break;
  }
  const std::string line = answer.output.substr(0, answer.output.find('\n'));
  if (answer.end != Spawned::End::exited)
    problem_ = answer.problem;
  else if (answer.number != 0)
    problem_ = fmt::format("exit code {}: {}", answer.number, line);
  try {
    if (problem_.empty()) return state_in(answer.output);
  } catch (const Error&) {
    problem_ = fmt::format("it wrote '{}'", line);
  }
  return std::nullopt;
}

}  // namespace palimpsest::experiments
