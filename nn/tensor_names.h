#pragma once
#include <string>

#include "base/tensor_file.h"

// What a tensor is that does not belong to a VGG16, by its name, its shape and its type.
namespace palimpsest {

// Why it may be left out without changing what the network computes; empty: it may not.
std::string reason_to_leave_out(const std::string& name, const TensorInfo& info);

// What one that may not be left out probably is, as in "batch normalisation"; empty: not known.
std::string probable_meaning(const std::string& name);

// Whether it seems to belong behind the last block: to a head that is not needed where a fresh one is wanted.
bool is_of_head(const std::string& name);

}  // namespace palimpsest
