#include "export/onnx_problem.hpp"

#include <torch/csrc/jit/serialization/export.h>

namespace dha::test {

std::string onnx_problem(const std::string& file) {
  try {
    torch::jit::check_onnx_proto(file);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

}  // namespace dha::test
