// The ONNX checker that LibTorch carries.
#pragma once

#include <string>

namespace dha::test {

// Why the file is refused; "" if it is not.
std::string onnx_problem(const std::string& file);

}  // namespace dha::test
