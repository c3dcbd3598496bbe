// The CUDA kernel for pairs on a card against the loops for the CPU. Skipped, with the reason, where there is no card
// or the kernel was not built.
#include <ATen/Context.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/stack.h>
#include <dlfcn.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

#include "dha/abi.h"
#include "drawn_samples.hpp"
#include "support/paths.hpp"

namespace {

using namespace dha;
using namespace dha::pairs;

void* opened(const std::filesystem::path& library, int how) { return dlopen(library.c_str(), RTLD_NOW | how); }

// Brings LibTorch's CUDA library, the plugin and its kernels into the process, as the host does. Returns why it cannot;
// empty where it could.
std::string obstacle() {
  if (dlopen("libcuda.so.1", RTLD_LAZY) == nullptr) return "there is no NVIDIA driver here";
  Dl_info libtorch{};
  dladdr(reinterpret_cast<const void*>(&at::globalContext), &libtorch);
  const std::filesystem::path folder = std::filesystem::canonical(libtorch.dli_fname).parent_path();
  if (opened(folder / "libtorch_cuda.so", RTLD_GLOBAL) == nullptr) return dlerror();
  if (!at::globalContext().hasCUDA()) return "LibTorch finds no CUDA device";
  const std::filesystem::path plugins = test::build_dir() / "plugins/augment";
  if (!std::filesystem::exists(plugins / "pairs_cuda.so")) return "pairs_cuda.so was not built: there was no nvcc";
  void* plugin = opened(plugins / "pairs.so", RTLD_LOCAL);
  if (plugin == nullptr) return dlerror();
  reinterpret_cast<const dha_plugin* (*)()>(dlsym(plugin, "dha_plugin_entry"))()->initialize();
  return opened(plugins / "pairs_cuda.so", RTLD_LOCAL) == nullptr ? dlerror() : "";
}

boost::test_tools::assertion_result has_kernel(boost::unit_test::test_unit_id) {
  static const std::string reason = [] {
    std::string found = obstacle();
    if (!found.empty()) std::printf("skipped: %s\n", found.c_str());
    return found;
  }();
  return boost::test_tools::assertion_result(reason.empty());
}

at::Tensor applied_by_card(const at::Tensor& images, const DrawnCalls& first, const DrawnCalls& second) {
  const at::Device card(at::kCUDA, 0);
  const auto both = [&](const at::Tensor& a, const at::Tensor& b) { return at::stack({a, b}, 1).to(card); };
  const auto apply = c10::Dispatcher::singleton()
                         .findSchemaOrThrow("dha_pairs::apply", "")
                         .typed<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&,
                                           const at::Tensor&)>();
  return apply
      .call(images.to(card), both(first.operation, second.operation), both(first.value, second.value),
            both(first.is_cubic, second.is_cubic), fill_tensor(images.size(1)).to(card))
      .cpu();
}

BOOST_AUTO_TEST_SUITE(pair_kernel, *boost::unit_test::precondition(has_kernel))

// Each operation in the first and in the second place, beside identity.
BOOST_AUTO_TEST_CASE(every_operation_gives_the_loops_bytes) {
  const std::vector<Draw> draws = all_draws();
  std::vector<Draw> identities = draws;
  for (Draw& draw : identities) draw.operation = Operation::kIdentity;
  for (const std::array<int64_t, 3> shape :
       std::vector<std::array<int64_t, 3>>{{3, 1, 1}, {1, 2, 3}, {3, 17, 31}, {3, 32, 32}, {3, 224, 224}})
    for (const Mapping mapping : {Mapping::kPaper, Mapping::kStrength}) {
      const at::Tensor images = make_images(static_cast<int64_t>(draws.size()), shape);
      const at::Tensor expected = applied_by_loops(images, draws, mapping);
      const DrawnCalls calls = calls_of(draws, mapping), nothing = calls_of(identities, mapping);
      check_like_loops(applied_by_card(images, calls, nothing), expected, draws);
      check_like_loops(applied_by_card(images, nothing, calls), expected, draws);
    }
}

// Every operation after other ones. A colour operation after a geometric one may make more of a level that the
// geometric one was off by; where that one gave the loops' bytes, so must the pair.
BOOST_AUTO_TEST_CASE(pairs_give_the_loops_bytes) {
  const std::vector<Draw> seconds = all_draws();
  const size_t count = seconds.size();
  std::vector<Draw> firsts, identities = seconds;
  for (size_t i = 0; i < count; ++i) firsts.push_back(seconds[(i * 37 + 11) % count]);
  for (Draw& draw : identities) draw.operation = Operation::kIdentity;
  for (const std::array<int64_t, 3> shape :
       std::vector<std::array<int64_t, 3>>{{1, 17, 31}, {3, 32, 32}, {3, 224, 224}})
    for (const Mapping mapping : {Mapping::kPaper, Mapping::kStrength}) {
      const at::Tensor images = make_images(static_cast<int64_t>(count), shape);
      const at::Tensor half = applied_by_loops(images, firsts, mapping);
      const at::Tensor expected = applied_by_loops(half, seconds, mapping);
      const DrawnCalls first = calls_of(firsts, mapping), second = calls_of(seconds, mapping);
      at::Tensor found = applied_by_card(images, first, second);
      const at::Tensor found_half = applied_by_card(images, first, calls_of(identities, mapping));
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
