#pragma once
#include <string>
#include <vector>

#include "data/dataset.h"
#include "experiments/model.h"

// How the classes of data and of weights are brought together: by name, else by position where their numbers agree.
// What was matched, and how, is said once.
namespace palimpsest {

// What the outputs of the network in `weights` are called: the file's own names, else those of --class-names. Empty:
// not known. Throws Error when --class-names names another number of classes.
std::vector<std::string> output_names(const fs::path& weights, const ModelNotes& notes, int outputs,
                                      const std::vector<std::string>& given);

// What a command needs of labels.
enum class Labels : std::uint8_t {
  needed,         // every picture has a class that the weights distinguish, else Error
  labelled_only,  // as needed, but pictures without a label are left out and counted
  welcome,        // a picture without such a class has the label -1; how many is said
  unused          // nothing depends on labels: they stay the data's, and nothing is matched
};

// The set with the weights' class numbers as labels and their names as classes (none, where neither names nor position
// settle them). Throws Error for a class that is needed and that the weights do not distinguish, with both lists.
Dataset labelled_for(Dataset set, const Model& model, Labels labels);

// For each class of `a` its number in `b`, -1: not there. By name where both have names, else by position.
// Throws Error when neither is possible.
std::vector<int> classes_of_other(const Model& a, const Model& b);

// The class that an option gives by its number or by its name; -1: there is none. A number stays a number where a class
// is called by another one, and that is said.
int class_named(const std::string& given, int classes, const std::vector<std::string>& names, const char* option);

// "a, b, c" or, of a long list, "a, b, c, ... (1000 in all)".
std::string list_text(const std::vector<std::string>& names);

}  // namespace palimpsest
