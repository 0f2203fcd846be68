#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

// The report's charts, each from plain data to inline SVG. Colours are CSS values ("var(--b0)").
namespace palimpsest::experiments::report {

struct Series {
  std::string name, colour;
};

// HTML list of names with their colours, above a chart or a row of charts.
std::string legend(const std::vector<Series>& series);

// Bars in groups, all from 0, with intervals as whiskers. Values are shares.
struct GroupedBars {
  struct Bar {
    double value = 0, low = 0, high = 0;
  };
  std::string title, description, y_label;
  std::vector<std::string> groups;
  std::vector<Series> series;
  std::vector<std::vector<Bar>> bars;  // groups x series
};
std::string grouped_bars(const GroupedBars& chart);

// Curves over one x axis; an empty y range fits the data.
struct LineChart {
  struct Line {
    Series series;
    std::vector<std::pair<double, double>> points;
    bool dashed = false, dots = false;
    std::vector<std::string> names = {};  // of the points, written beside their dots
  };
  std::string title, description, x_label, y_label;
  std::vector<Line> lines;
  std::optional<std::pair<double, double>> y_range;
  std::vector<std::pair<double, double>> rings;   // points to ring
  std::optional<std::pair<double, double>> best;  // a point to box
  std::vector<std::string> x_names;               // instead of numbers: names of x = 0, 1, ...
  bool y_percent = false;
  double width = 300, height = 210;
};
std::string line_chart(const LineChart& chart);

// The distribution of values, with marks at 0 and at their mean. requires: at least one value
struct Histogram {
  std::string title, description, x_label, colour;
  std::vector<double> values;
  int bins = 30;
  bool x_percent = false;
};
std::string histogram(const Histogram& chart);

// One row per name with a horizontal bar from 0 to its value, in the given order. `interval` is optional.
struct RowBars {
  struct Row {
    std::string name, colour, tip;
    double value = 0;
    std::optional<std::pair<double, double>> interval;
  };
  std::string title, description, x_label;
  std::vector<Row> rows;
  double width = 560;  // of the view box, in which text has a fixed size
};
std::string row_bars(const RowBars& chart);

}  // namespace palimpsest::experiments::report
