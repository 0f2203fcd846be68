#include "experiments/report/svg_canvas.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "experiments/report/html.h"

namespace palimpsest::experiments::report {

namespace {

// Two decimals are finer than any screen; fewer digits keep the page small.
std::string number(double value) {
  std::string text = fmt::format("{:.2f}", value);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string with_tip(const std::string& shape, std::string_view tip) {
  return tip.empty() ? fmt::format("<{}/>", shape)
                     : fmt::format("<{}><title>{}</title></{}>", shape, escape(tip), shape.substr(0, shape.find(' ')));
}

}  // namespace

SvgCanvas::SvgCanvas(double width, double height, std::string_view title, std::string_view description)
    : width_(width), height_(height) {
  body_ = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\"><title>{}</title><desc>{}</desc>\n", number(width),
                      number(height), escape(title), escape(description));
}

void SvgCanvas::line(double x1, double y1, double x2, double y2, std::string_view style) {
  body_ += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" class=\"{}\"/>\n", number(x1), number(y1),
                       number(x2), number(y2), style);
}

void SvgCanvas::rect(double x, double y, double w, double h, std::string_view fill, std::string_view tip,
                     double opacity) {
  std::string shape = fmt::format("rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" style=\"fill:{}\"", number(x),
                                  number(y), number(std::max(w, 0.0)), number(std::max(h, 0.0)), fill);
  if (opacity < 1) shape += fmt::format(" opacity=\"{}\"", number(opacity));
  body_ += with_tip(shape, tip) + "\n";
}

void SvgCanvas::circle(double x, double y, double r, std::string_view fill, std::string_view tip) {
  body_ += with_tip(fmt::format("circle cx=\"{}\" cy=\"{}\" r=\"{}\" style=\"fill:{}\"", number(x), number(y),
                                number(r), fill),
                    tip) +
           "\n";
}

void SvgCanvas::ring(double x, double y, double r) {
  body_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" class=\"ring\"/>\n", number(x), number(y), number(r));
}

void SvgCanvas::box(double x, double y, double r) {
  body_ += fmt::format("<rect x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"{2}\" class=\"box\"/>\n", number(x - r),
                       number(y - r), number(2 * r));
}

void SvgCanvas::curve(const std::vector<std::pair<double, double>>& points, std::string_view colour,
                      std::string_view style) {
  if (points.empty()) return;
  body_ += fmt::format("<polyline class=\"curve {}\" style=\"stroke:{}\" points=\"", style, colour);
  for (const auto& [x, y] : points) body_ += fmt::format("{},{} ", number(x), number(y));
  body_.back() = '"';
  body_ += "/>\n";
}

void SvgCanvas::text(double x, double y, std::string_view words, Anchor anchor, std::string_view style) {
  constexpr const char* anchors[] = {"start", "middle", "end"};
  body_ += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"{}\" class=\"{}\">{}</text>\n", number(x), number(y),
                       anchors[int(anchor)], style, escape(words));
}

void SvgCanvas::vertical_text(double x, double y, std::string_view words) {
  body_ +=
      fmt::format("<text transform=\"translate({} {}) rotate(-90)\" text-anchor=\"middle\" class=\"tick\">{}</text>\n",
                  number(x), number(y), escape(words));
}

std::string SvgCanvas::finish() const {
  return body_ + "</svg>\n";
}

std::vector<double> round_ticks(double low, double high, int wanted) {
  PALIMPSEST_REQUIRE(low < high && wanted >= 1, "{} to {}, {} ticks", low, high, wanted);
  const double rough = (high - low) / wanted, power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= rough * 0.999) {
      step = factor * power;
      break;
    }
  std::vector<double> ticks;
  for (double i = std::ceil(low / step - 1e-9); i * step <= high + step * 1e-9; ++i) ticks.push_back(i * step);
  return ticks;
}

std::string tick_text(double value, const std::vector<double>& ticks) {
  const double step = ticks.size() > 1 ? ticks[1] - ticks[0] : std::max(std::abs(value), 1.0);
  return fixed(value, std::clamp(int(std::ceil(-std::log10(step) - 1e-9)), 0, 9));
}

Frame make_frame(const FrameOptions& o) {
  const double top = o.show_title ? 26 : 10, bottom = (o.x_ticks ? 20 : 6) + (o.x_label.empty() ? 0 : 16);
  Frame frame{SvgCanvas(o.width, o.height, o.title, o.description),
              {o.x_low, o.x_high, o.left, o.width - 10},
              {o.y_low, o.y_high, o.height - bottom, top}};
  SvgCanvas& c = frame.canvas;
  if (o.show_title) c.text(o.left, 14, o.title, Anchor::start, "name");
  const auto label = [](double value, const std::vector<double>& ticks, bool is_percent) {
    if (!is_percent) return tick_text(value, ticks);
    std::vector<double> scaled;
    scaled.reserve(ticks.size());
    for (const double tick : ticks) scaled.push_back(100 * tick);
    return tick_text(100 * value, scaled);
  };
  const auto y_ticks = round_ticks(o.y_low, o.y_high, std::max(2, int((frame.y.start - frame.y.end) / 32)));
  for (const double tick : y_ticks) {
    c.line(frame.x.start, frame.y(tick), frame.x.end, frame.y(tick), "grid");
    c.text(frame.x.start - 6, frame.y(tick) + 4, label(tick, y_ticks, o.y_percent), Anchor::end, "tick");
  }
  if (o.x_ticks) {
    const auto x_ticks = round_ticks(o.x_low, o.x_high, std::max(2, int((frame.x.end - frame.x.start) / 55)));
    for (const double tick : x_ticks) {
      c.line(frame.x(tick), frame.y.start, frame.x(tick), frame.y.start + 4, "axis");
      c.text(frame.x(tick), frame.y.start + 16, label(tick, x_ticks, o.x_percent), Anchor::middle, "tick");
    }
  }
  c.line(frame.x.start, frame.y.start, frame.x.end, frame.y.start, "axis");
  if (!o.x_label.empty()) c.text((frame.x.start + frame.x.end) / 2, o.height - 4, o.x_label, Anchor::middle, "tick");
  if (!o.y_label.empty()) c.vertical_text(11, (frame.y.start + frame.y.end) / 2, o.y_label);
  return frame;
}

}  // namespace palimpsest::experiments::report
