#include "dha/nas/trial_domain.hpp"

#include "dha/error.hpp"
#include "dha/nas/allowed_architecture.hpp"
#include "dha/nas/trial_draws.hpp"

namespace dha::nas {

namespace {

// Decisions in which a child may differ from its parent, and how many children are tried for each number of them.
constexpr int64_t kLargestDistance = 5, kTriesPerDistance = 100;

}  // namespace

TrialDomain::TrialDomain(const std::vector<std::string>& over) {
  for (const std::string& item : over) {
    if (item != "architecture" && item != "settings")
      throw Error(ErrorCode::kInvalidParameter,
                  "parameter 'over' has '" + item + "', expected 'architecture', 'settings' or both");
    (item == "architecture" ? has_architecture_ : has_settings_) = true;
  }
}

void TrialDomain::attach(const Space& space, const Stage& stage, Context& context) {
  space_ = &space;
  stage_ = &stage;
  if (has_architecture_ && space.choices().empty())
    throw Error(ErrorCode::kInvalidConfig,
                "the space has no choices, so there is no architecture to draw; use a space with choices, or a trial "
                "searcher over settings alone (\"over\": [\"settings\"])");
  if (!has_architecture_ && !space.choices().empty() && stage.architecture().empty())
    throw Error(ErrorCode::kInvalidConfig,
                "trials over settings alone train the stage's own architecture, but stage '" + stage.name() +
                    "' has none; give the stage an 'architecture', or use a trial searcher over architectures "
                    "(\"over\": [\"architecture\", \"settings\"])");
  if (has_settings_) settings_ = tunable_settings(stage, context);
}

TrialDomain::Point TrialDomain::draw(const at::Generator& generator) const {
  Point point;
  if (has_settings_) point.settings = settings_.draw(generator);
  if (has_architecture_) point.architecture = draw_architecture(generator);
  return point;
}

std::string TrialDomain::draw_architecture(const at::Generator& generator) const {
  return draw_allowed(*stage_, [&] { return space_->sample(generator); });
}

TrialDomain::Point TrialDomain::mutate(const Point& parent, const at::Generator& generator) const {
  std::vector<size_t> variable;
  for (size_t i = 0; i < settings_.dimensions().size(); ++i)
    if (settings_.dimensions()[i].is_variable()) variable.push_back(i);
  int64_t decisions = 0;
  if (has_architecture_)
    for (const Choice& choice : space_->choices()) decisions += choice.keep;
  const int64_t all = decisions + static_cast<int64_t>(variable.size());
  Point child = parent;
  if (all == 0) return child;
  const int64_t drawn = draw_below(all, generator);
  if (drawn < decisions) {
    child.architecture = mutate_architecture(parent.architecture, generator);
    return child;
  }
  const size_t changed = variable[static_cast<size_t>(drawn - decisions)];
  double& number = child.settings[changed];
  while (number == parent.settings[changed]) number = settings_.draw(settings_.dimensions()[changed], generator);
  return child;
}

std::string TrialDomain::mutate_architecture(const std::string& parent, const at::Generator& generator) const {
  for (int64_t tries = 0; tries < kLargestDistance * kTriesPerDistance; ++tries) {
    std::string architecture = parent;
    for (int64_t step = 0; step <= tries / kTriesPerDistance; ++step)
      architecture = space_->mutate(architecture, generator);
    if (stage_->allows(architecture)) return architecture;
  }
  return draw_architecture(generator);
}

}  // namespace dha::nas
