#include "pdarts_searcher.hpp"

#include <algorithm>
#include <utility>

#include "dha/nas/adam_params.hpp"
#include "dha/nas/decided_gates.hpp"
#include "dha/nas/report.hpp"

namespace dha::pdarts {

namespace {

constexpr int64_t kSkipLimit = 2;  // M of the paper
constexpr const char* kNormalCell = "normal";

std::optional<int64_t> read_skip_limit(const Params& params) {
  return params.has("skip_limit") ? std::optional(params.integer("skip_limit")) : std::nullopt;
}

}  // namespace

Schema PdartsSearcher::schema() {
  return Schema("Progressive differentiable search: stages of growing depth with fewer operations each (P-DARTS).")
      .integer("drop",
               "operations that the end of this stage drops from each edge, for the next stage, which carries the "
               "searcher; 0: this is the last stage, which decides")
      .range(0, 63)
      .def(0)
      .integer("warm_up_epochs", "first epochs of the stage, which train weights alone")
      .range(0, 100000)
      .unit("epochs")
      .def(10)
      .integer("skip_limit", "most skip connections in the normal cell of a decided architecture; default: 2")
      .range(0, 64)
      .optional()
      .real("learning_rate", "step size of Adam on the architecture variables")
      .range(0, 1)
      .def(6e-4)
      .log_scale()
      .tunable(1e-5, 1e-2)
      .reals("betas", "decay rates of Adam's two averages", 2, 2)
      .range(0, 0.999999)
      .def(std::vector<double>{0.5, 0.999})
      .real("weight_decay", "weight decay of the architecture variables, added to the clipped gradient")
      .range(0, 1)
      .def(1e-3)
      .log_scale()
      .tunable(1e-5, 1e-2)
      .real("gradient_clip", "largest 2-norm of the gradient of the architecture variables; 0: no limit")
      .range(0, 1e6)
      .def(5.0)
      .real("initial_deviation", "standard deviation of the initial architecture variables")
      .range(0, 10)
      .def(1e-3)
      .choice("keep_none",
              "where the operation none may be kept: never, in choices with a single input (edges of NAS-Bench-201), "
              "or always",
              {"never", "single_input", "always"})
      .def("single_input");
}

PdartsSearcher::PdartsSearcher(const Params& params, Context& context)
    : context_(context),
      drop_(params.integer("drop")),
      warm_up_epochs_(params.integer("warm_up_epochs")),
      skip_limit_(read_skip_limit(params)),
      gradient_clip_(params.real("gradient_clip")),
      initial_deviation_(params.real("initial_deviation")),
      none_rule_(nas::none_rule(params.string("keep_none"))),
      adam_(nas::adam_options(params)) {}

void PdartsSearcher::attach(const Space& space, const Stage& stage) {
  space_ = &space;
  const nas::OperationLimit limit{"skip_connect", skip_limit_.value_or(kSkipLimit), kNormalCell};
  derivation_.emplace(
      space, stage,
      [&space, limit](const nas::Strengths& strengths) {
        return nas::derive_by_edge(space.choices(), strengths, {}, {limit});
      },
      [&space, limit](const Decisions& decisions) { return nas::is_within(limit, space.choices(), decisions); });
  mixed_.emplace(space.choices(), adam_, context_.device());
  if (warm_up_epochs_ >= stage.epochs())
    throw Error(ErrorCode::kInvalidConfig,
                "'warm_up_epochs' is " + std::to_string(warm_up_epochs_) + ", but the stage has " +
                    std::to_string(stage.epochs()) +
                    " epochs, so that nothing would be learned about the architecture; lower 'warm_up_epochs' or raise "
                    "the stage's 'epochs'");
  check_skip_limit();
  check_drop(space.choices(), mixed_->open(), drop_);
  mixed_->draw(initial_deviation_, context_.host_generator());
  decisions(mixed_->strengths());  // throws if the space cannot be derived from
}

void PdartsSearcher::check_skip_limit() const {
  const auto& choices = space_->choices();
  const std::string prefix = std::string(kNormalCell) + ".";
  const bool has_cell =
      std::any_of(choices.begin(), choices.end(), [&](const Choice& one) { return one.name.starts_with(prefix); });
  if (skip_limit_ && !has_cell)
    throw Error(ErrorCode::kInvalidConfig,
                "'skip_limit' limits the skip connections of the normal cell, but the space has no choice '" + prefix +
                    "…'; remove 'skip_limit'");
}

std::vector<std::string> PdartsSearcher::needs() const { return {need::kValidationImages}; }

void PdartsSearcher::before_step(SearchServices& services) {
  if (finished_ || services.progress().epoch < warm_up_epochs_) return;
  EvaluationRequest request;
  request.data = EvaluationData::kNextValidation;
  request.gate_gradients = true;
  const at::Tensor gradient = mixed_->gradient(services.evaluate(mixed_->gates(), request).gate_gradients.active);
  if (gradient_clip_ > 0)  // as torch.nn.utils.clip_grad_norm_
    gradient.mul_(gradient.norm().add(1e-6).reciprocal().mul(gradient_clip_).clamp_max(1));
  mixed_->step(gradient);
  context_.metric("entropy", mixed_->entropy());
}

Gates PdartsSearcher::gates(const GateRequest& request) {
  const bool derives = request.purpose == GatePurpose::kEvaluation || request.purpose == GatePurpose::kCarry;
  if (!derives && !finished_) return mixed_->gates();
  const auto options = at::TensorOptions(context_.device()).dtype(at::kDouble);
  return nas::decided_gates(decisions(mixed_->strengths()), options, finished_);
}

void PdartsSearcher::end_stage(SearchServices&) { finished_ = true; }

Decisions PdartsSearcher::decisions(nas::Strengths strengths) const {
  nas::exclude_none(space_->choices(), none_rule_, strengths);
  return derivation_->decisions(strengths);
}

std::string PdartsSearcher::architecture() const { return space_->architecture(decisions(mixed_->strengths())); }

std::string PdartsSearcher::report() const {
  const nas::Strengths strengths = mixed_->strengths();
  return nas::strengths_json(space_->choices(), strengths, decisions(strengths));
}

std::string PdartsSearcher::constraint_handling() const {
  return nas::AllowedDerivation::kHandling;
}

}  // namespace dha::pdarts
