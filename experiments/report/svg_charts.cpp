#include "experiments/report/svg_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "experiments/report/html.h"
#include "experiments/report/svg_canvas.h"

namespace palimpsest::experiments::report {

namespace {

// A range a little wider than the data; never empty.
std::pair<double, double> padded(double low, double high, double share = 0.06) {
  if (!(low < high)) return {low - std::max(1e-3, std::abs(low) * 0.1), high + std::max(1e-3, std::abs(high) * 0.1)};
  const double pad = (high - low) * share;
  return {low - pad, high + pad};
}

struct Bounds {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  void add(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
};

// Names that do not fit are cut; the shapes' tips and the tables show them in full. Counts code points of UTF-8.
std::string fitted(const std::string& name, int room = 12) {
  int letters = 0;
  std::size_t cut = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if ((static_cast<unsigned char>(name[i]) & 0xC0) == 0x80) continue;
    if (letters++ == room - 1) cut = i;
  }
  return letters <= room ? name : name.substr(0, cut) + "…";
}

}  // namespace

std::string legend(const std::vector<Series>& series) {
  std::string text = "<ul class=\"legend\">";
  for (const Series& s : series)
    text += fmt::format("<li><span style=\"background:{}\"></span>{}</li>", s.colour, escape(s.name));
  return text + "</ul>";
}

std::string grouped_bars(const GroupedBars& chart) {
  const double group_width = 112;
  FrameOptions options;
  options.width = 60 + group_width * double(chart.groups.size());
  options.height = 300;
  options.title = chart.title;
  options.description = chart.description;
  options.show_title = false;
  options.x_high = double(chart.groups.size());
  options.x_ticks = false;
  options.y_percent = true;
  options.y_label = chart.y_label;
  options.left = 50;
  // Space for the names of the groups.
  options.x_label = " ";
  Frame frame = make_frame(options);
  SvgCanvas& c = frame.canvas;
  for (std::size_t g = 0; g < chart.groups.size(); ++g) {
    const double left = frame.x(double(g) + 0.06),
                 step = (frame.x(double(g) + 0.94) - left) / double(chart.series.size());
    for (std::size_t s = 0; s < chart.series.size(); ++s) {
      const auto& bar = chart.bars[g][s];
      const double x = left + step * double(s), middle = x + step / 2;
      c.rect(x + 1, frame.y(bar.value), step - 2, frame.y(0) - frame.y(bar.value), chart.series[s].colour,
             fmt::format("{}, {}: {} ({} to {})", chart.groups[g], chart.series[s].name, percent(bar.value, 1),
                         percent(bar.low, 1), percent(bar.high, 1)));
      c.line(middle, frame.y(bar.low), middle, frame.y(bar.high), "whisker");
    }
    c.text(frame.x(double(g) + 0.5), frame.y(0) + 18, fitted(chart.groups[g]), Anchor::middle, "name");
  }
  return c.finish();
}

std::string line_chart(const LineChart& chart) {
  Bounds x, y;
  for (const auto& line : chart.lines)
    for (const auto& [px, py] : line.points) x.add(px), y.add(py);
  if (x.empty() || y.empty()) return {};
  FrameOptions options;
  options.width = chart.width;
  options.height = chart.height;
  options.title = chart.title;
  options.description = chart.description;
  options.x_label = chart.x_label;
  options.y_label = chart.y_label;
  options.y_percent = chart.y_percent;
  options.left = chart.y_label.empty() ? 44 : 56;
  std::tie(options.x_low, options.x_high) = padded(x.low, x.high, chart.x_names.empty() ? 0.02 : 0.08);
  std::tie(options.y_low, options.y_high) = chart.y_range ? *chart.y_range : padded(y.low, y.high);
  options.x_ticks = chart.x_names.empty();
  if (!chart.x_names.empty() && options.x_label.empty()) options.x_label = " ";
  Frame frame = make_frame(options);
  SvgCanvas& c = frame.canvas;
  for (std::size_t i = 0; i < chart.x_names.size(); ++i)
    c.text(frame.x(double(i)), frame.y.start + 15, chart.x_names[i], Anchor::middle, "tick");
  for (const auto& line : chart.lines) {
    std::vector<std::pair<double, double>> drawn;
    for (const auto& [px, py] : line.points)
      if (std::isfinite(py)) drawn.emplace_back(frame.x(px), frame.y(std::clamp(py, options.y_low, options.y_high)));
    c.curve(drawn, line.series.colour, line.dashed ? "dashed" : "");
    if (!line.dots) continue;
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      const std::string name = i < line.names.size() ? line.names[i] : "";
      c.circle(drawn[i].first, drawn[i].second, 4, line.series.colour,
               fmt::format("{}: {}", name.empty() ? line.series.name : name,
                           chart.y_percent ? percent(line.points[i].second, 1) : fixed(line.points[i].second, 3)));
      const bool before = drawn[i].first > frame.x.end - 60;  // where a name behind the dot would be cut
      if (!name.empty())
        c.text(drawn[i].first + (before ? -9 : 9), drawn[i].second - 7, name, before ? Anchor::end : Anchor::start,
               "tick");
    }
  }
  for (const auto& [px, py] : chart.rings) c.ring(frame.x(px), frame.y(py), 9);
  if (chart.best) c.box(frame.x(chart.best->first), frame.y(chart.best->second), 10);
  return c.finish();
}

