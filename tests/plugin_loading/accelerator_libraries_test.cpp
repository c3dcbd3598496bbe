// The libraries with CUDA code find all that they call in LibTorch's CUDA library, also where there is no card.
#include <dlfcn.h>

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

#include "support/paths.hpp"

namespace {

namespace fs = std::filesystem;

std::string loader_error() {
  const char* text = dlerror();
  return text != nullptr ? text : "";
}

BOOST_AUTO_TEST_SUITE(accelerator_libraries)

BOOST_AUTO_TEST_CASE(they_can_be_opened_behind_libtorchs) {
  const fs::path libtorch = LIBTORCH_CUDA;
  if (!fs::exists(libtorch)) {
    std::puts("skipped: this LibTorch has no CUDA library");
    return;
  }
  BOOST_TEST_REQUIRE(dlopen(libtorch.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr, loader_error());
  bool opened = false;
  for (const fs::path& file :
       {dha::test::build_dir() / "dha_cuda.so", dha::test::build_dir() / "sdk/images/dha_images_cuda.so"}) {
    if (!fs::exists(file)) continue;
    BOOST_TEST(dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr, loader_error());
    opened = true;
  }
  if (!opened) std::puts("skipped: no library with CUDA code was built");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
