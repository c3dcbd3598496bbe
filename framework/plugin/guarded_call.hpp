// Wraps every call into a component and translates its exceptions at once, so that no plugin exception propagates
// further.
//
//   const Augmented view = guarded_call("dha.tau", "apply", [&] { return tau->apply(images, labels); });
#pragma once

#include <string>
#include <string_view>

#include "dha/error.hpp"

namespace dha {

// Rethrows the exception being handled: dha::Error keeps its code, a shortage of memory becomes kResource, both within
// the component; everything else becomes Error{kPluginFault} within component and call.
[[noreturn]] void rethrow_from(std::string_view component_id, std::string_view call);

template <class Call>
decltype(auto) guarded_call(std::string_view component_id, std::string_view call_name, Call&& call) {
  try {
    return call();
  } catch (...) {
    rethrow_from(component_id, call_name);
  }
}

}  // namespace dha
