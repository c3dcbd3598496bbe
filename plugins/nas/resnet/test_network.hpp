// Prepared spaces of fixed networks for their tests.
#pragma once

#include <memory>
#include <string>

#include "dha/space.hpp"
#include "support/complete_params.hpp"
#include "support/test_context.hpp"

namespace dha::resnet {

template <class FixedNetwork>
struct TestSpace {
  TestSpace(const std::string& params, int64_t classes, int64_t channels, int64_t height, int64_t width)
      : context(std::make_unique<test::TestContext>()),
        space(std::make_unique<FixedNetwork>(test::complete_params<FixedNetwork>(params), *context)) {
    DatasetInfo info;
    info.classes = classes;
    info.channels = channels;
    info.height = height;
    info.width = width;
    space->prepare(info);
  }
  FixedNetwork* operator->() const { return space.get(); }

  std::unique_ptr<test::TestContext> context;
  std::unique_ptr<FixedNetwork> space;
};

}  // namespace dha::resnet
