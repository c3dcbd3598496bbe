// Time left of a run, under a clock that the test moves.
#include "report/run_time_estimate.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <memory>

#include "stage/stage_work.hpp"
#include "support/counting_dataset.hpp"

using dha::RunTimeEstimate;
using dha::StageWork;

namespace {

struct Fixture {
  double now = 100;
  std::optional<double> limit;

  RunTimeEstimate estimate(std::vector<StageWork> stages) {
    return RunTimeEstimate(
        std::move(stages), [this] { return limit; }, [this] { return now; });
  }
};

StageWork work(double trained, double evaluated = 0, double epochs = 0) { return {"", trained, evaluated, epochs}; }

const auto kExact = boost::test_tools::tolerance(1e-9);

}  // namespace

BOOST_FIXTURE_TEST_SUITE(run_time_estimate, Fixture)

BOOST_AUTO_TEST_CASE(nothing_is_known_before_the_first_images) {
  RunTimeEstimate run = estimate({{"a", 1000, 100, 10}});
  run.begin_stage(0);
  BOOST_TEST(std::isnan(run.seconds_left(work(1000))));
  limit = 60;
  BOOST_TEST(run.seconds_left(work(1000)) == 60);
}

BOOST_AUTO_TEST_CASE(work_costs_what_it_has_cost) {
  RunTimeEstimate run = estimate({{"a", 1000, 300, 10}});
  run.begin_stage(0);
  now += 50;  // the network is built
  run.skip();
  now += 2;
  run.note_trained(100);  // 0.02 s each
  BOOST_TEST(run.seconds_left(work(900, 300, 10)) == 18 + 300 * 0.02 / 3, kExact);
  now += 3;
  run.note_evaluated(30);  // 0.1 s each
  now += 4;
  run.note_epoch_end();
  BOOST_TEST(run.seconds_left(work(900, 270, 9)) == 18 + 27 + 36, kExact);
  BOOST_TEST(run.seconds_left({}) == 0);
}

BOOST_AUTO_TEST_CASE(later_stages_cost_what_their_kind_or_the_newest_has_cost) {
  RunTimeEstimate run = estimate({{"a", 100, 0, 1}, {"b", 100, 0, 1}, {"a", 1000, 0, 1}, {"c", 10, 0, 1}});
  run.begin_stage(0);
  now += 1;
  run.note_trained(100);                                                 // a: 0.01 s
  BOOST_TEST(run.seconds_left({}) == 0.01 * (100 + 1000 + 10), kExact);  // b is read from a
  run.begin_stage(1);
  BOOST_TEST(run.seconds_left(work(100)) == 0.01 * (100 + 1000 + 10), kExact);
  now += 5;
  run.note_trained(50);                                                             // b: 0.1 s
  BOOST_TEST(run.seconds_left(work(50)) == 0.1 * (50 + 10) + 0.01 * 1000, kExact);  // and c from b
}

BOOST_AUTO_TEST_CASE(newer_work_counts_for_more) {
  RunTimeEstimate run = estimate({{"a", 0, 0, 0}});
  run.begin_stage(0);
  now += 600;
  run.note_trained(600);  // 1 s each
  now += 600;
  run.note_trained(1200);  // 0.5 s each, which halves the weight of what was before
  BOOST_TEST(run.seconds_left(work(1)) == (300.0 + 600) / (300 + 1200), kExact);
}

BOOST_AUTO_TEST_CASE(a_resumed_run_measures_from_its_beginning) {
  RunTimeEstimate run = estimate({{"a", 1000, 0, 10}, {"b", 500, 0, 5}});
  run.begin_stage(1);  // the first stage has been trained before
  now += 1;
  run.note_trained(100);
  BOOST_TEST(run.seconds_left(work(250)) == 2.5, kExact);
}

BOOST_AUTO_TEST_CASE(a_limit_is_the_upper_bound) {
  RunTimeEstimate run = estimate({{"a", 1000, 0, 10}});
  run.begin_stage(0);
  now += 1;
  run.note_trained(100);
  limit = 5;
  BOOST_TEST(run.seconds_left(work(900)) == 5);
  limit = 20;
  BOOST_TEST(run.seconds_left(work(900)) == 9, kExact);
}

// 100 training images, of which a quarter is held out, make 4 whole batches of 16.
BOOST_AUTO_TEST_CASE(the_work_of_a_stage_is_what_its_settings_say) {
  const dha::OpenDataset dataset("test.counting", std::make_shared<dha::test::CountingDataset>(100, 20, 4, true));
  const dha::RunImages images = dha::choose_images(dataset, {}, 1);
  dha::StageConfig config;
  config.epochs = 10;
  config.batch_size = 16;
  config.validation_fraction = 0.25;
  config.evaluate_every = 3;
  const StageWork rest = dha::work_in(config, images, {4, 2, 10});
  BOOST_TEST(rest.trained == 6 * 64 - 2 * 16);
  BOOST_TEST(rest.evaluated == 3 * 25 + 20);  // after epochs 6, 9 and 10
  BOOST_TEST(rest.epochs == 6);
  BOOST_TEST(dha::work_in(config, images, {10, 0, 10}).evaluated == 0);

  dha::PipelineConfig pipeline;
  pipeline.stages = {config, config};
  pipeline.stages[0].trials.id = "dha.random";
  pipeline.stages[0].trial_count = 5;
  const std::vector<StageWork> all = dha::planned_work(pipeline, images);
  BOOST_TEST(all[0].trained == 5 * 10 * 64);
  BOOST_TEST(all[0].evaluated == 20);
  BOOST_TEST(all[1].trained == 10 * 64);
  BOOST_TEST(all[0].kind != all[1].kind);
}

BOOST_AUTO_TEST_SUITE_END()
