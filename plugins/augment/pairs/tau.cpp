#include "tau.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/multinomial.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

namespace dha::pairs {

namespace {

constexpr size_t kPairsShown = 10;

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

double entropy_of(const double* probability) {
  double entropy = 0;
  for (int i = 0; i < kPairCount; ++i)
    if (probability[i] > 0) entropy -= probability[i] * std::log(probability[i]);
  return entropy;
}

}  // namespace

Schema Tau::schema() {
  Schema schema = with_common_parameters(
      Schema("Two image operations in sequence for each sample, by a learned distribution over ordered pairs."));
  schema.real("learning_rate", "of the logits")
      .range(0, 1000)
      .def(0.02)
      .log_scale()
      .tunable()
      .real("momentum", "Nesterov momentum of the logits")
      .range(0, 0.9999)
      .def(0.9)
      .real("weight_decay",
            "pull of the logits towards uniform; at 1e-4 and below the policy tends to collapse onto one pair unless "
            "entropy_floor is set")
      .range(0, 1)
      .def(5e-4)
      .choice("sampling",
              "categorical: from P; gumbel: from a softmax of P's logarithm with Gumbel noise, drawn anew each step",
              {"categorical", "gumbel"})
      .def("categorical")
      .real("temperature", "of the gumbel softmax")
      .range(0.01, 100)
      .def(2.0)
      .real("entropy_floor", "least entropy of P, kept by mixing in a share of the uniform distribution; 0: none")
      .range(0, std::log(kPairCount))
      .unit("nat")
      .def(0.0);
  return schema;
}

Tau::Tau(const Params& params, Context& context)
    : PairAugmenter(params, context),
      gumbel_(params.string("sampling") == "gumbel"),
      temperature_(params.real("temperature")),
      learning_rate_(params.real("learning_rate")),
      momentum_(params.real("momentum")),
      weight_decay_(params.real("weight_decay")),
      uniform_share_(share_for(params.real("entropy_floor"))) {
  const at::TensorOptions options = at::TensorOptions(context.device()).dtype(at::kDouble);
  logits_ = at::full({kPairCount}, 1.0 / kPairCount, options);
  velocity_ = at::zeros({kPairCount}, options);
}

at::Tensor Tau::probabilities() const {
  const at::Tensor softmax = at::softmax(logits_, 0);
  return uniform_share_ > 0 ? softmax * (1 - uniform_share_) + uniform_share_ / kPairCount : softmax;
}

at::Tensor Tau::draw_pairs(int64_t count) {
  at::Tensor weights = probabilities();
  if (gumbel_) {
    const at::Tensor uniform = at::rand({kPairCount}, context().generator(), weights.options()).clamp_min(1e-300);
    const at::Tensor noise = -(-uniform.log()).clamp_min(1e-300).log();
    weights = at::softmax((weights.log() + noise) / temperature_, 0);
  }
  return at::multinomial(weights, count, /*replacement=*/true, context().generator());
}

void Tau::learn(const at::Tensor& record, const at::Tensor& losses) {
  if (!record.defined()) return;
  const at::Tensor softmax = at::softmax(logits_, 0);
  const at::Tensor coefficients =
      at::zeros({kPairCount}, logits_.options()).index_add_(0, record, losses.to(at::kDouble), -1.0 / record.size(0));
  const at::Tensor weighted = coefficients * softmax * (1 - uniform_share_);
  at::Tensor gradient = weighted - softmax * weighted.sum();
  gradient.add_(logits_, weight_decay_);
  velocity_.mul_(momentum_).add_(gradient);
  logits_.sub_(gradient.add_(velocity_, momentum_), learning_rate_);
  const at::Tensor updated = probabilities();
  context().metric("entropy", -(updated * updated.clamp_min(1e-300).log()).sum());
}

std::string Tau::policy() const {
  const at::Tensor host = probabilities().cpu();
  const double* probability = host.const_data_ptr<double>();
  nlohmann::ordered_json policy{{"operations", kOperationNames}, {"entropy", entropy_of(probability)}};
  policy["entropy_of_uniform"] = std::log(kPairCount);
  for (int row = 0; row < kOperationCount; ++row)
    policy["probabilities"].push_back(
        std::vector<double>(probability + row * kOperationCount, probability + (row + 1) * kOperationCount));
  std::vector<int> order(kPairCount);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return probability[a] > probability[b]; });
  for (size_t i = 0; i < kPairsShown; ++i)
    policy["most_likely"].push_back({{"first", kOperationNames[order[i] / kOperationCount]},
                                     {"second", kOperationNames[order[i] % kOperationCount]},
                                     {"probability", probability[order[i]]}});
  return policy.dump();
}

State Tau::state() const { return {{{"logits", logits_}, {"velocity", velocity_}}, "{}"}; }

void Tau::restore(const State& state) {
  for (const char* name : {"logits", "velocity"}) {
    const auto found = state.tensors.find(name);
    if (found == state.tensors.end() || found->second.numel() != kPairCount)
      throw Error(ErrorCode::kInvalidParameter, std::string("the state has no '") + name + "' of 196 values");
    (name[0] == 'l' ? logits_ : velocity_).copy_(found->second);
  }
}

}  // namespace dha::pairs
