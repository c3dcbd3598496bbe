#include "dha/nas/allowed_derivation.hpp"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "dha/error.hpp"
#include "dha/nas/allowed_architecture.hpp"

namespace dha::nas {

namespace {

constexpr int kRandomArchitectures = 100;

size_t distinct_inputs(const Choice& choice, const std::vector<int64_t>& kept) {
  std::set<int64_t> inputs;
  for (const int64_t position : kept) inputs.insert(choice.candidates[static_cast<size_t>(position)].input);
  return inputs.size();
}

bool can_be_kept(const Decisions& decisions, const Strengths& strengths) {
  for (size_t i = 0; i < decisions.size(); ++i)
    for (const int64_t position : decisions[i])
      if (std::isinf(strengths[i][static_cast<size_t>(position)])) return false;
  return true;
}

}  // namespace

// A candidate of a choice in the place of a kept one.
struct AllowedDerivation::Exchange {
  size_t choice = 0;
  std::vector<int64_t> kept;  // of the choice, afterwards
  double gain = 0;            // in strength
};

AllowedDerivation::AllowedDerivation(const Space& space, const Stage& stage, Derive derive, Accept accepts)
    : space_(space), stage_(stage), derive_(std::move(derive)), accepts_(std::move(accepts)) {}

const Decisions& AllowedDerivation::decisions(const Strengths& strengths) const {
  if (!last_decisions_.empty() && strengths == last_strengths_) return last_decisions_;
  Decisions derived = derive_(strengths);
  if (violation_of(derived) > 0) {
    if (!repair(derived, strengths)) derived = random_allowed(strengths);
    improve(derived, strengths);
  }
  last_strengths_ = strengths;
  last_decisions_ = std::move(derived);
  return last_decisions_;
}

double AllowedDerivation::violation_of(const Decisions& decisions) const {
  return violation(stage_, space_.architecture(decisions));
}

// Calls visit(exchange, decisions afterwards) in a fixed order.
template <class Visit>
void AllowedDerivation::visit_exchanges(const Decisions& from, const Strengths& strengths, Visit&& visit) const {
  const std::vector<Choice>& choices = space_.choices();
  Decisions changed = from;
  for (size_t i = 0; i < choices.size(); ++i) {
    const size_t inputs = distinct_inputs(choices[i], from[i]);
    for (size_t slot = 0; slot < from[i].size(); ++slot) {
      for (size_t k = 0; k < choices[i].candidates.size(); ++k) {
        const auto position = static_cast<int64_t>(k);
        if (std::isinf(strengths[i][k]) || std::count(from[i].begin(), from[i].end(), position) > 0) continue;
        changed[i] = from[i];
        changed[i][slot] = position;
        std::sort(changed[i].begin(), changed[i].end());
        if (distinct_inputs(choices[i], changed[i]) < inputs || (accepts_ && !accepts_(changed))) continue;
        const double replaced = strengths[i][static_cast<size_t>(from[i][slot])];
        visit(Exchange{i, changed[i], strengths[i][k] - replaced}, changed);
      }
    }
    changed[i] = from[i];
  }
}

// Returns whether all constraints hold in the end.
bool AllowedDerivation::repair(Decisions& decisions, const Strengths& strengths) const {
  double violated = violation_of(decisions);
  while (violated > 0) {
    std::optional<Exchange> best;
    double least_loss = 0, left = violated;
    visit_exchanges(decisions, strengths, [&](const Exchange& exchange, const Decisions& changed) {
      const double then = violation_of(changed);
      if (!(then < violated)) return;
      const double loss = -exchange.gain / (violated - then);
      if (best && loss >= least_loss) return;
      best = exchange;
      least_loss = loss;
      left = then;
    });
    if (!best) return false;
    decisions[best->choice] = best->kept;
    violated = left;
  }
  return true;
}

void AllowedDerivation::improve(Decisions& decisions, const Strengths& strengths) const {
  while (true) {
    std::optional<Exchange> best;
    visit_exchanges(decisions, strengths, [&](const Exchange& exchange, const Decisions& changed) {
      if (exchange.gain > (best ? best->gain : 0) && violation_of(changed) == 0) best = exchange;
    });
    if (!best) return;
    decisions[best->choice] = best->kept;
  }
}

// The same for the same strengths, whatever was drawn before.
Decisions AllowedDerivation::random_allowed(const Strengths& strengths) const {
  at::Generator generator = at::detail::createCPUGenerator(0);
  for (int i = 0; i < kRandomArchitectures; ++i) {
    Decisions drawn = space_.decisions(draw_allowed(stage_, [&] { return space_.sample(generator); }));
    if (can_be_kept(drawn, strengths) && (!accepts_ || accepts_(drawn))) return drawn;
  }
  throw Error(
      ErrorCode::kInvalidConfig,
      "no architecture that satisfies the stage's constraints was found among those that the searcher may keep; "
      "loosen 'constraints', or the searcher's own limits");
}

}  // namespace dha::nas
