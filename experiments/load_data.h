#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "data/examples.h"
#include "data/splits.h"
#include "experiments/labels.h"
#include "experiments/settings/settings.h"

namespace palimpsest::experiments {

// The selection of a DataSettings, before any picture is opened. Prints warnings. requires: not arrays:
data::Selected select_data(const DataSettings& choice);

// The parts of a selection by name: train, validation, test, or all of them concatenated.
data::Dataset part_of(const data::Selected& selected, Part part);

// The pictures of a dataset at `size`. Unusable files are counted and the first of them named on standard error; if
// `skipped` names a file, all of them are listed there (`id,reason`).
std::shared_ptr<const data::Examples> load_pictures_of(const data::Dataset& dataset, const DataSettings& choice,
                                                       int size, int threads, const fs::path& skipped = {});

// Picture options have no effect on arrays, which are used unchanged: a remark says so. Throws Error for
// --drop-classes.
void say_unused_for_arrays(const DataSettings& choice);
void require_size_of_arrays(const DataSettings& choice,
                            const data::Examples& arrays);  // throws Error for another --size

// The images of a part, ready for a model.
struct LoadedPart {
  std::shared_ptr<const data::Examples> examples;  // labels: the weights' numbers
  std::vector<std::string> classes;                // the names of these numbers; empty if not known
};

// The part of `data.source` that `data.part` names, or only its images `ids`, in that order; arrays: are used whole and
// must have the network's size. Throws Error when there are none; see also labelled_for().
LoadedPart load_part(const OpenedData& data, const Model& model, Labels labels, int threads,
                     const std::vector<std::string>& ids = {});

// A command's input files, for require_separate().
std::vector<NamedPath> files_read(const fs::path& weights, const DataSettings& choice);

// Throws Error, which lists the parts, when `part` (called `name`) of the selection is empty.
void require_images(const data::Selected& selected, const data::Dataset& part, Part name, const std::string& remedy);

int effective_threads(int threads);  // 0: one per core

}  // namespace palimpsest::experiments
