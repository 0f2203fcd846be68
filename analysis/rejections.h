#pragma once
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace palimpsest::analysis {

// How often tests reject over many made-up sets: where nothing differs the false positives, where something does the
// power.
class Rejections {
 public:
  explicit Rejections(double level = 0.05) : level_(level) {}
  // `set`: which of the sets; a set may have several tests of a name, which are not independent. Threads may add at the
  // same time.
  void add(const std::string& test, double p, int set);

  struct Rate {
    std::string test;
    int sets = 0, tests = 0, rejected = 0;
    double error = 0;  // standard error of the rate over the sets, whose tests may depend on each other; of one set:
                       // over its tests
    double rate() const { return double(rejected) / tests; }
    // Whether the rate is `expected` to within twice the error that it would then have.
    bool agrees_with(double expected) const;
  };
  std::vector<Rate> rates() const;  // in the order of the tests' first sets

 private:
  struct Count {
    int tests = 0, rejected = 0;
  };
  struct Test {
    std::string name;
    std::map<int, Count> sets;
  };
  double level_;
  std::mutex adding_;
  std::vector<Test> tests_;
};

}  // namespace palimpsest::analysis
