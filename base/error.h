#pragma once
#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace palimpsest {

// The one exception type. `what()` is one sentence that names the file or option at fault; `remedy()` is what the
// user can do about it. The program prints both on one line and exits with a nonzero code.
class Error : public std::runtime_error {
 public:
  Error(const std::string& problem, std::string remedy) : std::runtime_error(problem), remedy_(std::move(remedy)) {}
  const std::string& remedy() const { return remedy_; }

 private:
  std::string remedy_;
};

// A contract broken by our own code, not by the user: mismatched shapes, plans used with the wrong tensors.
class ContractError : public Error {
 public:
  explicit ContractError(const std::string& problem)
      : Error(problem, "this is a defect of palimpsest: please report it") {}
};

#define PALIMPSEST_REQUIRE(condition, ...)                                                         \
  do {                                                                                             \
    if (!(condition)) [[unlikely]]                                                                 \
      throw ::palimpsest::ContractError(                                                           \
          fmt::format("{}:{}: {}: {}", __FILE__, __LINE__, #condition, fmt::format(__VA_ARGS__))); \
  } while (0)

}  // namespace palimpsest
