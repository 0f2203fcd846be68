#include "experiments/report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/report/html.h"

namespace palimpsest {

namespace {

constexpr double kWidth = 860, kHeight = 320, kLeft = 56, kRight = 12, kTop = 34, kBottom = 40;
const char* colour(std::size_t i) {
  static constexpr const char* names[]{"var(--a)", "var(--b)", "var(--c)",    "var(--d)",
                                       "var(--e)", "var(--f)", "var(--soft)", "var(--ink)"};
  return names[i % std::size(names)];
}

// A round step of 1, 2 or 5 times a power of ten that gives about five ticks.
double tick_step(double range) {
  const double raw = range / 5, power = std::pow(10.0, std::floor(std::log10(raw)));
  const double digit = raw / power;
  return (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10) * power;
}

class Canvas {
 public:
  Canvas(const std::string& title, const Axis& y) : y_(y) {
    if (!(y_.high > y_.low)) y_.high = y_.low + 1;
    out_ = fmt::format("<figure><svg viewBox=\"0 0 {} {}\" role=\"img\"><title>{}</title>", kWidth, kHeight,
                       escaped(title));
    const double step = tick_step(y_.high - y_.low);
    for (double tick = std::ceil(y_.low / step) * step; tick <= y_.high + step * 1e-6; tick += step) {
      line(kLeft, at(tick), kWidth - kRight, at(tick), "var(--line)", 1);
      text(kLeft - 6, at(tick) + 4, fmt::format("{:.6g}", std::abs(tick) < step * 1e-6 ? 0.0 : tick), "end", true);
    }
    out_ +=
        fmt::format("<text class=\"soft\" transform=\"translate(13 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
                    (kTop + kHeight - kBottom) / 2, escaped(y.label));
  }
  double at(double value) const {
    return kHeight - kBottom - (value - y_.low) / (y_.high - y_.low) * (kHeight - kBottom - kTop);
  }
  void line(double x1, double y1, double x2, double y2, const char* stroke, double width) {
    out_ +=
        fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" stroke-width=\"{}\"/>",
                    x1, y1, x2, y2, stroke, width);
  }
  void text(double x, double y, const std::string& words, const char* anchor, bool soft = false) {
    out_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>", x, y, anchor,
                        soft ? " class=\"soft\"" : "", escaped(words));
  }
  void raw(const std::string& svg) { out_ += svg; }
  void legend(const std::vector<Series>& series) {
    double x = kLeft;
    for (std::size_t s = 0; s < series.size(); ++s) {
      out_ += fmt::format("<rect x=\"{:.1f}\" y=\"8\" width=\"12\" height=\"12\" rx=\"2\" fill=\"{}\"/>", x, colour(s));
      text(x + 17, 18, series[s].name, "start");
      x += 30 + 7.2 * double(series[s].name.size());
    }
  }
  std::string done(const std::string& title) {
    return out_ + "</svg><figcaption>" + escaped(title) + "</figcaption></figure>";
  }

 private:
  Axis y_;
  std::string out_;
};

}  // namespace

std::string grouped_bars(const std::string& title, const std::vector<std::string>& categories,
                         const std::vector<Series>& series, const Axis& y) {
  Canvas canvas(title, y);
  canvas.legend(series);
  const double group = (kWidth - kLeft - kRight) / double(categories.size()),
               bar = group * 0.84 / double(series.size());
  for (std::size_t c = 0; c < categories.size(); ++c) {
    const double left = kLeft + group * (double(c) + 0.08);
    canvas.text(left + group * 0.42, kHeight - kBottom + 18, categories[c], "middle");
    for (std::size_t s = 0; s < series.size(); ++s) {
      const double x = left + bar * double(s), top = canvas.at(series[s].values[c]);
      canvas.raw(
          fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\"><title>{}, {}: "
                      "{:.3f}</title></rect>",
                      x, top, std::max(1.0, bar - 1), std::max(0.0, canvas.at(y.low) - top), colour(s),
                      escaped(categories[c]), escaped(series[s].name), series[s].values[c]));
      if (series[s].intervals.empty()) continue;
      const auto [low, high] = series[s].intervals[c];
      canvas.line(x + bar / 2, canvas.at(low), x + bar / 2, canvas.at(high), "var(--ink)", 1);
    }
  }
  return canvas.done(title);
}

