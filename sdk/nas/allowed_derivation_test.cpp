// Derivation under constraints against an exhaustive search.
#include "dha/nas/allowed_derivation.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/rand.h>

#include <boost/test/unit_test.hpp>
#include <limits>

#include "support/error_checks.hpp"
#include "support/fake_stage.hpp"
#include "support/toy_space.hpp"

namespace {

using namespace dha;
using namespace dha::test;

constexpr double kNever = -std::numeric_limits<double>::infinity();

double strength_of(const Decisions& decisions, const nas::Strengths& strengths) {
  double sum = 0;
  for (size_t i = 0; i < decisions.size(); ++i)
    for (const int64_t position : decisions[i]) sum += strengths[i][static_cast<size_t>(position)];
  return sum;
}

// Candidate k of a choice costs 10 (k + 1) parameters.
struct Problem {
  explicit Problem(std::vector<Choice> choices) : space(std::move(choices)) {}

  void limit_parameters(double limit) {
    stage.on_margins = [this, limit](const std::string& architecture) {
      const double cost = space.cost(architecture).at(quantity::kParameters);
      return std::vector<Margin>{{quantity::kParameters, cost, limit, cost <= limit}};
    };
  }

  nas::AllowedDerivation derivation(nas::AllowedDerivation::Accept accepts = {}) {
    return nas::AllowedDerivation(
        space, stage,
        [this](const nas::Strengths& strengths) {
          ++derived;
          return nas::derive_by_edge(space.choices(), strengths, {});
        },
        std::move(accepts));
  }

  nas::Strengths random_strengths() {
    nas::Strengths strengths;
    for (const Choice& choice : space.choices()) {
      const at::Tensor drawn =
          at::rand({static_cast<int64_t>(choice.candidates.size())}, generator, at::TensorOptions(at::kDouble));
      strengths.emplace_back(drawn.const_data_ptr<double>(), drawn.const_data_ptr<double>() + drawn.numel());
    }
    return strengths;
  }

  bool allows(const Decisions& decisions) { return stage.allows(space.architecture(decisions)); }

  // The largest strength of an allowed architecture, by trying all of them.
  double best(const nas::Strengths& strengths, Decisions chosen = {}) {
    if (chosen.size() == space.choices().size()) return allows(chosen) ? strength_of(chosen, strengths) : kNever;
    const Choice& choice = space.choices()[chosen.size()];
    double found = kNever;
    const auto count = static_cast<int64_t>(choice.candidates.size());
    for (int64_t a = 0; a < count; ++a)
      for (int64_t b = choice.keep == 1 ? a : a + 1; b < (choice.keep == 1 ? a + 1 : count); ++b) {
        const auto input = [&](int64_t k) { return choice.candidates[static_cast<size_t>(k)].input; };
        if (choice.keep == 2 && input(a) == input(b)) continue;
        chosen.push_back(choice.keep == 1 ? std::vector<int64_t>{a} : std::vector<int64_t>{a, b});
        found = std::max(found, best(strengths, chosen));
        chosen.pop_back();
      }
    return found;
  }

