// Parses JSON text that a component returned, and reports malformed text as the component's fault.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace dha {

// Throws Error{kContractViolation} within `component_id` and `call` where `text` is not JSON.
nlohmann::ordered_json parse_component_json(const std::string& component_id, std::string_view call,
                                            const std::string& text);

}  // namespace dha
