#include "darts_searcher.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "architecture_gradient.hpp"
#include "dha/nas/adam_params.hpp"
#include "dha/nas/decided_gates.hpp"
#include "dha/nas/report.hpp"
#include "dha/nas/state.hpp"

namespace dha::darts {

using Json = nlohmann::ordered_json;

Schema DartsSearcher::schema() {
  return Schema(
             "Differentiable search: a softmax over the operations of each edge, learned on validation images (DARTS).")
      .integer("order",
               "order of the approximation: 2 differentiates through the coming weight step, at four forward and "
               "backward passes per step, 1 does not, at one")
      .one_of({1, 2})
      .def(2)
      .real("learning_rate", "step size of Adam on the architecture variables")
      .range(0, 1)
      .def(3e-4)
      .log_scale()
      .tunable(1e-5, 1e-2)
      .reals("betas", "decay rates of Adam's two averages", 2, 2)
      .range(0, 0.999999)
      .def(std::vector<double>{0.5, 0.999})
      .real("weight_decay", "weight decay of the architecture variables, added to the gradient")
      .range(0, 1)
      .def(1e-3)
      .log_scale()
      .tunable(1e-5, 1e-2)
      .real("initial_deviation", "standard deviation of the initial architecture variables")
      .range(0, 10)
      .def(1e-3)
      .real("difference_radius", "distance in weight space of the finite difference of order 2")
      .range(1e-8, 10)
      .def(0.01)
      .choice("keep_none",
              "where the operation none may be kept: never, in choices with a single input (edges of NAS-Bench-201), "
              "or always",
              {"never", "single_input", "always"})
      .def("single_input");
}

DartsSearcher::DartsSearcher(const Params& params, Context& context)
    : context_(context),
      order_(params.integer("order")),
      radius_(params.real("difference_radius")),
      initial_deviation_(params.real("initial_deviation")),
      none_rule_(nas::none_rule(params.string("keep_none"))),
      adam_(nas::adam_options(params)) {}

void DartsSearcher::attach(const Space& space, const Stage& stage) {
  space_ = &space;
  derivation_.emplace(space, stage, [&space](const nas::Strengths& strengths) {
    return nas::derive_by_edge(space.choices(), strengths, {});
  });
  mixed_.emplace(space.choices(), adam_, context_.device());
  mixed_->draw(initial_deviation_, context_.host_generator());
  decisions(mixed_->strengths());  // throws if the space cannot be derived from
}

// A finite difference of passes with different drop paths would be that of their masks.
std::vector<std::string> DartsSearcher::needs() const {
  if (order_ == 1) return {need::kValidationImages};
  return {need::kValidationImages, need::kNoDropPath};
}

void DartsSearcher::before_step(SearchServices& services) {
  if (finished_) return;
  const Gates gates = mixed_->gates();
  mixed_->step(mixed_->gradient(order_ == 1 ? first_order_gradient(services, gates)
                                            : second_order_gradient(services, gates, radius_)));
  context_.metric("entropy", mixed_->entropy());
}

Gates DartsSearcher::gates(const GateRequest& request) {
  const bool derives = request.purpose == GatePurpose::kEvaluation || request.purpose == GatePurpose::kCarry;
  if (!derives && !finished_) return mixed_->gates();
  const auto options = at::TensorOptions(context_.device()).dtype(at::kDouble);
  return nas::decided_gates(decisions(mixed_->strengths()), options, finished_);
}

void DartsSearcher::end_stage(SearchServices&) { finished_ = true; }

Decisions DartsSearcher::decisions(nas::Strengths strengths) const {
  nas::exclude_none(space_->choices(), none_rule_, strengths);
  return derivation_->decisions(strengths);
}

std::string DartsSearcher::architecture() const { return space_->architecture(decisions(mixed_->strengths())); }

std::string DartsSearcher::report() const {
  const nas::Strengths strengths = mixed_->strengths();
  return nas::strengths_json(space_->choices(), strengths, decisions(strengths));
}

std::string DartsSearcher::constraint_handling() const {
  return nas::AllowedDerivation::kHandling;
}

State DartsSearcher::state() const {
  State state;
  mixed_->save(state);
  state.json = Json{{"space", Json::parse(nas::choices_json(space_->choices()))}, {"finished", finished_}}.dump();
  return state;
}

// A later stage continues the search where the earlier one ended, so both reasons are alike.
void DartsSearcher::restore(const State& state, RestoreReason) {
  try {
    const Json json = Json::parse(state.json);
    nas::check_saved_choices(json.at("space").dump(), space_->choices());
    const bool finished = json.at("finished").get<bool>();
    mixed_->restore(state);
    finished_ = finished;
  } catch (const Json::exception& e) {
    nas::refuse_state(std::string("its text is malformed: ") + e.what());
  }
}

}  // namespace dha::darts
