// Children of a point: what differs, how often, and under constraints.
#include "dha/nas/trial_domain.hpp"

#include <ATen/CPUGeneratorImpl.h>

#include <boost/test/unit_test.hpp>
#include <map>

#include "dha/nas/allowed_architecture.hpp"
#include "support/chi_square.hpp"
#include "support/error_checks.hpp"
#include "support/fake_stage.hpp"
#include "support/test_context.hpp"
#include "support/toy_space.hpp"

namespace {

using namespace dha;
using nas::TrialDomain;
using test::error_with;

constexpr const char* kTunable = R"({
  "/fixed": {"name": "fixed", "type": "integer", "one_of": [7]},
  "/momentum": {"name": "momentum", "type": "real", "tuning_range": [0.5, 0.9]},
  "/nesterov": {"name": "nesterov", "type": "bool"}})";

struct Search {
  explicit Search(const std::vector<std::string>& over) : domain(over) { stage.tunable_json = kTunable; }
  void attach() { domain.attach(space, stage, context); }

  test::TestContext context;
  test::ToySpace space{{test::toy_choice("a", 1, 3, 1, false), test::toy_choice("b", 1, 4, 1, false)}};
  test::FakeStage stage;
  TrialDomain domain;
  at::Generator generator = at::detail::createCPUGenerator(3);
};

int64_t differences(const Space& space, const std::string& one, const std::string& other) {
  const Decisions a = space.decisions(one), b = space.decisions(other);
  int64_t count = 0;
  for (size_t i = 0; i < a.size(); ++i) count += a[i] == b[i] ? 0 : 1;
  return count;
}

BOOST_AUTO_TEST_SUITE(trial_domain)

// Two decisions, and two dimensions that can differ.
BOOST_AUTO_TEST_CASE(a_child_differs_in_one_decision_or_one_dimension) {
  Search search({"architecture", "settings"});
  search.attach();
  const TrialDomain::Point parent = search.domain.draw(search.generator);
  BOOST_TEST_REQUIRE(parent.settings.size() == 3u);
  std::map<std::string, double> changed{{"architecture", 0}, {"1", 0}, {"2", 0}};
  constexpr double kChildren = 2000;
  for (int i = 0; i < kChildren; ++i) {
    const TrialDomain::Point child = search.domain.mutate(parent, search.generator);
    int64_t count = differences(search.space, parent.architecture, child.architecture);
    changed["architecture"] += static_cast<double>(count);
    for (size_t k = 0; k < 3; ++k) {
      if (child.settings[k] == parent.settings[k]) continue;
      ++changed[std::to_string(k)];
      ++count;
    }
    BOOST_TEST_REQUIRE(count == 1);
  }
  BOOST_TEST_REQUIRE(changed.size() == 3u);
  BOOST_TEST(test::chi_square({changed["architecture"], changed["1"], changed["2"]},
                              {kChildren / 2, kChildren / 4, kChildren / 4}) < test::chi_square_limit(3));
}

BOOST_AUTO_TEST_CASE(children_satisfy_the_constraints_even_far_from_their_parent) {
  Search search({"architecture"});
  const std::string parent = search.space.architecture({{0}, {0}});
  std::string only = search.space.architecture({{1}, {3}});  // two decisions away
  search.stage.allow_only([&](const std::string& architecture) { return architecture == only; });
  search.attach();
  BOOST_TEST(search.domain.mutate({parent, {}}, search.generator).architecture == only);
  only = "";
  BOOST_CHECK_EXCEPTION(search.domain.mutate({parent, {}}, search.generator), Error,
                        error_with(ErrorCode::kInvalidConfig, "none of 1000", "'parameters'"));
}

BOOST_AUTO_TEST_CASE(the_violation_is_relative_to_the_limits) {
  Search search({"architecture"});
  search.stage.on_margins = [](const std::string& of) {
    if (of == "good") return std::vector<Margin>{{"parameters", 9, 10, true}};
    return std::vector<Margin>{{"parameters", 15, 10, false}, {"latency", 3, 0, false}, {"multiply_adds", 5, 6, true}};
  };
  BOOST_TEST(nas::violation(search.stage, "good") == 0);
  BOOST_TEST(nas::violation(search.stage, "bad") == 3.5);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
