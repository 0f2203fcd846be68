#pragma once
#include <string>

#include "base/tensor_file.h"

// What a tensor is that does not belong to a VGG16, by name, shape and type.
namespace palimpsest::nn {

// Why it may be ignored without changing the network's result; empty: it may not.
std::string reason_to_leave_out(const std::string& name, const TensorInfo& info);

// What a tensor that may not be ignored probably is, such as "batch normalisation"; empty: not known.
std::string probable_meaning(const std::string& name);

// Whether it seems to belong to the head, which is not needed if a fresh one is made.
bool is_of_head(const std::string& name);

}  // namespace palimpsest::nn
