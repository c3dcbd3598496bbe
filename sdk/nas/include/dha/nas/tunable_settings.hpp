// The parameters that a stage lets trials set, as the dimensions of a space of points: what trial searchers over
// settings draw and compare.
//
// A point has one number per dimension. A boolean or a parameter with a list of values is one dimension, whose number
// is the position of the value. A number in a range is one dimension: "tuning_range", or else "minimum" to "maximum". A
// list of numbers whose "tuning_range" has one range per item, as [[minimum, maximum], …], is one dimension per item.
//
// Draws are uniform over values, and over ranges on the scale of the parameter. An integer k on a logarithmic scale has
// a probability in proportion to log((k + 1) / k).
#pragma once

#include <ATen/core/Generator.h>

#include <cstdint>
#include <string>
#include <vector>

#include "dha/context.hpp"
#include "dha/stage.hpp"

namespace dha::nas {

struct Dimension {
  int64_t values = 0;               // number of values, of which a point has a position; 0: a point has a number
  double minimum = 0, maximum = 0;  // closed range of that number
  bool is_integer = false, is_logarithmic = false;

  // Whether two points can differ in it.
  bool is_variable() const { return values > 0 ? values > 1 : minimum < maximum; }
};

class TunableSettings {
 public:
  // No dimensions.
  TunableSettings() = default;

  // `tunable`: JSON text of Stage::tunable().
  explicit TunableSettings(const std::string& tunable);

  const std::vector<Dimension>& dimensions() const { return dimensions_; }

  // `generator` is on the CPU.
  std::vector<double> draw(const at::Generator& generator) const;
  double draw(const Dimension& dimension, const at::Generator& generator) const;

  // The text of Trial::settings, a JSON object from pointer to value. `point` has one number per dimension.
  std::string text(const std::vector<double>& point) const;

  // A parameter that has no dimension.
  struct LeftOut {
    std::string pointer, reason;
  };
  const std::vector<LeftOut>& left_out() const { return left_out_; }

 private:
  struct Parameter {
    std::string pointer;
    std::vector<std::string> values;  // JSON texts; empty: its dimensions are ranges
    std::vector<Dimension> dimensions;
    bool is_list = false;
  };

  // Where there is no law to draw from, a reason why. `field`: JSON text.
  static std::string describe(const std::string& field, Parameter& parameter);

  std::vector<Parameter> parameters_;
  std::vector<Dimension> dimensions_;  // of all parameters in order
  std::vector<LeftOut> left_out_;
};

// The settings of `stage`; the log names what is left out. Throws Error{kInvalidConfig} if nothing is left to set.
TunableSettings tunable_settings(const Stage& stage, Context& context);

}  // namespace dha::nas
