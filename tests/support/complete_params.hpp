// Parameters of a component as the host would hand them over: checked against its schema, defaults filled in.
#pragma once

#include <stdexcept>
#include <string_view>

#include "dha/params.hpp"

namespace dha::test {

// Throws std::invalid_argument for the first problem.
template <class Implementation>
Params complete_params(std::string_view json = "{}") {
  const ParamCheck check = check_params(Implementation::schema().json_text(), json);
  if (!check.problems.empty()) throw std::invalid_argument(check.problems[0].pointer + " " + check.problems[0].message);
  return Params(check.completed);
}

}  // namespace dha::test