std::string histogram(const Histogram& chart) {
  PALIMPSEST_REQUIRE(!chart.values.empty(), "no values for {}", chart.title);
  Bounds bounds;
  for (const double value : chart.values) bounds.add(value);
  bounds.add(0);
  const auto [low, high] = padded(bounds.low, bounds.high);
  std::vector<int> counts(std::size_t(chart.bins), 0);
  for (const double value : chart.values)
    ++counts[std::size_t(std::clamp(int((value - low) / (high - low) * chart.bins), 0, chart.bins - 1))];
  FrameOptions options;
  options.title = chart.title;
  options.description = chart.description;
  options.x_low = low;
  options.x_high = high;
  options.y_high = 1.08 * *std::max_element(counts.begin(), counts.end());
  options.x_label = chart.x_label;
  options.x_percent = chart.x_percent;
  Frame frame = make_frame(options);
  const double step = (high - low) / chart.bins;
  for (int b = 0; b < chart.bins; ++b) {
    const int n = counts[std::size_t(b)];
    if (n == 0) continue;
    const double x = frame.x(low + b * step);
    frame.canvas.rect(x + 0.5, frame.y(n), frame.x(low + (b + 1) * step) - x - 1, frame.y(0) - frame.y(n), chart.colour,
                      fmt::format("{} of {}", n, chart.values.size()));
  }
  frame.canvas.line(frame.x(0), frame.y.start, frame.x(0), frame.y.end, "zero");
  const double mean = std::accumulate(chart.values.begin(), chart.values.end(), 0.0) / double(chart.values.size());
  frame.canvas.line(frame.x(mean), frame.y.start, frame.x(mean), frame.y.end, "whisker");
  return frame.canvas.finish();
}

std::string row_bars(const RowBars& chart) {
  constexpr double row_height = 24;
  Bounds bounds;
  bounds.add(0);
  for (const auto& row : chart.rows) {
    bounds.add(row.value);
    if (row.interval) bounds.add(row.interval->first), bounds.add(row.interval->second);
  }
  const auto [low, high] = padded(bounds.low, bounds.high);
  const double width = chart.width, left = 100, top = 8, height = top + row_height * double(chart.rows.size()) + 40;
  SvgCanvas c(width, height, chart.title, chart.description);
  const Scale x{low, high, left, width - 14};
  const double base = height - 36;
  const auto ticks = round_ticks(low, high, 6);
  for (const double tick : ticks) {
    c.line(x(tick), top, x(tick), base, "grid");
    c.text(x(tick), base + 15, tick_text(tick, ticks), Anchor::middle, "tick");
  }
  for (std::size_t i = 0; i < chart.rows.size(); ++i) {
    const auto& row = chart.rows[i];
    const double y = top + row_height * double(i);
    c.text(left - 8, y + 16, fitted(row.name), Anchor::end);
    c.rect(std::min(x(0), x(row.value)), y + 4, std::abs(x(row.value) - x(0)), row_height - 8, row.colour, row.tip);
    if (row.interval) c.line(x(row.interval->first), y + 12, x(row.interval->second), y + 12, "whisker");
  }
  c.line(x(0), top, x(0), base, "axis");
  c.text((left + width) / 2, height - 5, chart.x_label, Anchor::middle, "tick");
  return c.finish();
}

}  // namespace palimpsest::experiments::report
