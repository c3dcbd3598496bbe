#include "ista_searcher.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "code_gates.hpp"
#include "dha/nas/adam_params.hpp"
#include "dha/nas/allowed_derivation.hpp"

namespace dha::ista {

namespace {

Mode read_mode(const Params& params) {
  const std::string mode = params.string("mode");
  return mode == "one_stage" ? Mode::kOneStage : mode == "two_stage" ? Mode::kTwoStage : Mode::kDha;
}

RecoveryOptions recovery_options(const Params& params) {
  RecoveryOptions options;
  options.mode = read_mode(params) == Mode::kDha ? RecoveryMode::kDha : RecoveryMode::kIsta;
  if (params.has("lambda")) options.lambda = params.real("lambda");
  return options;
}

constexpr int64_t kPublishedRows = 7;  // for nodes with 14 candidates and more

std::optional<int64_t> given(const Params& params, const char* name) {
  return params.has(name) ? std::optional(params.integer(name)) : std::nullopt;
}

[[noreturn]] void refuse_keep(const Choice& choice, const std::optional<int64_t>& given, const Choice& first) {
  const std::string kept =
      "choice '" + choice.name + "' of the space keeps " + std::to_string(choice.keep) + " of its candidates, but ";
  if (given)
    throw Error(ErrorCode::kInvalidConfig,
                kept + "'keep' is " + std::to_string(*given) + "; remove 'keep', or set it to the space's number");
  throw Error(ErrorCode::kInvalidConfig, kept + "'" + first.name + "' keeps " + std::to_string(first.keep) +
                                             "; dha.ista needs a space whose choices keep the same number");
}

double freeze_distance(const Params& params) {
  if (params.has("freeze_distance")) return params.real("freeze_distance");
  return read_mode(params) == Mode::kTwoStage ? 0.0 : 1e-3;
}

double distance_between(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

}  // namespace

Schema IstaSearcher::schema() {
  return Schema("Searches by sparse coding: the ISTA-NAS family, as used by DHA.")
      .integer(
          "code_size",
          "length of the compressed code of a choice; default: half of the candidates of the largest choice, from 2 "
          "to 7")
      .range(1, 256)
      .optional()
      .integer("keep", "candidates kept per choice, checked if given; default: the space's number")
      .range(1, 64)
      .optional()
      .choice("mode",
              "one_stage: codes learn from training batches; two_stage: from validation batches; dha: from training "
              "batches, and recovery centres columns and code first, where the other two solve without an intercept",
              {"one_stage", "two_stage", "dha"})
      .def("one_stage")
      .choice("pick", "signed keeps the best inputs by their largest coefficient, magnitude the largest absolute ones",
              {"signed", "magnitude"})
      .def("signed")
      .choice("keep_none",
              "where the operation none may be kept: never, in choices with a single input (edges of NAS-Bench-201), "
              "or always. A choice that keeps it learns no more, because the gate of zeros has no gradient",
              {"never", "single_input", "always"})
      .def("never")
      .real("lambda", "weight of the 1-norm relative to half the squared error; default: 1e-5, for dha times code_size")
      .range(1e-12, 1e6)
      .optional()
      .real("learning_rate", "step size of Adam on the codes")
      .range(0, 1)
      .def(3e-4)
      .log_scale()
      .tunable(1e-5, 1e-2)
      .reals("betas", "decay rates of Adam's two averages", 2, 2)
      .range(0, 0.999999)
      .def(std::vector<double>{0.5, 0.999})
      .real("weight_decay", "weight decay of the codes, added to the gradient")
      .range(0, 1)
      .def(1e-3)
      .log_scale()
      .tunable(1e-5, 1e-2)
      .real("freeze_distance",
            "a choice freezes when its coefficients move less than this in an epoch, in the 2-norm; 0: at the end of "
            "the stage only; default: 1e-3, for two_stage 0")
      .minimum(0)
      .optional()
      .boolean("normalise_columns", "scale the columns of the coding matrices to unit norm")
      .def(false);
}

IstaSearcher::IstaSearcher(const Params& params, Context& context)
    : context_(context),
      given_rows_(given(params, "code_size")),
      given_keep_(given(params, "keep")),
      given_lambda_(params.has("lambda")),
      mode_(read_mode(params)),
      pick_rule_(params.string("pick") == "signed" ? PickRule::kSigned : PickRule::kMagnitude),
      none_rule_(nas::none_rule(params.string("keep_none"))),
      recovery_(recovery_options(params)),
      freeze_distance_(freeze_distance(params)),
      normalises_columns_(params.boolean("normalise_columns")),
      adam_(nas::adam_options(params)) {}

void IstaSearcher::attach(const Space& space, const Stage& stage) {
  if (space.choices().empty())
    throw Error(ErrorCode::kInvalidConfig,
                "the space has no choices, so there is nothing to search; use dha.architecture");
  fit_sizes(space.choices());
  space_ = &space;
  stage_ = &stage;
  epochs_ = rejected_ = 0;
  draw();
  const at::Tensor codes = codes_on_host();
  for (size_t i = 0; i < choices_.size(); ++i) {
    choices_[i].recovered = recover_choice(i, codes);
    choices_[i].last_coefficients = choices_[i].recovered.coefficients;
  }
  begin_allowed();
  rebuild_gates();
}

// The held architecture stays while recovered ones violate the constraints, so the first one must satisfy them.
void IstaSearcher::begin_allowed() {
  const std::vector<Choice>& choices = space_->choices();
  nas::Strengths all;
  for (size_t i = 0; i < choices.size(); ++i)
    all.push_back(strengths(choices[i], choices_[i].recovered.coefficients, pick_rule_, none_rule_));
  const nas::AllowedDerivation derivation(*space_, *stage_, [&](const nas::Strengths& of_choices) {
    Decisions picked;
    for (size_t i = 0; i < choices.size(); ++i) picked.push_back(pick(choices[i], of_choices[i], pick_rule_));
    return picked;
  });
  const Decisions& allowed = derivation.decisions(all);
  for (size_t i = 0; i < choices_.size(); ++i) choices_[i].recovered.kept = allowed[i];
}

void IstaSearcher::fit_sizes(const std::vector<Choice>& choices) {
  keep_ = choices.front().keep;
  size_t candidates = choices.front().candidates.size();
  for (const Choice& choice : choices) {
    if (choice.keep != given_keep_.value_or(keep_)) refuse_keep(choice, given_keep_, choices.front());
    candidates = std::max(candidates, choice.candidates.size());
  }
  rows_ = given_rows_.value_or(std::clamp<int64_t>(static_cast<int64_t>(candidates + 1) / 2, 2, kPublishedRows));
  if (given_lambda_) return;
  // scikit-learn's alpha of 1e-5 belongs to squared errors averaged over rows.
  recovery_.lambda = (recovery_.mode == RecoveryMode::kDha ? static_cast<double>(rows_) : 1.0) / 1e5;
}

// A ~ U[0, 1), b ~ 1e-3 N(0, 1). Drawn on the CPU, so that every device starts from the same search.
void IstaSearcher::draw() {
  const at::NoGradGuard no_grad;
  at::Generator generator = context_.host_generator();
  const auto options = at::TensorOptions(at::kDouble);
  const auto count = static_cast<int64_t>(space_->choices().size());
  choices_.clear();
  for (const Choice& choice : space_->choices()) {
    const auto candidates = static_cast<int64_t>(choice.candidates.size());
    at::Tensor columns = at::rand({candidates, rows_}, generator, options);
    if (normalises_columns_) columns = columns.div(columns.square().sum(1, true).sqrt());
    choices_.push_back({columns.contiguous(), {}, {}, std::nullopt, false});
  }
  code_ = at::randn({count, rows_}, generator, options).mul_(1e-3).to(context_.device());
  adam_.reset(code_);
}

at::Tensor IstaSearcher::codes_on_host() const { return code_.to(at::kCPU, at::kDouble).contiguous(); }

IstaSearcher::Recovered IstaSearcher::recover_choice(size_t index, const at::Tensor& codes) const {
  const Choice& choice = space_->choices()[index];
  const at::Tensor code = codes.select(0, static_cast<int64_t>(index));
  if (!at::isfinite(code).all().item<bool>())
    throw Error(ErrorCode::kDiverged, "the code of choice '" + choice.name + "' is no longer finite after epoch " +
                                          std::to_string(epochs_) +
                                          "; lower 'learning_rate' or find the step with a non-finite loss");
  LassoSolution solution = recover(choices_[index].columns, code, recovery_);
  Recovered recovered;
  recovered.kept = pick(choice, strengths(choice, solution.coefficients, pick_rule_, none_rule_), pick_rule_);
  recovered.coefficients = std::move(solution.coefficients);
  recovered.relative_gap = solution.relative_gap;
  return recovered;
}

// What every choice that is not frozen would become; frozen ones keep what they have.
std::vector<IstaSearcher::Recovered> IstaSearcher::recover_live() {
  const at::Tensor codes = codes_on_host();
  std::vector<Recovered> proposed;
  for (size_t i = 0; i < choices_.size(); ++i) {
    Decision& choice = choices_[i];
    proposed.push_back(choice.is_frozen ? choice.recovered : recover_choice(i, codes));
    if (choice.is_frozen) continue;
    choice.distance = distance_between(proposed.back().coefficients, choice.last_coefficients);
    choice.last_coefficients = proposed.back().coefficients;
  }
  return proposed;
}

// Takes all of `proposed` if its architecture satisfies the constraints, and else as many of its changes as can be.
void IstaSearcher::adopt_allowed(std::vector<Recovered>& proposed) {
  Decisions decided;
  for (const Recovered& recovered : proposed) decided.push_back(recovered.kept);
  if (stage_->allows(space_->architecture(decided))) {
    for (size_t i = 0; i < choices_.size(); ++i) choices_[i].recovered = std::move(proposed[i]);
    return;
  }
  const std::vector<size_t> refused = adopt_one_by_one(proposed);
  if (refused.empty()) return;
  ++rejected_;
  std::string names;
  for (const size_t i : refused) names += (names.empty() ? "" : ", ") + space_->choices()[i].name;
  context_.log(
      LogLevel::kInfo,
      "the recovered architecture violates the stage's constraints; these choices keep their candidates: " + names);
}

// Returns the choices whose new candidates would have left the architecture forbidden.
std::vector<size_t> IstaSearcher::adopt_one_by_one(std::vector<Recovered>& proposed) {
  std::vector<size_t> refused;
  Decisions decided = decisions();
  for (size_t i = 0; i < choices_.size(); ++i) {
    const std::vector<int64_t> held = std::exchange(decided[i], proposed[i].kept);
    if (proposed[i].kept == held || stage_->allows(space_->architecture(decided))) {
      choices_[i].recovered = std::move(proposed[i]);
    } else {
      decided[i] = held;
      refused.push_back(i);
    }
  }
  return refused;
}

void IstaSearcher::freeze_settled() {
  for (size_t i = 0; i < choices_.size(); ++i) {
    Decision& choice = choices_[i];
    if (choice.is_frozen || freeze_distance_ == 0 || *choice.distance > freeze_distance_) continue;
    choice.is_frozen = true;
    std::string names;
    for (const std::string& name : candidate_names(i)) names += (names.empty() ? "" : ", ") + name;
    context_.log(LogLevel::kInfo, "choice '" + space_->choices()[i].name + "' is frozen after " +
                                      std::to_string(epochs_) + " epochs: " + names);
  }
}

// Carries support and bias of the held coefficients to the device, where the steps of the coming epoch read them.
void IstaSearcher::rebuild_gates() {
  const at::NoGradGuard no_grad;
  ++rebuilds_;
  const auto count = static_cast<int64_t>(choices_.size());
  at::Tensor columns = at::empty({count, keep_, rows_}, at::kDouble);
  at::Tensor coefficients = at::empty({count, keep_}, at::kDouble);
  at::Tensor live = at::empty({count, 1}, at::kBool);
  for (int64_t i = 0; i < count; ++i) {
    const Decision& choice = choices_[static_cast<size_t>(i)];
    for (int64_t k = 0; k < keep_; ++k) {
      const int64_t candidate = choice.recovered.kept[static_cast<size_t>(k)];
      columns.select(0, i).select(0, k).copy_(choice.columns.select(0, candidate));
      coefficients.select(0, i).select(0, k).fill_(choice.recovered.coefficients[static_cast<size_t>(candidate)]);
    }
    live.select(0, i).fill_(!choice.is_frozen);
  }
  bias_ = gate_bias(columns, coefficients).to(context_.device());
  kept_columns_ = columns.to(context_.device());
  live_ = live.to(context_.device());
}

std::vector<std::string> IstaSearcher::needs() const {
  if (mode_ == Mode::kTwoStage) return {need::kValidationImages};
  return {};
}

void IstaSearcher::before_step(SearchServices& services) {
  if (mode_ != Mode::kTwoStage || finished()) return;
  EvaluationRequest request;
  request.data = EvaluationData::kNextValidation;
  request.gate_gradients = true;
  update_code(services.evaluate(gates({GatePurpose::kEvaluation, services.progress()}), request).gate_gradients);
}

Gates IstaSearcher::gates(const GateRequest&) {
  const at::NoGradGuard no_grad;
  const at::Tensor weights = gate_weights(kept_columns_, code_, bias_);
  Gates gates;
  gates.needs_gradient = mode_ != Mode::kTwoStage;
  gates.choices.reserve(choices_.size());
  for (size_t i = 0; i < choices_.size(); ++i) {
    ChoiceGates choice;
    choice.active = choices_[i].recovered.kept;
    choice.weights = weights.select(0, static_cast<int64_t>(i));
    choice.frozen = choices_[i].is_frozen;
    gates.choices.push_back(std::move(choice));
  }
  return gates;
}

void IstaSearcher::learn(const SearchStep& step) {
  record_frozen();
  if (mode_ != Mode::kTwoStage && !finished()) update_code(step.gate_gradients);
}

void IstaSearcher::update_code(const GateGradients& gradients) {
  const at::NoGradGuard no_grad;
  if (gradients.active.size() != choices_.size())
    throw Error(ErrorCode::kContractViolation, "dha.ista got gate gradients of " +
                                                   std::to_string(gradients.active.size()) + " choices, expected " +
                                                   std::to_string(choices_.size()));
  std::vector<at::Tensor> rows;
  for (size_t i = 0; i < choices_.size(); ++i) {
    const at::Tensor& gradient = gradients.active[i];
    if (!gradient.defined() && choices_[i].is_frozen) {
      rows.push_back(at::zeros({keep_}, code_.options()));
    } else if (gradient.defined() && gradient.dim() == 1 && gradient.size(0) == keep_) {
      rows.push_back(gradient.to(code_.options()));
    } else {
      throw Error(ErrorCode::kContractViolation, "dha.ista got no gate gradient of " + std::to_string(keep_) +
                                                     " values for choice '" + space_->choices()[i].name + "'");
    }
  }
  adam_.step(code_, code_gradient(kept_columns_, at::stack(rows)), live_);
}

void IstaSearcher::end_epoch(SearchServices& services) {
  if (finished()) return;
  ++epochs_;
  std::vector<Recovered> proposed = recover_live();
  const bool is_last = services.progress().epoch + 1 >= services.progress().epochs;
  if (!is_last) adopt_allowed(proposed);
  // One that was carried from a stage with other constraints may be forbidden; it must not become the final one.
  if (stage_->allows(architecture())) freeze_settled();
  rebuild_gates();
  record_metrics();
}

void IstaSearcher::end_stage(SearchServices&) {
  for (Decision& choice : choices_) choice.is_frozen = true;
  rebuild_gates();
  record_metrics();
}

std::string IstaSearcher::constraint_handling() const {
  return "starts from an architecture that satisfies them, and adopts as many of an epoch's changes as they allow";
}

// The host's own number: nothing crosses for it.
void IstaSearcher::record_frozen() {
  context_.metric("frozen", at::scalar_tensor(std::count_if(choices_.begin(), choices_.end(),
                                                            [](const Decision& d) { return d.is_frozen; })));
}

void IstaSearcher::record_metrics() {
  double largest_distance = 0, largest_gap = 0;
  for (const Decision& choice : choices_) {
    largest_gap = std::max(largest_gap, choice.recovered.relative_gap);
    if (!choice.is_frozen) largest_distance = std::max(largest_distance, choice.distance.value_or(0));
  }
  record_frozen();
  context_.metric("largest_distance", at::scalar_tensor(largest_distance));
  context_.metric("rejected_updates", at::scalar_tensor(rejected_));
  context_.metric("code_norm", code_.norm());
  if (largest_gap > 1e-9)
    context_.log(LogLevel::kWarning, "a recovery ended with a relative gap of " + std::to_string(largest_gap));
}

bool IstaSearcher::finished() const {
  return !choices_.empty() &&
         std::all_of(choices_.begin(), choices_.end(), [](const Decision& choice) { return choice.is_frozen; });
}

Decisions IstaSearcher::decisions() const {
  Decisions decided;
  for (const Decision& choice : choices_) decided.push_back(choice.recovered.kept);
  return decided;
}

std::string IstaSearcher::architecture() const { return space_->architecture(decisions()); }

}  // namespace dha::ista
