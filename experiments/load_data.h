#pragma once
#include <memory>
#include <string>
#include <vector>

#include "data/examples.h"
#include "data/splits.h"
#include "experiments/commands.h"

namespace palimpsest {

// What a DataChoice selects, before any picture is opened. Warnings are printed. requires: not arrays:
Selected select_data(const DataChoice& choice);

// The parts of a selection by name: train, validation, test, or all of them one after the other.
Dataset part_of(const Selected& selected, const std::string& part);

// The pictures of a dataset at `size`, or the arrays as they are. Pictures that could not be used are counted and the
// first of them named on standard error; all of them are listed in `skipped` when that names a file.
std::shared_ptr<const Examples> load_pictures_of(const Dataset& dataset, const DataChoice& choice, int size,
                                                 int threads, const fs::path& skipped = {});

// One part ready for a network that takes size x size pictures; arrays: must have that size.
struct LoadedPart {
  std::shared_ptr<const Examples> examples;
  std::vector<std::string> classes;  // empty for arrays:
  bool arrays = false;
};
LoadedPart load_part(const DataChoice& choice, int size, int classes, int threads);

int effective_threads(int threads);  // 0: one for each core

}  // namespace palimpsest
