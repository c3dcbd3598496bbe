#include "enas_searcher.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <set>
#include <utility>

#include "dha/nas/allowed_architecture.hpp"
#include "dha/nas/decided_gates.hpp"

namespace dha::enas {

namespace {

constexpr int64_t kMostForbidden = 100;  // draws that violate constraints, for one of the final choice

ControllerOptions controller_options(const Params& params) {
  ControllerOptions options;
  options.units = params.integer("units");
  options.temperature = params.real("temperature");
  options.tanh_constant = params.real("tanh_constant");
  options.operation_reduction = params.real("operation_reduction");
  options.operation_bias = params.real("operation_bias");
  options.fixed_bias = params.real("fixed_bias");
  return options;
}

nas::AdamOptions adam_options(const Params& params) {
  nas::AdamOptions options;
  options.learning_rate = params.real("learning_rate");
  options.beta1 = params.reals("betas")[0];
  options.beta2 = params.reals("betas")[1];
  options.epsilon = params.real("epsilon");
  return options;
}

bool has_operation(const Space& space, const std::string& operation) {
  for (const Choice& choice : space.choices())
    for (const Candidate& candidate : choice.candidates)
      if (candidate.operation == operation) return true;
  return false;
}

Decisions ascending(Draws draws) {
  for (std::vector<int64_t>& kept : draws) std::sort(kept.begin(), kept.end());
  return draws;
}

void declare_controller(Schema& schema) {
  schema.integer("units", "units of the controller's LSTM")
      .range(1, 1024)
      .def(64)
      .real("temperature", "divides the controller's logits")
      .range(1e-3, 1e3)
      .def(1.0)
      .real("tanh_constant", "c in c tanh(logits / temperature) for inputs; 0: logits are not bounded")
      .range(0, 100)
      .def(1.1)
      .real("operation_reduction", "divides tanh_constant for operations")
      .range(1e-3, 1e3)
      .def(2.5)
      .strings("favoured", "operations with a bias; default: those of sep_conv_3x3 and sep_conv_5x5 that the space has")
      .optional()
      .real("operation_bias", "learned bias of the favoured operations at the start")
      .range(-1000, 1000)
      .def(10.0)
      .real("fixed_bias",
            "added to the logits of the favoured operations in the first cell, and subtracted from those of the others")
      .range(-100, 100)
      .def(0.25);
}

void declare_learning(Schema& schema) {
  schema.real("learning_rate", "step size of Adam on the controller")
      .range(0, 1)
      .def(3.5e-3)
      .log_scale()
      .tunable(1e-4, 1e-1)
      .reals("betas", "decay rates of Adam's two averages", 2, 2)
      .range(0, 0.999999)
      .def(std::vector<double>{0, 0.999})
      .real("epsilon", "added to the denominator of Adam")
      .range(1e-12, 1)
      .def(1e-3)
      .real("baseline_decay", "share of the old baseline in the new one")
      .range(0, 0.999999)
      .def(0.99)
      .real("entropy_weight", "weight of the entropy of the draws in the reward")
      .range(0, 100)
      .def(1e-4)
      .log_scale()
      .tunable(1e-6, 1e-1)
      .integer("controller_steps", "updates of the controller after each epoch")
      .range(1, 100000)
      .def(30)
      .integer("controller_samples", "architectures per update")
      .range(1, 100000)
      .def(10)
      .integer("final_samples", "architectures drawn after the last epoch, of which the best is kept")
      .range(1, 100000)
      .def(10)
      .choice("final_data",
              "the data that rates them: one batch of validation images with statistics of the batch, or all images "
              "with running statistics",
              {"batch", "all"})
      .def("batch");
}

}  // namespace

Schema EnasSearcher::schema() {
  Schema schema("Searches with a recurrent controller that learns from the accuracy of sampled architectures: ENAS.");
  declare_controller(schema);
  declare_learning(schema);
  return schema;
}

EnasSearcher::EnasSearcher(const Params& params, Context& context)
    : context_(context),
      options_(controller_options(params)),
      adam_(adam_options(params)),
      baseline_(params.real("baseline_decay"), at::kCPU),
      entropy_weight_(params.real("entropy_weight")),
      controller_steps_(params.integer("controller_steps")),
      controller_samples_(params.integer("controller_samples")),
      final_samples_(params.integer("final_samples")),
      rates_final_on_all_(params.string("final_data") == "all") {
  if (params.has("favoured")) favoured_ = params.strings("favoured");
}

// Named operations must exist; of the default ones, those that do are meant.
std::vector<std::string> EnasSearcher::favoured_in(const Space& space) const {
  std::vector<std::string> favoured;
  for (const std::string& operation : favoured_.value_or(std::vector<std::string>{"sep_conv_3x3", "sep_conv_5x5"})) {
    if (has_operation(space, operation)) {
      favoured.push_back(operation);
    } else if (favoured_) {
      throw Error(ErrorCode::kInvalidParameter, "'favoured' names '" + operation +
                                                    "', which is no operation of this space; remove it, or add it to "
                                                    "the space's operations");
    }
  }
  return favoured;
}

void EnasSearcher::attach(const Space& space, const Stage& stage) {
  if (space.choices().empty())
    throw Error(ErrorCode::kInvalidConfig,
                "the space has no choices, so there is nothing to search; use dha.architecture");
  space_ = &space;
  stage_ = &stage;
  options_.favoured = favoured_in(space);
  controller_.emplace(space.choices(), options_, context_.host_generator());
  adam_.reset(controller_->variables());
  keep_greedy();
  random_allowed(at::detail::createCPUGenerator(0));  // throws if constraints cannot be satisfied
}

Decisions EnasSearcher::random_allowed(at::Generator generator) const {
  return space_->decisions(nas::draw_allowed(*stage_, [&] { return space_->sample(generator); }));
}

Gates EnasSearcher::gates(const GateRequest& request) {
  const at::NoGradGuard no_grad;
  if (finished_) return gates_of(decisions());
  switch (request.purpose) {
    case GatePurpose::kWeightStep:
      path_ = ascending(controller_->sample(context_.host_generator()).draws);
      return gates_of(path_);
    case GatePurpose::kProbe:
      return gates_of(path_);
    case GatePurpose::kSearch:
      return gates_of(ascending(controller_->sample(context_.host_generator().clone()).draws));
    default:
      return gates_of(decisions());
  }
}

Gates EnasSearcher::gates_of(const Decisions& decisions) const {
  return nas::decided_gates(decisions, at::TensorOptions(context_.device()).dtype(at::kFloat), finished_);
}

void EnasSearcher::stop_if_cancelled() const {
  if (context_.cancelled()) throw Error(ErrorCode::kCancelled, "interrupted while the controller was learning");
}

// The gradient of the loss of one architecture, which is drawn and rated here.
at::Tensor EnasSearcher::sample_gradient(SearchServices& services) {
  stop_if_cancelled();
  const at::AutoGradMode with_gradients(true);
  const Path path = controller_->sample(context_.host_generator());
  EvaluationRequest request;
  request.data = EvaluationData::kNextValidation;
  request.mode = EvaluationMode::kBatchStatistics;
  const at::Tensor accuracy = services.evaluate(gates_of(ascending(path.draws)), request).accuracy;
  const at::Tensor reward = accuracy.to(at::kCPU, at::kDouble).add(path.entropy, entropy_weight_);
  context_.metric("reward", reward);
  const at::Tensor loss = path.log_probability.mul(baseline_.advantage(reward)).neg();
  at::Tensor variables = controller_->variables();
  variables.mutable_grad() = at::Tensor();
  loss.backward();
  return std::exchange(variables.mutable_grad(), at::Tensor());
}

void EnasSearcher::update(SearchServices& services) {
  at::Tensor gradient = sample_gradient(services);
  for (int64_t i = 1; i < controller_samples_; ++i) gradient.add_(sample_gradient(services));
  adam_.step(controller_->variables(), gradient.div_(controller_samples_));
  ++updates_;
}

void EnasSearcher::end_epoch(SearchServices& services) {
  if (finished_) return;
  for (int64_t i = 0; i < controller_steps_; ++i) update(services);
  keep_greedy();
  context_.metric("baseline", baseline_.value().clone());
  context_.metric("entropy", at::scalar_tensor(entropy_));
  if (services.progress().epoch + 1 >= services.progress().epochs) choose_final(services);
}

void EnasSearcher::keep_greedy() {
  const at::NoGradGuard no_grad;
  const Path path = controller_->greedy();
  greedy_ = ascending(path.draws);
  entropy_ = path.entropy.item<double>();
}

// One batch rates all of them, so that they are compared on the same images.
void EnasSearcher::choose_final(SearchServices& services) {
  const at::NoGradGuard no_grad;
  EvaluationRequest request;
  request.data = rates_final_on_all_ ? EvaluationData::kWholeValidation : EvaluationData::kNextValidation;
  request.mode = rates_final_on_all_ ? EvaluationMode::kRunningStatistics : EvaluationMode::kBatchStatistics;
  std::set<Decisions> seen;
  double best = -1;
  int64_t random = 0;
  for (int64_t i = 0; i < final_samples_; ++i) {
    stop_if_cancelled();
    std::optional<Decisions> sample = sample_allowed();
    if (!sample) {
      ++random;
      sample = random_allowed(context_.host_generator());
    }
    const Decisions& drawn = *sample;
    if (!seen.insert(drawn).second) continue;
    const double accuracy = services.evaluate(gates_of(drawn), request).accuracy.item<double>();
    if (!rates_final_on_all_) request.data = EvaluationData::kSameValidation;
    if (accuracy <= best) continue;
    best = accuracy;
    decided_ = drawn;
  }
  context_.metric("final_accuracy", at::scalar_tensor(best));
  if (random > 0)
    context_.log(LogLevel::kWarning, std::to_string(random) + " of the " + std::to_string(final_samples_) +
                                         " architectures of the final choice are random ones, because the controller "
                                         "proposed hardly any that satisfies the stage's constraints; loosen the "
                                         "constraints or lower 'operation_bias'");
}

// Nothing if the controller hardly proposes any.
std::optional<Decisions> EnasSearcher::sample_allowed() const {
  for (int64_t i = 0; i < kMostForbidden; ++i) {
    Decisions drawn = ascending(controller_->sample(context_.host_generator()).draws);
    if (stage_->allows(space_->architecture(drawn))) return drawn;
  }
  return std::nullopt;
}

void EnasSearcher::end_stage(SearchServices&) {
  decided_ = decisions();
  finished_ = true;
}

std::string EnasSearcher::constraint_handling() const {
  return "chooses among sampled architectures that satisfy them after the last epoch, and ignores them before";
}

std::string EnasSearcher::architecture() const { return space_->architecture(decisions()); }

}  // namespace dha::enas
