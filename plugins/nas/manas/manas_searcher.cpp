#include "manas_searcher.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <cmath>

#include "dha/nas/decided_gates.hpp"
#include "dha/nas/derive.hpp"
#include "dha/nas/state.hpp"
#include "exponential_weights.hpp"
#include "least_squares.hpp"

namespace dha::manas {

namespace {

constexpr double kDefaultLimit = 5;

Update read_update(const Params& params) {
  return params.string("update") == "importance" ? Update::kImportance : Update::kLeastSquares;
}

void refuse_unread(const Params& params, const std::string& name, const std::string& update) {
  if (params.has(name) && params.string("update") != update)
    throw Error(ErrorCode::kInvalidParameter, "'" + name + "' belongs to the update '" + update +
                                                  "', but 'update' is '" + params.string("update") +
                                                  "'; remove one of them");
}

double entropy_of(const std::vector<double>& policy) {
  double entropy = 0;
  for (const double probability : policy) entropy -= probability * std::log(probability);
  return entropy;
}

}  // namespace

Schema ManasSearcher::schema() {
  return Schema("Searches with one bandit per edge that learns from validation losses: MANAS.")
      .choice("update",
              "importance: exponential weights after each step (MANAS); least_squares: a linear model of the losses of "
              "many steps, and Zipf's law for its ranks (MANAS-LS)",
              {"importance", "least_squares"})
      .def("importance")
      .real("learning_rate",
            "eta, for importance: the policy is the softmax of -eta times the estimated losses; default: "
            "sqrt(2 ln K / (K T)) / ln(classes) for K operations and the T steps of the stage")
      .range(0, 1e3)
      .log_scale()
      .tunable(1e-5, 1e-1)
      .optional()
      .real("exponent_limit",
            "for importance: eta is lowered so that eta times the largest difference of estimated losses of an edge "
            "stays within this; default: 5")
      .range(1e-3, 700)
      .optional()
      .integer("samples", "for least_squares: steps per fit; default: those of an epoch")
      .range(1, 1000000)
      .optional();
}

ManasSearcher::ManasSearcher(const Params& params, Context& context)
    : context_(context),
      update_(read_update(params)),
      learning_rate_(params.has("learning_rate") ? std::optional<double>(params.real("learning_rate")) : std::nullopt),
      limit_(params.has("exponent_limit") ? params.real("exponent_limit") : kDefaultLimit),
      samples_(params.has("samples") ? std::optional<int64_t>(params.integer("samples")) : std::nullopt) {
  refuse_unread(params, "learning_rate", "importance");
  refuse_unread(params, "exponent_limit", "importance");
  refuse_unread(params, "samples", "least_squares");
}

void ManasSearcher::attach(const Space& space, const Stage& stage) {
  if (space.choices().empty())
    throw Error(ErrorCode::kInvalidConfig,
                "the space has no choices, so there is nothing to search; use dha.architecture");
  edges_ = edges_of(space.choices());
  space_ = &space;
  stage_ = &stage;
  derivation_.emplace(space, stage, [&space](const nas::Strengths& strengths) {
    return nas::derive_by_edge(space.choices(), strengths);
  });
  estimates_ = policy_ = zeros(edges_);
  for (std::vector<double>& of_edge : policy_)
    std::fill(of_edge.begin(), of_edge.end(), 1 / static_cast<double>(of_edge.size()));
}

// One uniform number per edge, turned into an action by the cumulated policy.
Actions ManasSearcher::draw(at::Generator generator) const {
  const at::Tensor uniform =
      at::rand({static_cast<int64_t>(edges_.size())}, std::move(generator), at::TensorOptions(at::kDouble));
  const double* next = uniform.const_data_ptr<double>();
  Actions actions(edges_.size(), 0);
  for (size_t edge = 0; edge < edges_.size(); ++edge) {
    const auto last = static_cast<int64_t>(policy_[edge].size()) - 1;
    double rest = next[edge];
    for (int64_t& action = actions[edge]; action < last; ++action) {
      rest -= policy_[edge][static_cast<size_t>(action)];
      if (rest < 0) break;
    }
  }
  return actions;
}

Gates ManasSearcher::gates(const GateRequest& request) {
  const at::NoGradGuard no_grad;
  if (finished_) return gates_of(decisions());
  switch (request.purpose) {
    case GatePurpose::kWeightStep:
      actions_ = draw(context_.host_generator());
      is_pending_ = true;
      return gates_of(operations_of(actions_));
    case GatePurpose::kProbe:
      return gates_of(operations_of(actions_));
    case GatePurpose::kSearch:
      return gates_of(operations_of(draw(context_.host_generator().clone())));
    default:
      return gates_of(decisions());
  }
}

// One operation on each edge.
Decisions ManasSearcher::operations_of(const Actions& actions) const {
  Decisions drawn(space_->choices().size());
  for (size_t edge = 0; edge < edges_.size(); ++edge)
    drawn[edges_[edge].choice].push_back(edges_[edge].candidates.at(static_cast<size_t>(actions.at(edge))));
  for (std::vector<int64_t>& of_choice : drawn) std::sort(of_choice.begin(), of_choice.end());
  return drawn;
}

Gates ManasSearcher::gates_of(const Decisions& decisions) const {
  return nas::decided_gates(decisions, at::TensorOptions(context_.device()).dtype(at::kFloat), finished_);
}

void ManasSearcher::before_step(SearchServices& services) { rate(services); }

// Ends the round of the last weight step: the loss is that of its operations with the weights after the step.
void ManasSearcher::rate(SearchServices& services) {
  if (!is_pending_ || finished_) return;
  is_pending_ = false;
  EvaluationRequest request;
  request.data = EvaluationData::kNextValidation;
  request.mode = EvaluationMode::kBatchStatistics;
  const at::Tensor loss = services.evaluate(gates_of(operations_of(actions_)), request).loss;
  context_.metric("validation_loss", loss);
  ++rounds_;
  if (update_ == Update::kImportance) {
    learn_from(loss.item<double>(), services.progress());
    return;
  }
  sampled_.push_back(actions_);
  losses_.push_back(loss.detach());
  if (samples_ && static_cast<int64_t>(losses_.size()) >= *samples_) fit_model();
}

double ManasSearcher::rate_of(size_t edge, const Progress& progress) const {
  if (learning_rate_) return *learning_rate_;
  const int64_t rounds = std::max<int64_t>(1, progress.epochs * progress.steps_per_epoch);
  // The loss of a network that knows nothing takes the place of the largest loss.
  const double largest_loss = std::log(std::max<double>(2, static_cast<double>(stage_->dataset().classes)));
  return exploring_rate(static_cast<int64_t>(policy_[edge].size()), rounds) / largest_loss;
}

void ManasSearcher::learn_from(double loss, const Progress& progress) {
  if (!std::isfinite(loss))
    throw Error(ErrorCode::kDiverged,
                "the validation loss of a sampled architecture is not finite; lower the learning rate of the weights");
  add_loss(estimates_, policy_, actions_, loss);
  for (size_t edge = 0; edge < edges_.size(); ++edge)
    policy_[edge] = exponential_policy(estimates_[edge], rate_of(edge, progress), limit_);
}

void ManasSearcher::fit_model() {
  if (losses_.empty()) return;
  estimates_ = fit(sampled_, nas::as_values(at::stack(losses_)), policy_);
  for (size_t edge = 0; edge < edges_.size(); ++edge) policy_[edge] = zipf_policy(estimates_[edge]);
  sampled_.clear();
  losses_.clear();
}

void ManasSearcher::end_epoch(SearchServices& services) {
  if (finished_) return;
  rate(services);
  if (update_ == Update::kLeastSquares && !samples_) fit_model();
  record_entropy();
}

void ManasSearcher::record_entropy() {
  double sum = 0;
  for (const std::vector<double>& of_edge : policy_) sum += entropy_of(of_edge);
  context_.metric("entropy", at::scalar_tensor(sum / static_cast<double>(edges_.size())));
}

void ManasSearcher::end_stage(SearchServices&) { finished_ = true; }

const Decisions& ManasSearcher::decisions() const {
  nas::Strengths strengths;
  for (const Choice& choice : space_->choices()) strengths.emplace_back(choice.candidates.size());
  for (size_t edge = 0; edge < edges_.size(); ++edge) {
    const std::vector<double>& estimates = estimates_[edge];
    double mean = 0;
    for (const double estimate : estimates) mean += estimate / static_cast<double>(estimates.size());
    for (size_t action = 0; action < estimates.size(); ++action)
      strengths[edges_[edge].choice][static_cast<size_t>(edges_[edge].candidates[action])] =
          update_ == Update::kImportance ? policy_[edge][action] : mean - estimates[action];
  }
  nas::exclude_none(space_->choices(), nas::NoneRule::kNever, strengths);
  return derivation_->decisions(strengths);
}

std::string ManasSearcher::constraint_handling() const {
  return nas::AllowedDerivation::kHandling;
}

std::string ManasSearcher::architecture() const { return space_->architecture(decisions()); }

}  // namespace dha::manas
