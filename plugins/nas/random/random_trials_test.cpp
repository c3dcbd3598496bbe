#include "random_trials.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <set>

#include "support/test_context.hpp"
#include "support/toy_space.hpp"

namespace {

using namespace dha;

class Fixture {
 public:
  explicit Fixture(uint64_t seed) : context(seed), space(test::toy_cell(), &context) { searcher.attach(space, "{}"); }
  test::TestContext context;
  test::ToySpace space;
  RandomTrials searcher{Params(R"({"retries": 100})"), context};
};

TrialOutcome outcome(int64_t id, double accuracy, TrialStatus status = TrialStatus::kFinished) {
  TrialOutcome result;
  result.id = id;
  result.status = status;
  result.validation_accuracy = accuracy;
  return result;
}

BOOST_AUTO_TEST_CASE(proposals_are_valid_different_and_deterministic) {
  Fixture a(1), b(1);
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i) {
    const Trial trial = *a.searcher.ask();
    a.space.validate(trial.architecture);
    BOOST_TEST(seen.insert(trial.architecture).second);
    BOOST_TEST(trial.architecture == b.searcher.ask()->architecture);
  }
}

BOOST_AUTO_TEST_CASE(best_is_by_validation_and_failures_do_not_count) {
  Fixture f(2);
  for (int i = 0; i < 4; ++i) f.searcher.ask();
  BOOST_TEST(!f.searcher.best());
  f.searcher.tell(outcome(0, 0.5));
  f.searcher.tell(outcome(1, 0.9, TrialStatus::kFailed));
  f.searcher.tell(outcome(2, std::nan("")));
  f.searcher.tell(outcome(3, 0.6));
  BOOST_TEST(f.searcher.best()->id == 3);
  BOOST_CHECK_THROW(f.searcher.tell(outcome(3, 0.6)), Error);
  BOOST_CHECK_THROW(f.searcher.tell(outcome(7, 0.6)), Error);
}

BOOST_AUTO_TEST_CASE(state_goes_on_identically) {
  Fixture a(3), b(4);
  for (int i = 0; i < 3; ++i) a.searcher.ask();
  a.searcher.tell(outcome(1, 0.7));
  b.searcher.restore(a.searcher.state());
  BOOST_TEST(b.searcher.state().json == a.searcher.state().json);
  BOOST_TEST(b.searcher.best()->architecture == a.searcher.best()->architecture);
  BOOST_TEST(b.searcher.ask()->id == 3);
  b.searcher.tell(outcome(2, 0.8));
  BOOST_TEST(b.searcher.best()->id == 2);
}

}  // namespace
