#pragma once
#include <string>
#include <vector>

namespace palimpsest::analysis {

// How often tests reject over many made-up sets: where nothing differs the false positives, where something does the
// power.
class Rejections {
 public:
  explicit Rejections(double level = 0.05) : level_(level) {}
  void add(const std::string& test, double p);

  struct Rate {
    std::string test;
    int sets = 0, rejected = 0;
    double rate() const { return double(rejected) / sets; }
    double error() const;  // standard error of the rate over the sets
    // Whether the rate is `expected` to within twice the error that it would then have.
    bool agrees_with(double expected) const;
  };
  const std::vector<Rate>& rates() const { return rates_; }  // in the order of the tests' first sets

 private:
  double level_;
  std::vector<Rate> rates_;
};

}  // namespace palimpsest::analysis
