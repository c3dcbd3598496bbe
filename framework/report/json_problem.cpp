#include "report/json_problem.hpp"

namespace dha {

std::string json_problem(const std::exception& error) {
  const std::string text = error.what();
  const size_t end = text.find("] ");
  return text.starts_with("[json.exception.") && end != text.npos ? text.substr(end + 2) : text;
}

}  // namespace dha
