#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "experiments/bench/clocks.h"
#include "experiments/bench/roofline.h"
#include "experiments/bench/row.h"

namespace palimpsest::experiments {

// What `bench --out` writes. docs/kernels.md describes the columns.
struct BenchFile {
  DeviceInfo device;
  std::string precision;
  int size = 0, batch = 0;
  double width = 1;
  std::optional<Peaks> peaks;               // none: no percentages
  std::optional<ClockState> before, after;  // of the GPU
  std::string clocks_problem;               // why they are missing; empty: there is no GPU, or they are not
  std::vector<BenchRow> rows;
};

// Throws Error unless the file's name ends in .json or .csv, or is empty.
void check_bench_file_name(const fs::path& path);

void write_bench_file(const fs::path& path, const BenchFile& file);

std::string json_text(const BenchFile& file);
std::string csv_text(const BenchFile& file);  // a header, and a line for each row

}  // namespace palimpsest::experiments
