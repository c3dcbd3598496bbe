// Functions for searchers that write their State and read it back with clear errors.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>
#include <vector>

#include "dha/architecture.hpp"
#include "dha/component.hpp"

namespace dha::nas {

// Throws Error{kInvalidParameter}: "the saved state cannot be taken: <what>".
[[noreturn]] void refuse_state(const std::string& what);

// The tensor of that name. Throws Error{kInvalidParameter} if it is missing or has another shape.
at::Tensor saved_tensor(const State& state, const std::string& name, at::IntArrayRef shape);

// Names and candidates of all choices as JSON text, for State::json.
std::string choices_json(const std::vector<Choice>& choices);

// Compares `saved`, a text from choices_json(), with `choices`. Throws Error{kInvalidParameter} that names the first
// difference, or says that the text is malformed.
void check_saved_choices(std::string_view saved, const std::vector<Choice>& choices);

// Throws Error{kInvalidParameter} unless `kept` is a decision of `choice`: `keep` positions, ascending, without
// repeats, of distinct inputs if the choice requires them.
void check_saved_decision(const Choice& choice, const std::vector<int64_t>& kept);

// Convert to double (values) on the CPU, and back from a tensor of any floating type and device. as_values() waits for
// the device.
at::Tensor as_tensor(const std::vector<double>& values);
std::vector<double> as_values(const at::Tensor& tensor);

}  // namespace dha::nas
