#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace palimpsest::experiments::report {

enum class Anchor { start, middle, end };

// One SVG drawing inside an HTML page: coordinates are those of its view box, colours come from the page's
// style sheet by class or as a CSS value ("var(--b0)"), so that it follows light and dark.
class SvgCanvas {
 public:
  // title and description are for screen readers.
  SvgCanvas(double width, double height, std::string_view title, std::string_view description);

  double width() const { return width_; }
  double height() const { return height_; }
  void line(double x1, double y1, double x2, double y2, std::string_view style);
  // `tip` (may be empty) is shown when the pointer rests on the shape.
  void rect(double x, double y, double w, double h, std::string_view fill, std::string_view tip = {},
            double opacity = 1);
  void circle(double x, double y, double r, std::string_view fill, std::string_view tip = {});
  void ring(double x, double y, double r);
  void box(double x, double y, double r);
  void curve(const std::vector<std::pair<double, double>>& points, std::string_view colour,
             std::string_view style = {});
  void text(double x, double y, std::string_view words, Anchor anchor = Anchor::start, std::string_view style = {});
  void vertical_text(double x, double y, std::string_view words);  // reads upwards, centred on (x, y)
  std::string finish() const;

 private:
  double width_, height_;
  std::string body_;
};

// A linear map from data to the view box, with round tick marks.
struct Scale {
  double low = 0, high = 1;   // of the data
  double start = 0, end = 1;  // of the drawing; start > end for y axes
  double operator()(double value) const { return start + (value - low) / (high - low) * (end - start); }
};

// 1, 2 or 5 times a power of ten apart, about `wanted` of them, inside [low, high]. requires: low < high
std::vector<double> round_ticks(double low, double high, int wanted);
std::string tick_text(double value, const std::vector<double>& ticks);  // as many digits as the ticks need

// The frame of charts with two axes: grid, ticks, labels. Returns the canvas and both scales.
struct Frame {
  SvgCanvas canvas;
  Scale x, y;
};
struct FrameOptions {
  double width = 300, height = 200;
  std::string title, description;  // for screen readers; the title is drawn above as well where `show_title`
  bool show_title = true;
  double x_low = 0, x_high = 1, y_low = 0, y_high = 1;
  std::string x_label, y_label;
  bool x_ticks = true, y_percent = false, x_percent = false;
  double left = 44;  // space for the labels of the y axis
};
Frame make_frame(const FrameOptions& options);

}  // namespace palimpsest::experiments::report
