#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"

namespace palimpsest {

// Passes when `action` throws Error whose message contains `part` and which has a remedy.
template <typename Action>
void expect_error(const std::string& part, Action&& action) {
  try {
    action();
    ADD_FAILURE() << "no error, but one about '" << part << "' was expected";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(part));
    EXPECT_FALSE(error.remedy().empty()) << error.what();
  }
}

// Each of `parts` must be in the message or the remedy.
template <typename Action>
void expect_error_with(const std::vector<std::string>& parts, Action&& action) {
  try {
    action();
    ADD_FAILURE() << "no error, but one about '" << testing::PrintToString(parts) << "' was expected";
  } catch (const Error& error) {
    for (const auto& part : parts)
      EXPECT_THAT(std::string(error.what()) + " | " + error.remedy(), testing::HasSubstr(part));
    EXPECT_FALSE(error.remedy().empty()) << error.what();
  }
}

}  // namespace palimpsest
