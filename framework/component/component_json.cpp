#include "component/component_json.hpp"

#include <nlohmann/json.hpp>

#include "dha/error.hpp"

namespace dha {

nlohmann::ordered_json parse_component_json(const std::string& component_id, std::string_view call,
                                            const std::string& text) {
  try {
    return nlohmann::ordered_json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::kContractViolation, std::string("returned text that is not JSON: ") + error.what())
        .within(std::string(call))
        .within(component_id);
  }
}

}  // namespace dha
