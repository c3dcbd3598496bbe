// A genotype that is accepted prints as text that means the same.
#include "genotype.hpp"

#include <cstdlib>

#include "dha/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const dha::cell::Genotype genotype =
        dha::cell::parse_genotype(std::string(reinterpret_cast<const char*>(data), size));
    const dha::cell::Genotype again = dha::cell::parse_genotype(dha::cell::print_genotype(genotype));
    if (again.shared != genotype.shared || !(again.cells == genotype.cells)) std::abort();
  } catch (const dha::Error&) {
  }
  return 0;
}
