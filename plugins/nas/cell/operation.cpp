#include "operation.hpp"

#include "dha/nearest_name.hpp"

namespace dha::cell {

const std::vector<std::string>& operation_names() {
  static const std::vector<std::string> names = {"none",         "max_pool_3x3", "avg_pool_3x3", "skip_connect",
                                                 "sep_conv_3x3", "sep_conv_5x5", "sep_conv_7x7", "dil_conv_3x3",
                                                 "dil_conv_5x5", "conv_7x1_1x7"};
  return names;
}

const char* name(Operation operation) { return operation_names()[static_cast<size_t>(operation)].c_str(); }

std::optional<Operation> find_operation(std::string_view name) {
  const std::vector<std::string>& names = operation_names();
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<Operation>(i);
  return std::nullopt;
}

std::string suggestion(std::string_view unknown_name) {
  const std::string near = nearest(unknown_name, operation_names());
  if (!near.empty()) return "; did you mean '" + near + "'?";
  std::string known;
  for (const std::string& name : operation_names()) known += (known.empty() ? "'" : ", '") + name + "'";
  return "; known are " + known;
}

}  // namespace dha::cell
