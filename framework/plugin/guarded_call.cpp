#include "plugin/guarded_call.hpp"

#include <c10/util/Exception.h>
#include <fmt/format.h>

namespace dha {

void rethrow_from(std::string_view component_id, std::string_view call) {
  const auto fault = [&](std::string_view text) {
    return Error(ErrorCode::kPluginFault, fmt::format("{}: {} threw: {}", component_id, call, text));
  };
  try {
    throw;
  } catch (const Error& e) {
    throw Error(e.code(), fmt::format("{}: {}", component_id, e.what()));
  } catch (const c10::Error& e) {
    throw fault(e.what_without_backtrace());
  } catch (const std::exception& e) {
    throw fault(e.what());
  } catch (...) {
    throw fault("an exception that is not a std::exception");
  }
}

}  // namespace dha
