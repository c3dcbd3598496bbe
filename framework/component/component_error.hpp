// An error of a stage's component, with the location where the pipeline names the component.
#pragma once

#include "dha/error.hpp"
#include "pipeline/pipeline.hpp"

namespace dha {

class ComponentError : public Error {
 public:
  ComponentError(const Error& error, const ComponentUse& use) : Error(error), use_(use) {}
  const ComponentUse& use() const noexcept { return use_; }

 private:
  ComponentUse use_;
};

}  // namespace dha
