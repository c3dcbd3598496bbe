// Draws the settings of a trial: one value for every parameter that a stage lets trials set and whose range is bounded.
//
// Booleans and parameters with a list of values are uniform over their values. Numbers are uniform over their range, on
// a logarithmic scale where the parameter asks for it: "tuning_range", or else "minimum" to "maximum". An integer k on
// a logarithmic scale has a probability in proportion to log((k + 1) / k). A list of numbers is drawn where its
// "tuning_range" has one range per item, as [[minimum, maximum], …].
#pragma once

#include <ATen/core/Generator.h>

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace dha {

class RandomSettings {
 public:
  // Nothing to draw.
  RandomSettings() = default;

  // `tunable`: JSON text of Stage::tunable().
  explicit RandomSettings(const std::string& tunable);

  // A JSON object from pointer to value, the text of Trial::settings. `generator` is on the CPU.
  std::string draw(const at::Generator& generator) const;

  bool empty() const { return parameters_.empty(); }

  // A parameter that is not drawn.
  struct LeftOut {
    std::string pointer, reason;
  };
  const std::vector<LeftOut>& left_out() const { return left_out_; }

 private:
  struct Range {
    double minimum = 0, maximum = 0;
  };

  // Either values to choose from or ranges: one, or one per item of a list.
  struct Parameter {
    std::string pointer;
    std::vector<std::string> values;  // JSON texts
    std::vector<Range> ranges;
    bool is_list = false, is_integer = false, is_logarithmic = false;
  };

  // Where there is no law to draw from, a reason why.
  std::string describe(const nlohmann::ordered_json& field, Parameter& parameter) const;
  std::string describe_numbers(const nlohmann::ordered_json& field, Parameter& parameter) const;
  static double draw_number(const Parameter& parameter, const Range& range, const at::Generator& generator);

  std::vector<Parameter> parameters_;
  std::vector<LeftOut> left_out_;
};

}  // namespace dha