  ToySpace space;
  FakeStage stage;
  at::Generator generator = at::detail::createCPUGenerator(5);
  int derived = 0;
};

BOOST_AUTO_TEST_SUITE(allowed_derivation)

BOOST_AUTO_TEST_CASE(without_violation_the_searcher_s_own_derivation_stands) {
  Problem problem({toy_choice("a", 3, 3, 2, true), toy_choice("b", 1, 4, 1, false)});
  const nas::Strengths strengths = problem.random_strengths();
  const Decisions own = nas::derive_by_edge(problem.space.choices(), strengths, {});
  const nas::AllowedDerivation derivation = problem.derivation();
  BOOST_TEST((derivation.decisions(strengths) == own));
  problem.limit_parameters(1e9);
  BOOST_TEST((problem.derivation().decisions(strengths) == own));
}

BOOST_AUTO_TEST_CASE(results_are_allowed_and_near_the_strongest_allowed_architecture) {
  Problem problem({toy_choice("a", 2, 3, 2, true), toy_choice("b", 1, 5, 1, false), toy_choice("c", 3, 2, 2, true)});
  int exchanged = 0, optimal = 0;
  for (int i = 0; i < 60; ++i) {
    problem.limit_parameters(100 + 2 * i);  // the least is 130
    const nas::Strengths strengths = problem.random_strengths();
    const double best = problem.best(strengths);
    if (best == kNever) {
      BOOST_CHECK_EXCEPTION(problem.derivation().decisions(strengths), Error,
                            error_with(ErrorCode::kInvalidConfig, "parameters", "the limit is"));
      continue;
    }
    const Decisions own = nas::derive_by_edge(problem.space.choices(), strengths, {});
    const Decisions found = problem.derivation().decisions(strengths);
    BOOST_TEST(problem.allows(found));
    exchanged += found != own;
    optimal += strength_of(found, strengths) == best;
    BOOST_TEST(strength_of(found, strengths) > 0.6 * best);
  }
  BOOST_TEST(exchanged > 20);
  BOOST_TEST(optimal > 30);
}

BOOST_AUTO_TEST_CASE(one_choice_is_decided_exactly) {
  Problem problem({toy_choice("block", 1, 8, 1, false)});
  for (int i = 1; i <= 8; ++i) {
    problem.limit_parameters(10 * i);
    const nas::Strengths strengths = problem.random_strengths();
    BOOST_TEST(strength_of(problem.derivation().decisions(strengths), strengths) == problem.best(strengths));
  }
}

BOOST_AUTO_TEST_CASE(excluded_candidates_and_refused_decisions_are_left_out) {
  Problem problem({toy_choice("a", 1, 4, 1, false), toy_choice("b", 1, 4, 1, false)});
  problem.limit_parameters(60);
  const nas::Strengths strengths{{kNever, 0.1, 0.2, 0.9}, {kNever, 0.1, 0.3, 0.9}};
  BOOST_TEST((problem.derivation().decisions(strengths) == Decisions{{1}, {3}}));
  const auto has_no_second = [](const Decisions& decisions) { return decisions[0][0] != 1 && decisions[1][0] != 1; };
  BOOST_TEST((problem.derivation(has_no_second).decisions(strengths) == Decisions{{2}, {2}}));
}

// No single exchange leads from the derived architecture to the only allowed one.
BOOST_AUTO_TEST_CASE(random_architectures_are_the_last_resort) {
  Problem problem({toy_choice("a", 1, 3, 1, false), toy_choice("b", 1, 3, 1, false)});
  const std::string only = problem.space.architecture({{0}, {0}});
  problem.stage.allow_only([&](const std::string& architecture) { return architecture == only; });
  const nas::Strengths strengths{{0.1, 0.2, 0.9}, {0.1, 0.2, 0.9}};
  BOOST_TEST((problem.derivation().decisions(strengths) == Decisions{{0}, {0}}));
  const nas::Strengths excluded{{kNever, 0.2, 0.9}, {0.1, 0.2, 0.9}};
  BOOST_CHECK_EXCEPTION(problem.derivation().decisions(excluded), Error,
                        error_with(ErrorCode::kInvalidConfig, "the searcher may keep", "loosen 'constraints'"));
}

BOOST_AUTO_TEST_CASE(equal_strengths_are_derived_once) {
  Problem problem({toy_choice("a", 2, 3, 2, true)});
  nas::Strengths strengths = problem.random_strengths();
  const nas::AllowedDerivation derivation = problem.derivation();
  const Decisions first = derivation.decisions(strengths);
  BOOST_TEST((derivation.decisions(strengths) == first));
  BOOST_TEST(problem.derived == 1);
  strengths[0][0] += 1;
  derivation.decisions(strengths);
  BOOST_TEST(problem.derived == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
