#pragma once
#include <string>
#include <vector>

#include "data/dataset.h"
#include "experiments/model.h"

// Matches the classes of data and weights: by name, else by position if their numbers agree. One remark says what was
// matched, and how.
namespace palimpsest::experiments {

// The names of the outputs of the network in `weights`: the file's own, else those of --class-names. Empty: not known.
// Throws Error when --class-names has a different number of classes.
std::vector<std::string> output_names(const fs::path& weights, const nn::ModelNotes& notes, int outputs,
                                      const std::vector<std::string>& given);

// A command's requirements on labels.
enum class Labels : std::uint8_t {
  needed,         // every picture must have a class of the weights, else Error
  labelled_only,  // the same, but pictures without a label are left out and counted
  welcome,        // a picture without such a class has the label -1; a remark counts them
  unused          // labels are not used: they remain the data's, unmatched
};

// The set with the weights' class numbers as labels and their names as classes (none if neither names nor position
// determine them). Throws Error, with both lists, for a required class that the weights do not have.
data::Dataset labelled_for(data::Dataset set, const Model& model, Labels labels);

// For each class of `a` its number in `b`, -1: missing. By name if both have names, else by position.
// Throws Error when neither is possible.
std::vector<int> classes_of_other(const Model& a, const Model& b);

// The class that an option gives by number or by name; -1: unknown. A number remains a number, with a remark, even if
// it is also the name of another class.
int class_named(const std::string& given, int classes, const std::vector<std::string>& names, const char* option);

// "a, b, c" or, for a long list, "a, b, c, ... (1000 in all)".
std::string list_text(const std::vector<std::string>& names);

}  // namespace palimpsest::experiments
