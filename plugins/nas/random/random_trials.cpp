#include "random_trials.hpp"

namespace dha {

Schema RandomTrials::schema() {
  return Schema("Proposes random trials: architectures, settings of parameters, or both.")
      .strings("over", "what to draw: architecture, settings, or both", 1, 2)
      .def(std::vector<std::string>{"architecture"})
      .integer("retries", "how often to redraw an architecture that was proposed before")
      .range(0, 100000)
      .def(100)
      .integer("keep", "number of best trials to return; their weights are kept")
      .range(1, 100000)
      .def(1);
}

RandomTrials::RandomTrials(const Params& params, Context& context)
    : context_(context),
      domain_(params.strings("over")),
      retries_(params.integer("retries")),
      keep_(params.integer("keep")) {}

void RandomTrials::attach(const Space& space, const Stage& stage) {
  domain_.attach(space, stage, context_);
  draws_ = nas::TrialDraws(context_.host_generator());
}

std::optional<Trial> RandomTrials::ask() {
  Trial trial;
  trial.id = trials_.open();
  const at::Generator generator = draws_.of(trial.id);
  const nas::TunableSettings& settings = domain_.settings();
  if (domain_.has_settings()) trial.settings = settings.text(settings.draw(generator));
  if (domain_.has_architecture()) trial.architecture = draw_architecture(generator);
  return trial;
}

std::string RandomTrials::draw_architecture(const at::Generator& generator) {
  for (int64_t repeats = 0;; ++repeats) {
    std::string architecture = domain_.draw_architecture(generator);
    if (proposed_.insert(architecture).second || repeats == retries_) return architecture;
  }
}

void RandomTrials::tell(const TrialOutcome& outcome) {
  trials_.close(outcome.id);
  finished_.add(outcome);
}

std::vector<int64_t> RandomTrials::outcomes() const { return finished_.best(keep_); }

std::string RandomTrials::constraint_handling() const { return "proposes only architectures that satisfy them"; }

std::string RandomTrials::report() const { return finished_.report(trials_.opened()); }

}  // namespace dha
