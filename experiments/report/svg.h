#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace palimpsest {

// Figures as inline SVG. Colours come from the page's palette (Okabe and Ito, safe for colour-blind readers).
struct Series {
  std::string name;
  std::vector<double> values;
  std::vector<std::pair<double, double>> intervals;  // empty, or one for each value
};

struct Axis {
  std::string label;
  double low = 0, high = 1;
};

// Bars in groups: one group for each category, one bar for each series, with intervals where given.
std::string grouped_bars(const std::string& title, const std::vector<std::string>& categories,
                         const std::vector<Series>& series, const Axis& y);

// Lines with a mark at each category. `ringed`: categories whose marks are ringed.
std::string lines(const std::string& title, const std::vector<std::string>& categories,
                  const std::vector<Series>& series, const Axis& y, const std::vector<std::size_t>& ringed = {});

// How values are spread: a histogram for each series on one axis, with a line at 0.
std::string histograms(const std::string& title, const std::vector<Series>& series, const std::string& x_label);

}  // namespace palimpsest
