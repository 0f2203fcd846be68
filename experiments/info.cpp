#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <toml++/toml.h>
#include <nlohmann/json.hpp>

#include "cuda/device.h"
#include "experiments/command_line.h"
#include "experiments/devices.h"

namespace palimpsest::experiments {

namespace {

struct InfoCommand {
  bool options = option(options, "options", false, "print every option of every command instead, as in docs/options.md",
                        heading("Output"));
  MachineSettings on;
};

// What the processor has of the instruction sets that oneDNN chooses between.
std::string instruction_sets() {
#if defined(__x86_64__)
  std::string text;
  const auto add = [&text](bool has, const char* name) {
    if (has) text += (text.empty() ? "" : ", ") + std::string(name);
  };
  add(__builtin_cpu_supports("sse4.2") != 0, "SSE 4.2");
  add(__builtin_cpu_supports("avx2") != 0, "AVX2");
  add(__builtin_cpu_supports("fma") != 0, "FMA");
  add(__builtin_cpu_supports("avx512f") != 0, "AVX-512F");
  add(__builtin_cpu_supports("avx512vnni") != 0, "AVX-512 VNNI");
  add(__builtin_cpu_supports("avx512bf16") != 0, "AVX-512 BF16");
  return text;
#else
  return "not an x86-64 processor";
#endif
}

double memory_gib() {
  std::ifstream file("/proc/meminfo");
  std::string key;
  double kib = 0;
  file >> key >> kib;
  return kib / (1 << 20);
}

std::string compiler() {
#if defined(__clang__)
  return fmt::format("Clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("GCC {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

void run_info(const InfoCommand& command) {
  if (command.options) return fmt::print("{}", options_page());
  announce_devices(false);
  const auto device = make_device(command.on);
  const DeviceInfo chosen = device->info();

  fmt::print("palimpsest {}, {}, {} build\n\n", PALIMPSEST_VERSION, compiler(),
#ifdef NDEBUG
             "optimised"
#else
             "debug"
#endif
  );
  fmt::print("processor     {}\n", processor_name());
  fmt::print("instructions  {}\n", instruction_sets());
  fmt::print("cores         {}\n", std::thread::hardware_concurrency());
  fmt::print("memory        {:.1f} GiB\n\n", memory_gib());

  fmt::print("devices\n");
  for (const DeviceChoice& known : known_devices())
    fmt::print("  {:<14}{}: {}\n", known.name, known.available ? "available" : "not available", known.reason);
  for (const auto& [name, kind] : {std::pair{"cuda", CudaKind::real}, std::pair{"cuda-emulated", CudaKind::emulated}})
    for (const auto& line : cuda_details(kind)) fmt::print("  {:<14}  {}\n", name, line);
  fmt::print("\nchosen        {} with {} thread{}: {}\n", chosen.name, chosen.threads, chosen.threads == 1 ? "" : "s",
             chosen.description);
  if (command.on.device.kind == DeviceName::Kind::automatic)
    fmt::print("why           --device auto uses a GPU if the build and the machine have one; {}\n",
               chosen.name != "cpu" ? "they do" : known_devices()[1].reason);
  else
    fmt::print("why           requested by --device {}\n", to_text(command.on.device));

  fmt::print("\nlibraries     fmt {}.{}.{}, nlohmann-json {}.{}.{}, toml++ {}.{}.{}\n", FMT_VERSION / 10000,
             FMT_VERSION / 100 % 100, FMT_VERSION % 100, NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
             NLOHMANN_JSON_VERSION_PATCH, TOML_LIB_MAJOR, TOML_LIB_MINOR, TOML_LIB_PATCH);
}

}  // namespace

Command info_command() {
  return make_command("info", "Devices, what is chosen and why, libraries",
                      "Example:\n"
                      "  palimpsest info --device auto",
                      run_info);
}

}  // namespace palimpsest::experiments
