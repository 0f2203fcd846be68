#pragma once
#include <string>

#include "cudnn.h"

namespace palimpsest::libraries {

// A refused call: the status goes to the caller, the sentence to cudnnGetLastErrorString (of this thread), which the
// real library fills with the condition that failed.
cudnnStatus_t refuse(cudnnStatus_t status, std::string sentence);

}  // namespace palimpsest::libraries

// The first argument that is wrong ends the call.
#define CUDNN_REQUIRE(condition, status, sentence) \
  if (!(condition)) return ::palimpsest::libraries::refuse(status, sentence)
