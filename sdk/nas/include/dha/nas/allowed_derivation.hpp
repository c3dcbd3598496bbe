// Derives architectures that satisfy the constraints of a stage, for searchers with a strength per candidate.
#pragma once

#include <functional>

#include "dha/architecture.hpp"
#include "dha/nas/derive.hpp"
#include "dha/space.hpp"
#include "dha/stage.hpp"

namespace dha::nas {

// Derives as the searcher does, and exchanges kept candidates where constraints forbid the result.
//
// Exchanges are single candidates of one choice. While constraints are violated, the one that loses the least strength
// per reduction of the violation (allowed_architecture.hpp) is made; afterwards those that gain strength and stay
// allowed, the largest gain first. No exchange makes a choice read fewer inputs. The result is a local optimum of the
// sum of strengths.
class AllowedDerivation {
 public:
  using Derive = std::function<Decisions(const Strengths&)>;
  using Accept = std::function<bool(const Decisions&)>;

  // Searcher::constraint_handling() of searchers that derive so.
  static constexpr const char* kHandling =
      "exchanges operations of the derived architecture for the strongest ones that satisfy them";

  // `derive`: the searcher's own derivation. `accepts`: a further condition on exchanges that the derivation itself
  // meets, such as a limit on skip connections; empty: none. `space` and `stage` outlive the object.
  AllowedDerivation(const Space& space, const Stage& stage, Derive derive, Accept accepts = {});

  // The kept candidates for these strengths; candidates of strength -infinity are never kept. Equal strengths in
  // consecutive calls are derived once. Not for several threads at once. Throws what `derive` throws, and
  // Error{kInvalidConfig} that names a constraint if neither exchanges nor 1000 random architectures satisfy all.
  const Decisions& decisions(const Strengths& strengths) const;

 private:
  struct Exchange;

  double violation_of(const Decisions& decisions) const;
  template <class Visit>
  void visit_exchanges(const Decisions& from, const Strengths& strengths, Visit&& visit) const;
  bool repair(Decisions& decisions, const Strengths& strengths) const;
  void improve(Decisions& decisions, const Strengths& strengths) const;
  Decisions random_allowed(const Strengths& strengths) const;

  const Space& space_;
  const Stage& stage_;
  Derive derive_;
  Accept accepts_;
  mutable Strengths last_strengths_;
  mutable Decisions last_decisions_;
};

}  // namespace dha::nas
