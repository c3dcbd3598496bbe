#include "plugin/guarded_call.hpp"

namespace dha {

void rethrow_from(std::string_view component_id, std::string_view call) {
  const Error caught = caught_error(ErrorCode::kPluginFault);
  const bool is_own_fault = caught.code() == ErrorCode::kPluginFault && caught.context().empty();
  throw(is_own_fault ? caught.within(std::string(call)) : caught).within(std::string(component_id));
}

}  // namespace dha
