#pragma once
#include "base/files.h"
#include "data/dataset.h"

// One reader per data set, for its known layouts and quirks (listed in each .cpp file). A reader takes everything in
// the set; data/splits.h decides how each part is used.
//
// An unusable entry (a row whose numbers do not parse, a missing picture or label) goes into Dataset::skipped with its
// reason. A set that lacks a folder or a list, names files outside its own folder, or has no usable picture throws
// Error. One remark reports data of a kept sample that is not used (landmarks that are not 68 points) or is converted
// (expressions as words, backslashes). Pictures are not opened here.
namespace palimpsest::data {

// A set with two lists.
struct ListedSets {
  Dataset training, validation;
};

// AffectNet as first released (Mollahosseini, Hasani and Mahoor 2017), manually annotated part. Classes: neutral happy
// sad surprise fear disgust anger contempt none uncertain non-face, labels 0 to 10; the lists may give these words for
// the numbers. Their columns are found by name (base/table.h). Samples have a face box and 68 landmarks where the list
// has usable ones.
ListedSets read_affectnet(const fs::path& folder);

// AffectNet-8 (2021): the first 8 classes, pictures cropped to the face; `training` is train_set, `validation` val_set.
// Pictures without an annotation are listed as skipped.
ListedSets read_affectnet8(const fs::path& folder);

// UNBC-McMaster shoulder pain archive (Lucey et al. 2011). Classes: "no pain" and "pain", which is PSPI > pain_above.
// Samples have subject, sequence, frame, action units and 66 landmarks where there are any; in order of subject,
// sequence, frame.
Dataset read_unbc(const fs::path& folder, double pain_above = 0);

// CK+ (Lucey et al. 2010): the peak frame of each sequence that has a FACS file, with its action units (intensity 0:
// present but not scored) and 68 landmarks. Classes: neutral anger contempt disgust fear happy sadness surprise; label
// -1 for the sequences without an emotion.
Dataset read_ckplus(const fs::path& folder);

// A folder of pictures per class (.jpg .jpeg .jpe .jfif .png .bmp .tif .tiff in any case, in sub-folders too); classes
// are the folders' names, sorted. If no sub-folder has a picture, the pictures directly in `folder` have no labels and
// there are no classes. Every other file goes into Dataset::skipped. Throws Error when there is no picture, when a
// class has none, and when the sub-folders are train, test etc. with folders in them.
Dataset read_folder(const fs::path& folder);

}  // namespace palimpsest::data
