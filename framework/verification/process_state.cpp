#include "verification/process_state.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/DefaultDtype.h>
#include <c10/core/GradMode.h>

#include <cfenv>
#include <clocale>
#include <limits>
#include <locale>

#include "storage/sha256.hpp"

namespace dha {

namespace {

// Whether the processor keeps numbers below the smallest normal one: -ffast-math turns that off for the process.
bool keeps_denormals() {
  volatile float smallest = std::numeric_limits<float>::min();
  volatile float half = smallest * 0.5F;
  return half > 0.0F;
}

std::string random_state() {
  const at::Tensor state = at::detail::getDefaultCPUGenerator().get_state();
  Sha256 hash;
  hash.update(state.const_data_ptr(), state.nbytes());
  return hash.finish();
}

}  // namespace

std::map<std::string, std::string> process_state() {
  return {{"rounding mode", std::to_string(std::fegetround())},
          {"numbers below the smallest normal one", keeps_denormals() ? "kept" : "flushed to zero"},
          {"state of LibTorch's default generator", random_state()},
          {"default type of tensors", std::string(c10::get_default_dtype().name())},
          {"gradient mode", c10::GradMode::is_enabled() ? "on" : "off"},
          {"deterministic algorithms", at::globalContext().deterministicAlgorithms() ? "on" : "off"},
          {"threads within operators", std::to_string(at::get_num_threads())},
          {"threads between operators", std::to_string(at::get_num_interop_threads())},
          {"C locale", std::setlocale(LC_ALL, nullptr)},
          {"C++ locale", std::locale().name()}};
}

}  // namespace dha
