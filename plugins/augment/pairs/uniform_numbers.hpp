// Uniform numbers of a generator on the CPU: those that at::rand would draw, without the calls that a tensor takes.
#pragma once

#include <ATen/core/Generator.h>

#include <cstdint>
#include <vector>

namespace dha::pairs {

// `count` numbers in [0, 1). Throws c10::Error where `generator` is not one of the CPU. [any thread]
std::vector<double> uniform_numbers(const at::Generator& generator, int64_t count);

}  // namespace dha::pairs
