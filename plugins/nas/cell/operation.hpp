// The operations that an edge of a cell may carry, and their names in architecture files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dha::cell {

enum class Operation {
  kNone,
  kMaxPool3x3,
  kAveragePool3x3,
  kSkipConnect,
  kSeparable3x3,
  kSeparable5x5,
  kSeparable7x7,
  kDilated3x3,
  kDilated5x5,
  kConvolution7x1And1x7,
};

// "sep_conv_3x3": the names of the published genotypes.
const char* name(Operation operation);

std::optional<Operation> find_operation(std::string_view name);

// All names, in the order of the enumeration.
const std::vector<std::string>& operation_names();

// What to say about a name that is none: "; did you mean 'sep_conv_3x3'?", or the list of all names.
std::string suggestion(std::string_view unknown_name);

}  // namespace dha::cell
