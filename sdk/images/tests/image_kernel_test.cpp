// The CUDA kernel on a card against the loops for the CPU. Skipped, with the reason, where there is no card
// or the kernel was not built.
#include <ATen/Context.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <dlfcn.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

#include "drawn_samples.hpp"
#include "support/paths.hpp"

namespace {

using namespace dha;
using namespace dha::images;

// Brings LibTorch's CUDA library into the process, as the host does. Returns why it cannot; empty where it could.
std::string obstacle() {
  if (dlopen("libcuda.so.1", RTLD_LAZY) == nullptr) return "there is no NVIDIA driver here";
  Dl_info libtorch{};
  dladdr(reinterpret_cast<const void*>(&at::globalContext), &libtorch);
  const std::filesystem::path folder = std::filesystem::canonical(libtorch.dli_fname).parent_path();
  if (dlopen((folder / "libtorch_cuda.so").c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) return dlerror();
  if (!at::globalContext().hasCUDA()) return "LibTorch finds no CUDA device";
  if (!std::filesystem::exists(test::build_dir() / "sdk/images/dha_images_cuda.so"))
    return "dha_images_cuda.so was not built: there was no nvcc";
  return "";
}

boost::test_tools::assertion_result has_kernel(boost::unit_test::test_unit_id) {
  static const std::string reason = [] {
    std::string found = obstacle();
    if (!found.empty()) std::printf("skipped: %s\n", found.c_str());
    return found;
  }();
  return boost::test_tools::assertion_result(reason.empty());
}

at::Tensor applied_by_card(const at::Tensor& images, const std::vector<DrawnCalls>& calls) {
  const at::Device card(at::kCUDA, 0);
  const DrawnCalls all = in_sequence(calls);
  return apply_operations(images.to(card),
                          {all.operation.to(card), all.value.to(card), all.is_cubic.to(card), all.centre.to(card)},
                          fill_tensor(images.size(1)).to(card))
      .cpu();
}

// As many calls of the identity.
DrawnCalls nothing(size_t count) {
  return calls_of(std::vector<Draw>(count, {Operation::kIdentity, 0, 1, Resampling::kBilinear}), LevelScale::kPaper);
}

BOOST_AUTO_TEST_SUITE(image_kernel, *boost::unit_test::precondition(has_kernel))

// The kernel, and not LibTorch's operators, answers.
BOOST_AUTO_TEST_CASE(the_kernel_is_registered) {
  applied_by_card(make_images(1, {3, 4, 4}), {nothing(1)});
  BOOST_TEST(c10::Dispatcher::singleton()
                 .findSchemaOrThrow("dha_images::apply", "")
                 .hasKernelForDispatchKey(c10::DispatchKey::CUDA));
}

// Each operation alone, before and after the identity.
BOOST_AUTO_TEST_CASE(every_operation_gives_the_loops_bytes) {
  for (const std::array<int64_t, 3> shape :
       std::vector<std::array<int64_t, 3>>{{3, 1, 1}, {1, 2, 3}, {3, 17, 31}, {3, 32, 32}, {3, 224, 224}})
    for (const LevelScale scale : kScales) {
      const std::vector<Draw> draws = all_draws(scale);
      const at::Tensor images = make_images(static_cast<int64_t>(draws.size()), shape);
      const at::Tensor expected = applied_by_loops(images, draws, scale);
      const DrawnCalls calls = calls_of(draws, scale), idle = nothing(draws.size());
      for (const std::vector<DrawnCalls>& sequence :
           std::vector<std::vector<DrawnCalls>>{{calls}, {calls, idle}, {idle, calls}, {idle, calls, idle}})
        check_like_loops(applied_by_card(images, sequence), expected, draws);
    }
}

// Every operation after other ones. A colour operation after a geometric one may make more of a level that the
// geometric one was off by; where that one gave the loops' bytes, so must both.
BOOST_AUTO_TEST_CASE(sequences_give_the_loops_bytes) {
  for (const std::array<int64_t, 3> shape :
       std::vector<std::array<int64_t, 3>>{{1, 17, 31}, {3, 32, 32}, {3, 224, 224}})
    for (const LevelScale scale : kScales) {
      const std::vector<Draw> seconds = all_draws(scale);
      const size_t count = seconds.size();
      std::vector<Draw> firsts;
      for (size_t i = 0; i < count; ++i) firsts.push_back(seconds[(i * 37 + 11) % count]);
      const at::Tensor images = make_images(static_cast<int64_t>(count), shape);
      const at::Tensor half = applied_by_loops(images, firsts, scale);
      const at::Tensor expected = applied_by_loops(half, seconds, scale);
      const DrawnCalls first = calls_of(firsts, scale), second = calls_of(seconds, scale);
      at::Tensor found = applied_by_card(images, {first, second});
      const at::Tensor found_half = applied_by_card(images, {first});
      int64_t compared = 0;
      for (int64_t i = 0; i < static_cast<int64_t>(count); ++i)
        if (found_half[i].equal(half[i]))
          ++compared;
        else
          found[i].copy_(expected[i]);
      BOOST_TEST(compared * 2 > static_cast<int64_t>(count));
      check_like_loops(found, expected, seconds);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
