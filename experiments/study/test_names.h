#pragma once

// The tests of a study's page by the names that calibration.csv gives them.
namespace palimpsest::experiments::calibrate {

inline constexpr const char *class_loss = "AUC lost of a class, images and runs",
                            *class_loss_images = "AUC lost of a class, images only",
                            *class_recall = "recall of a class, McNemar's exact test",
                            *all_classes = "all classes together, images and runs",
                            *all_classes_images = "all classes together, images only",
                            *mean_loss = "mean AUC lost of the classes, images and runs",
                            *contrast = "the hypotheses' classes less the others",
                            *concept_loss = "AUC lost of a concept, images and runs",
                            *concept_loss_images = "AUC lost of a concept, images only",
                            *f1_paired = "F1 of a concept, paired t", *f1_corrected = "F1 of a concept, corrected t",
                            *f1_bootstrap = "F1 of a concept, bootstrap over persons",
                            *region_loss = "relevance lost in a region of the maps";

// The kinds of sets.
inline constexpr const char *nothing_lost = "nothing lost", *labels_shuffled = "labels shuffled",
                            *something_lost = "something lost", *same_training = "runs of the same training";

}  // namespace palimpsest::experiments::calibrate
