#include "proxyless_searcher.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "dha/nas/adam_params.hpp"
#include "dha/nas/decided_gates.hpp"
#include "dha/nas/report.hpp"
#include "dha/nas/state.hpp"

namespace dha::proxyless {

using Json = nlohmann::ordered_json;

namespace {

int64_t size_of(const Choice& choice) { return static_cast<int64_t>(choice.candidates.size()); }

// Puts the entries of `gradients` in their candidates' places.
void place(const at::Tensor& gradients, const std::vector<int64_t>& positions, std::vector<double>& of_candidates,
           const Choice& choice) {
  if (positions.empty()) return;
  if (!gradients.defined() || gradients.numel() != static_cast<int64_t>(positions.size()))
    throw Error(ErrorCode::kContractViolation,
                "choice '" + choice.name + "' got no gate gradient of " + std::to_string(positions.size()) + " values");
  const std::vector<double> values = nas::as_values(gradients);
  for (size_t k = 0; k < positions.size(); ++k) of_candidates[static_cast<size_t>(positions[k])] = values[k];
}

}  // namespace

Schema ProxylessSearcher::schema() {
  return Schema("Samples one path per step and learns scores from the gradients of binary gates (ProxylessNAS).")
      .integer("architecture_interval", "steps from one update of the scores to the next")
      .range(1, 1000000)
      .unit("steps")
      .def(5)
      .integer("warm_up_epochs", "first epochs of the stage, which train weights on sampled paths and no scores")
      .range(0, 100000)
      .unit("epochs")
      .def(40)
      .choice("gradient",
              "gates that an update of the scores takes gradients of: all candidates', or those of two that are drawn "
              "first, whose total probability it leaves as it was",
              {"all", "two_paths"})
      .def("all")
      .real("learning_rate", "step size of Adam on the scores")
      .range(0, 1)
      .def(1e-3)
      .log_scale()
      .tunable(1e-4, 1e-1)
      .reals("betas", "decay rates of Adam's two averages", 2, 2)
      .range(0, 0.999999)
      .def(std::vector<double>{0, 0.999})
      .real("weight_decay", "weight decay of the scores, added to the gradient")
      .range(0, 1)
      .def(0.0)
      .real("initial_deviation", "standard deviation of the initial scores")
      .range(0, 10)
      .def(1e-3)
      .choice("keep_none",
              "where the operation none may be drawn and kept: never, in choices with a single input (edges of "
              "NAS-Bench-201), or always",
              {"never", "single_input", "always"})
      .def("single_input");
}

ProxylessSearcher::ProxylessSearcher(const Params& params, Context& context)
    : context_(context),
      interval_(params.integer("architecture_interval")),
      warm_up_epochs_(params.integer("warm_up_epochs")),
      competition_(params.string("gradient") == "all" ? Competition::kAll : Competition::kTwo),
      initial_deviation_(params.real("initial_deviation")),
      none_rule_(nas::none_rule(params.string("keep_none"))),
      adam_(nas::adam_options(params)) {}

void ProxylessSearcher::attach(const Space& space, const Stage& stage) {
  if (space.choices().empty())
    throw Error(ErrorCode::kInvalidConfig,
                "the space has no choices, so there is nothing to search; use dha.architecture");
  if (warm_up_epochs_ >= stage.epochs())
    throw Error(ErrorCode::kInvalidConfig, "'warm_up_epochs' is " + std::to_string(warm_up_epochs_) +
                                               ", but the stage has " + std::to_string(stage.epochs()) +
                                               " epochs, so that no scores would be learned; lower 'warm_up_epochs' or "
                                               "raise the stage's 'epochs'");
  space_ = &space;
  derivation_.emplace(space, stage, [&space](const nas::Strengths& strengths) {
    Decisions decided;
    for (size_t i = 0; i < strengths.size(); ++i)
      decided.push_back(nas::keep_strongest(space.choices()[i], strengths[i], nas::Preference::kStrongest));
    return decided;
  });
  offsets_ = {0};
  allowed_.clear();
  for (const Choice& choice : space.choices()) {
    offsets_.push_back(offsets_.back() + size_of(choice));
    allowed_.emplace_back(choice.candidates.size(), 0.0);
  }
  nas::exclude_none(space.choices(), none_rule_, allowed_);
  scores_ =
      at::randn({offsets_.back()}, context_.host_generator(), at::TensorOptions(at::kDouble)).mul_(initial_deviation_);
  adam_.reset(scores_);
  decisions();  // throws if the space cannot be derived from
}

std::vector<std::string> ProxylessSearcher::needs() const { return {need::kValidationImages}; }

// The last step of each interval, counted within the epoch.
bool ProxylessSearcher::is_architecture_step(const Progress& progress) const {
  return progress.epoch >= warm_up_epochs_ && (progress.step + 1) % interval_ == 0;
}

void ProxylessSearcher::before_step(SearchServices& services) {
  if (finished_ || !is_architecture_step(services.progress())) return;
  const std::vector<Path> paths = draw(competition_, context_.host_generator());
  EvaluationRequest request;
  request.data = EvaluationData::kNextValidation;
  request.gate_gradients = true;
  update(paths, gradient(paths, services.evaluate(gates_of(paths, /*observes=*/true), request).gate_gradients));
  context_.metric("entropy", entropy());
}

std::vector<Path> ProxylessSearcher::draw(Competition competition, at::Generator generator) const {
  std::vector<Path> paths;
  for (size_t i = 0; i < space_->choices().size(); ++i)
    paths.push_back(draw_path(space_->choices()[i], scores_of(i), competition, generator));
  return paths;
}

Gates ProxylessSearcher::gates_of(const std::vector<Path>& paths, bool observes) const {
  Gates gates;
  gates.needs_gradient = false;
  const auto options = at::TensorOptions(context_.device()).dtype(at::kDouble);
  for (const Path& path : paths)
    gates.choices.push_back({drawn(path), at::ones({static_cast<int64_t>(path.size())}, options),
                             observes ? rivals(path) : std::vector<int64_t>(), false});
  return gates;
}

at::Tensor ProxylessSearcher::gradient(const std::vector<Path>& paths, const GateGradients& gradients) const {
  if (gradients.active.size() != paths.size() || gradients.observed.size() != paths.size())
    throw Error(ErrorCode::kContractViolation, "there are gate gradients of " +
                                                   std::to_string(gradients.active.size()) + " choices, expected " +
                                                   std::to_string(paths.size()));
  std::vector<double> all;
  for (size_t i = 0; i < paths.size(); ++i) {
    const Choice& choice = space_->choices()[i];
    std::vector<double> of_gates(choice.candidates.size(), 0);
    place(gradients.active[i], drawn(paths[i]), of_gates, choice);
    place(gradients.observed[i], rivals(paths[i]), of_gates, choice);
    const std::vector<double> of_choice = score_gradient(paths[i], scores_of(i), of_gates);
    all.insert(all.end(), of_choice.begin(), of_choice.end());
  }
  return nas::as_tensor(all);
}

// Of two paths per draw only these learn, and together they keep their probability.
void ProxylessSearcher::update(const std::vector<Path>& paths, const at::Tensor& gradient) {
  if (competition_ == Competition::kAll) return adam_.step(scores_, gradient);
  at::Tensor live = at::zeros(scores_.sizes(), at::kBool);
  const std::vector<double> before = nas::as_values(scores_);
  for (size_t i = 0; i < paths.size(); ++i)
    for (const std::vector<int64_t>& positions : {drawn(paths[i]), rivals(paths[i])})
      for (const int64_t position : positions) live.mutable_data_ptr<bool>()[offsets_[i] + position] = true;
  adam_.step(scores_, gradient, live);
  for (size_t i = 0; i < paths.size(); ++i) {
    const auto begin = static_cast<size_t>(offsets_[i]), size = space_->choices()[i].candidates.size();
    keep_mass(paths[i], std::span(before).subspan(begin, size),
              std::span(scores_.mutable_data_ptr<double>() + begin, size));
  }
}

Gates ProxylessSearcher::gates(const GateRequest& request) {
  if (!finished_ && request.purpose == GatePurpose::kWeightStep)
    paths_ = draw(Competition::kAll, context_.host_generator());
  const bool trains = request.purpose == GatePurpose::kWeightStep || request.purpose == GatePurpose::kProbe;
  if (trains && !finished_) return gates_of(paths_, /*observes=*/false);
  if (request.purpose == GatePurpose::kSearch && !finished_)
    return gates_of(draw(Competition::kAll, context_.host_generator().clone()), /*observes=*/false);
  return nas::decided_gates(decisions(), at::TensorOptions(context_.device()).dtype(at::kDouble), finished_);
}

void ProxylessSearcher::end_stage(SearchServices&) { finished_ = true; }

std::vector<double> ProxylessSearcher::scores_of(size_t choice) const {
  std::vector<double> scores = allowed_[choice];
  const double* values = scores_.const_data_ptr<double>() + offsets_[choice];
  for (size_t k = 0; k < scores.size(); ++k) scores[k] += values[k];
  return scores;
}

nas::Strengths ProxylessSearcher::all_scores() const {
  nas::Strengths all;
  for (size_t i = 0; i < allowed_.size(); ++i) all.push_back(scores_of(i));
  return all;
}

const Decisions& ProxylessSearcher::decisions() const { return derivation_->decisions(all_scores()); }

// The mean over choices of the entropy of a first draw, in nats.
at::Tensor ProxylessSearcher::entropy() const {
  double sum = 0;
  for (size_t i = 0; i < allowed_.size(); ++i) {
    double mass = 0, product = 0;
    for (const double score : scores_of(i)) {
      if (std::isinf(score)) continue;
      mass += std::exp(score);
      product += score * std::exp(score);
    }
    sum += std::log(mass) - product / mass;
  }
  return at::scalar_tensor(sum / static_cast<double>(allowed_.size()));
}

std::string ProxylessSearcher::architecture() const { return space_->architecture(decisions()); }

std::string ProxylessSearcher::report() const {
  return nas::strengths_json(space_->choices(), all_scores(), decisions());
}

std::string ProxylessSearcher::constraint_handling() const {
  return nas::AllowedDerivation::kHandling;
}

State ProxylessSearcher::state() const {
  State state;
  state.tensors["scores"] = scores_;
  adam_.save("adam", state);
  state.json = Json{{"space", Json::parse(nas::choices_json(space_->choices()))}, {"finished", finished_}}.dump();
  return state;
}

// A later stage continues the search where the earlier one ended, so both reasons are alike. The path of a step is gone
// with the step.
void ProxylessSearcher::restore(const State& state, RestoreReason) {
  const at::NoGradGuard no_grad;
  try {
    const Json json = Json::parse(state.json);
    nas::check_saved_choices(json.at("space").dump(), space_->choices());
    const bool finished = json.at("finished").get<bool>();
    const at::Tensor scores = nas::saved_tensor(state, "scores", scores_.sizes());
    adam_.restore("adam", state);
    scores_.copy_(scores);
    finished_ = finished;
  } catch (const Json::exception& e) {
    nas::refuse_state(std::string("its text is malformed: ") + e.what());
  }
}

}  // namespace dha::proxyless
