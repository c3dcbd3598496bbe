#include "tau.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "policy.hpp"

namespace dha::pairs {

namespace {

// Entropy (nats) of a share of the uniform distribution mixed with one certain pair: the least that mixing allows.
double least_entropy(double share) {
  const double others = share / kPairCount;
  const double certain = 1 - share + others;
  return -(certain * std::log(certain)) - (share > 0 ? (kPairCount - 1) * others * std::log(others) : 0);
}

// The share of the uniform distribution with which entropy never falls below `floor`, by bisection.
double share_for(double floor) {
  double low = 0, high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (least_entropy(middle) < floor ? low : high) = middle;
  }
  return floor <= 0 ? 0 : high;
}

// A policy with the entropy of fewer equally probable pairs has collapsed.
constexpr double kFewPairs = 14;

std::optional<double> gumbel_temperature(const Params& params) {
  if (params.string("sampling") != "gumbel") return std::nullopt;
  return params.real("temperature");
}

}  // namespace

Schema Tau::schema() {
  Schema schema = with_common_parameters(
      Schema("Two image operations in sequence for each sample, by a learned distribution over ordered pairs."));
  schema.real("learning_rate", "of the logits")
      .range(0, 1000)
      .def(0.02)
      .log_scale()
      .tunable(1e-3, 1)
      .real("momentum", "Nesterov momentum of the logits")
      .range(0, 0.9999)
      .def(0.9)
      .real("weight_decay",
            "pull of the logits towards uniform; at 1e-4 and below the policy tends to collapse onto one pair unless "
            "entropy_floor is set")
      .range(0, 1)
      .def(5e-4)
      .choice("sampling",
              "categorical: from P; gumbel: from a softmax of P's logarithm with Gumbel noise, drawn in each step",
              {"categorical", "gumbel"})
      .def("categorical")
      .real("temperature", "of the gumbel softmax")
      .range(0.01, 100)
      .def(2.0)
      .real("entropy_floor",
            "smallest entropy of P, kept by mixing in a share of the uniform distribution; 0: no limit")
      .range(0, std::log(kPairCount))
      .unit("nat")
      .def(0.0);
  return schema;
}

Tau::Tau(const Params& params, Context& context)
    : PairAugmenter(params, context),
      learning_rate_(params.real("learning_rate")),
      momentum_(params.real("momentum")),
      weight_decay_(params.real("weight_decay")),
      uniform_share_(share_for(params.real("entropy_floor"))),
      distribution_(uniform_share_, gumbel_temperature(params), context.device()) {
  const at::TensorOptions options = at::TensorOptions(context.device()).dtype(at::kDouble);
  logits_ = at::full({kPairCount}, 1.0 / kPairCount, options);
  velocity_ = at::zeros({kPairCount}, options);
  distribution_.follow(logits_);
}

at::Tensor Tau::draw_pairs(int64_t count) { return distribution_.draw(count, context().generator()); }

void Tau::learn(const at::Tensor& record, const at::Tensor& losses) {
  if (!record.defined()) return;
  if (losses.sizes() != record.sizes())
    throw Error(ErrorCode::kContractViolation, "a batch of " + std::to_string(record.size(0)) + " samples came with " +
                                                   std::to_string(losses.numel()) + " losses");
  const at::Tensor softmax = at::softmax(logits_, 0);
  // A masked sum, because index_add_ on CUDA adds in an order of its own each time.
  const at::Tensor is_pair = at::arange(kPairCount, record.options()).unsqueeze(1).eq(record);  // (196, N)
  const at::Tensor coefficients = at::where(is_pair, losses.to(at::kDouble), 0.0).sum(1) / -record.size(0);
  const at::Tensor weighted = coefficients * softmax * (1 - uniform_share_);
  at::Tensor gradient = weighted - softmax * weighted.sum();
  gradient.add_(logits_, weight_decay_);
  velocity_.mul_(momentum_).add_(gradient);
  logits_.sub_(gradient.add_(velocity_, momentum_), learning_rate_);
  distribution_.follow(logits_);
  context().metric("entropy", entropy());
}

at::Tensor Tau::entropy() const { return -(probabilities() * probabilities().clamp_min(1e-300).log()).sum(); }

void Tau::end_epoch(const EpochOutcome&) {
  const double pairs = std::exp(entropy().item<double>());  // as many equally probable ones have this entropy
  const bool collapsed = pairs < kFewPairs;
  if (collapsed && !collapsed_)
    context().log(LogLevel::kWarning,
                  "the policy has the entropy of " + std::to_string(static_cast<int>(std::round(pairs))) + " of its " +
                      std::to_string(kPairCount) +
                      " pairs, a sign that it has collapsed; set a larger entropy_floor or weight_decay");
  collapsed_ = collapsed;
}

std::string Tau::policy() const { return policy_json(probabilities().cpu().const_data_ptr<double>()); }

State Tau::state() const { return {{{"logits", logits_}, {"velocity", velocity_}}, "{}"}; }

void Tau::restore(const State& state, RestoreReason) {
  for (const char* name : {"logits", "velocity"}) {
    const auto found = state.tensors.find(name);
    if (found == state.tensors.end() || found->second.numel() != kPairCount)
      throw Error(ErrorCode::kInvalidParameter, std::string("the state has no '") + name + "' of 196 values");
    (name[0] == 'l' ? logits_ : velocity_).copy_(found->second);
  }
  distribution_.follow(logits_);
}

}  // namespace dha::pairs