std::string lines(const std::string& title, const std::vector<std::string>& categories,
                  const std::vector<Series>& series, const Axis& y, const std::vector<std::size_t>& ringed) {
  Canvas canvas(title, y);
  canvas.legend(series);
  const double step = (kWidth - kLeft - kRight) / double(std::max<std::size_t>(categories.size(), 1));
  const std::size_t every = std::max<std::size_t>(1, categories.size() / 20);
  const auto x = [&](std::size_t c) { return kLeft + step * (double(c) + 0.5); };
  for (std::size_t c = 0; c < categories.size(); c += every)
    canvas.text(x(c), kHeight - kBottom + 18, categories[c], "middle");
  for (std::size_t s = 0; s < series.size(); ++s) {
    std::string points;
    for (std::size_t c = 0; c < series[s].values.size(); ++c)
      points += fmt::format("{:.1f},{:.1f} ", x(c), canvas.at(std::clamp(series[s].values[c], y.low, y.high)));
    canvas.raw(
        fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>", points, colour(s)));
    for (std::size_t c = 0; c < series[s].values.size() && categories.size() <= 12; ++c) {
      const double py = canvas.at(std::clamp(series[s].values[c], y.low, y.high));
      canvas.raw(fmt::format(
          "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\" fill=\"{}\"><title>{}, {}: {:.3f}</title></circle>", x(c), py,
          colour(s), escaped(categories[c]), escaped(series[s].name), series[s].values[c]));
      if (std::count(ringed.begin(), ringed.end(), c))
        canvas.raw(fmt::format(
            "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"8\" fill=\"none\" stroke=\"var(--soft)\" stroke-width=\"1.5\"/>",
            x(c), py));
    }
  }
  return canvas.done(title);
}

std::string histograms(const std::string& title, const std::vector<Series>& series, const std::string& x_label) {
  double low = 0, high = 0;
  for (const auto& s : series)
    for (const double v : s.values) {
      low = std::min(low, v);
      high = std::max(high, v);
    }
  if (!(high > low)) return {};
  constexpr std::size_t bins = 48;
  std::vector<std::vector<double>> counts(series.size(), std::vector<double>(bins));
  double most = 0;
  for (std::size_t s = 0; s < series.size(); ++s)
    for (const double v : series[s].values) {
      const auto bin = std::min(bins - 1, std::size_t((v - low) / (high - low) * double(bins)));
      most = std::max(most, ++counts[s][bin]);
    }
  Canvas canvas(title, {"repetitions", 0, most * 1.05});
  canvas.legend(series);
  const double width = (kWidth - kLeft - kRight) / double(bins);
  for (std::size_t s = 0; s < series.size(); ++s)
    for (std::size_t b = 0; b < bins; ++b)
      if (counts[s][b] > 0)
        canvas.raw(fmt::format(
            "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\" fill-opacity=\".6\"/>",
            kLeft + width * double(b), canvas.at(counts[s][b]), width, canvas.at(0) - canvas.at(counts[s][b]),
            colour(s)));
  const auto x = [&](double v) { return kLeft + (v - low) / (high - low) * (kWidth - kLeft - kRight); };
  canvas.line(x(0), kTop, x(0), kHeight - kBottom, "var(--ink)", 1.5);
  const double step = tick_step(high - low);
  for (double tick = std::ceil(low / step) * step; tick <= high; tick += step)
    canvas.text(x(tick), kHeight - kBottom + 16, fmt::format("{:.4g}", std::abs(tick) < step * 1e-6 ? 0.0 : tick),
                "middle", true);
  canvas.text(kWidth / 2, kHeight - 6, x_label, "middle", true);
  return canvas.done(title);
}

}  // namespace palimpsest
