// Keeps the values that a backward pass needs in addition to tensors. Includes autograd's headers.
#pragma once

#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <utility>

namespace dha::ops {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

inline constexpr const char* kCall = "call";

template <class Call>
struct Holder : torch::CustomClassHolder {
  explicit Holder(Call value) : call(std::move(value)) {}
  Call call;
};

// Called by forward(), once.
template <class Call>
void keep(AutogradContext* context, const Call& call) {
  context->saved_data[kCall] = c10::IValue::make_capsule(c10::make_intrusive<Holder<Call>>(call));
}

// `Call`: the type that keep() was given.
template <class Call>
const Call& kept(const AutogradContext& context) {
  return static_cast<Holder<Call>*>(context.saved_data.at(kCall).toCapsule().get())->call;
}

}  // namespace dha::ops
