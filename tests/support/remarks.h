#pragma once
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace palimpsest {

// The output of `action` on standard error.
template <typename Action>
std::string remarks_of(Action&& action) {
  testing::internal::CaptureStderr();
  try {
    std::forward<Action>(action)();
  } catch (...) {
    static_cast<void>(testing::internal::GetCapturedStderr());
    throw;
  }
  return testing::internal::GetCapturedStderr();
}

}  // namespace palimpsest
