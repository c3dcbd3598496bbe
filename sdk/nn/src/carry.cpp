#include "dha/nn/carry.hpp"

#include <ATen/core/grad_mode.h>
#include <c10/util/StringUtil.h>

#include "dha/error.hpp"

namespace dha::nn {

namespace {

int64_t copy_all(const WeightSource& from, const std::vector<NamedTensor>& targets, CarryMode mode) {
  int64_t count = 0;
  for (const NamedTensor& target : targets) {
    if (from.copy_to(target, mode))
      ++count;
    else if (mode == CarryMode::kExact)
      throw Error(ErrorCode::kInvalidConfig,
                  "weights cannot be carried: '" + target.name +
                      "' has no source; both networks need the same architecture and parameters of the space");
  }
  return count;
}

}  // namespace

WeightSource::WeightSource(const Network& network) {
  for (const auto& list : {network.parameters(), network.buffers()})
    for (const NamedTensor& one : list) tensors_.emplace(one.name, one.tensor);
}

at::Tensor WeightSource::find(const std::string& name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? at::Tensor() : found->second;
}

bool WeightSource::copy_to(const NamedTensor& target, CarryMode mode) const {
  const at::Tensor source = find(target.name);
  if (!source.defined()) return false;
  if (source.sizes() != target.tensor.sizes()) {
    if (mode == CarryMode::kShared) return false;
    throw Error(ErrorCode::kInvalidConfig,
                "weights cannot be carried: '" + target.name + "' has shape " + c10::str(source.sizes()) +
                    ", expected " + c10::str(target.tensor.sizes()) +
                    "; both networks need the same channels, classes and parameters of the space");
  }
  const at::NoGradGuard no_grad;
  target.tensor.copy_(source);
  return true;
}

int64_t carry_by_name(const WeightSource& from, Network& to, CarryMode mode) {
  const int64_t count = copy_all(from, to.parameters(), mode);
  copy_all(from, to.buffers(), mode);
  return count;
}

}  // namespace dha::nn
