// A prepared space and its gates for the tests of the NAS-Bench-201 space.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

#include <memory>
#include <string>

#include "space.hpp"
#include "support/complete_params.hpp"
#include "support/test_context.hpp"

namespace dha::nb201 {

struct TestSpace {
  explicit TestSpace(const std::string& params = "{}", int64_t classes = 10, int64_t channels = 3, int64_t height = 32,
                     int64_t width = 32)
      : context(std::make_unique<test::TestContext>()),
        space(std::make_unique<Nb201Space>(test::complete_params<Nb201Space>(params), *context)) {
    info.classes = classes;
    info.channels = channels;
    info.height = height;
    info.width = width;
    space->prepare(info);
  }
  Nb201Space* operator->() const { return space.get(); }

  at::Tensor images(int64_t batch) const {
    return at::empty({batch, info.channels, info.height, info.width}, at::kDouble)
        .normal_(0, 1, at::detail::createCPUGenerator(5));
  }

  DatasetInfo info;
  std::unique_ptr<test::TestContext> context;
  std::unique_ptr<Nb201Space> space;
};

// {"cell": …} around the benchmark's text.
inline std::string architecture_of(const std::string& cell) { return R"({"cell":")" + cell + R"("})"; }

inline constexpr const char* kAll3x3 =
    R"({"cell":"|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"})";

}  // namespace dha::nb201
