#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "data/examples.h"
#include "data/splits.h"
#include "experiments/labels.h"
#include "experiments/settings/settings.h"

namespace palimpsest {

// What a DataSettings selects, before any picture is opened. Warnings are printed. requires: not arrays:
Selected select_data(const DataSettings& choice);

// The parts of a selection by name: train, validation, test, or all of them one after the other.
Dataset part_of(const Selected& selected, Part part);

// The pictures of a dataset at `size`. Files that could not be used are counted and the first of them named on standard
// error; all of them are listed in `skipped` when that names a file (`id,reason`).
std::shared_ptr<const Examples> load_pictures_of(const Dataset& dataset, const DataSettings& choice, int size,
                                                 int threads, const fs::path& skipped = {});

// What is asked of pictures does not happen to arrays, which are taken as they are: that is said. Throws Error for
// --drop-classes.
void say_unused_for_arrays(const DataSettings& choice);
void require_size_of_arrays(const DataSettings& choice, const Examples& arrays);  // throws Error for another --size

// The images of a part, ready for a model.
struct LoadedPart {
  std::shared_ptr<const Examples> examples;  // labels: the weights' numbers
  std::vector<std::string> classes;          // the names of these numbers; empty where they are not known
};

// The part of `choice.source` that `choice.part` names, or of it only the images called `ids`, in that order; arrays:
// whole, and of the size that the network takes. Throws Error when there are none, and see labelled_for().
LoadedPart load_part(const OpenedData& data, const Model& model, Labels labels, int threads,
                     const std::vector<std::string>& ids = {});

// What a command reads, for require_separate().
std::vector<NamedPath> files_read(const fs::path& weights, const DataSettings& choice);

// Throws Error, which says what parts there are, when `part` (called `name`) of the selection is empty.
void require_images(const Selected& selected, const Dataset& part, Part name, const std::string& remedy);

int effective_threads(int threads);  // 0: one for each core

}  // namespace palimpsest
