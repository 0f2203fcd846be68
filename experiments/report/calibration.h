#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "analysis/rejections.h"
#include "experiments/study/test_names.h"

namespace palimpsest::experiments::report {

// How often tests reject on sets in which it is known what is lost, as `palimpsest calibrate` wrote it.
class Calibration {
 public:
  using Rate = analysis::Rejections::Rate;
  struct Kind {
    std::string name;  // of sets: study/test_names.h
    std::vector<Rate> rates;
  };

  explicit Calibration(std::string_view csv);  // throws Error naming the line
  static const Calibration& of_program();      // docs/calibration.csv

  const std::vector<Kind>& kinds() const { return kinds_; }

  const Rate* of(const char* kind, const std::string& test) const;  // nullptr: not measured

  // Of a test at 5 %, where nothing is lost; a test over images only is held against another run of the same training.
  const Rate* false_positives(const std::string& test) const;

  // "rejects 27 % where nothing is lost" as a link to the section, unless it is 5 % within twice the error; else empty.
  std::string flag(const std::string& test) const;

 private:
  std::vector<Kind> kinds_;
};

inline std::string calibration_flag(const std::string& test) {
  return Calibration::of_program().flag(test);
}

}  // namespace palimpsest::experiments::report
