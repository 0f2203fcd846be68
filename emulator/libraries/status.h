#pragma once
#include <string>

#include "cudnn.h"

namespace palimpsest::libraries {

// A rejected call: the status goes to the caller, the message to cudnnGetLastErrorString (of this thread), in which the
// real library returns the failed condition.
cudnnStatus_t refuse(cudnnStatus_t status, std::string sentence);

}  // namespace palimpsest::libraries

// The first argument that is wrong ends the call.
#define CUDNN_REQUIRE(condition, status, sentence) \
  if (!(condition)) return ::palimpsest::libraries::refuse(status, sentence)
