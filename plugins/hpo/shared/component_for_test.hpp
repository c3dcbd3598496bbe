// Makes components as the host does: parameters checked and completed against the schema.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "dha/context.hpp"
#include "dha/params.hpp"

namespace dha::test {

template <class Implementation>
std::unique_ptr<Implementation> make(const std::string& params_json, Context& context) {
  const ParamCheck check = check_params(Implementation::schema().json_text(), params_json);
  if (!check.problems.empty()) throw std::invalid_argument(check.problems[0].pointer + " " + check.problems[0].message);
  return std::make_unique<Implementation>(Params(check.completed), context);
}

}  // namespace dha::test
