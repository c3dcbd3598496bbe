// One axis of a plot: where values lie on the drawing, and its ticks.
#pragma once

#include <string>
#include <vector>

namespace dha::page {

// Multiples of 1, 2 or 5 times a power of ten from `low` to `high`: at most `most`, at least two where low < high and
// there are two that are `smallest` apart.
std::vector<double> nice_ticks(double low, double high, int most, double smallest = 0);

// The powers of ten from `low` to `high`, both positive, with 2 and 5 times them where there are fewer than three;
// thinned to at most `most`.
std::vector<double> logarithmic_ticks(double low, double high, int most);

// Short, with as many digits as ticks at this distance need: "0.05", "1,000", "2M", "1e-5".
std::string tick_label(double value, double distance);

class Axis {
 public:
  // Values from `low` to `high`, which may be equal, drawn from `begin` to `end` px. A logarithmic axis needs positive
  // ones.
  Axis(double low, double high, double begin, double end, bool is_logarithmic = false);

  // Has ticks at whole numbers only, for what is counted.
  void count() { smallest_ = 1; }

  double position(double value) const;  // px
  bool contains(double value) const;

  struct Tick {
    double position = 0;  // px
    std::string label;
  };
  // At most `most`, and fewer where more would read alike.
  std::vector<Tick> ticks(int most) const;

 private:
  double scaled(double value) const;

  double low_, high_, begin_, end_, smallest_ = 0;
  bool is_logarithmic_;
};

// Whether two neighbours have the same label, because they differ by less than labels can say.
bool read_alike(const std::vector<Axis::Tick>& ticks);

// <line> and <text> for each of at most `most` ticks of a vertical axis: a rule from `left` to `right` px with its
// label.
std::string rules_of(const Axis& axis, int most, double left, double right);

}  // namespace dha::page
