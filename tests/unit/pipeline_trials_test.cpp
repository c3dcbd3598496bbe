// Pipeline files with trials, given architectures and picked outcomes; a trial's settings and its own pipeline file.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "pipeline/pipeline.hpp"
#include "pipeline/pipeline_error.hpp"
#include "pipeline/stage_json.hpp"
#include "pipeline/trial_settings.hpp"
#include "pipeline/tunable.hpp"
#include "support/error_checks.hpp"
#include "support/paths.hpp"
#include "support/static_components.hpp"
#include "trial/check_trial.hpp"

namespace dha {

namespace {

using Json = nlohmann::ordered_json;

// A search by trials, and what follows it.
Json good_file() {
  return Json::parse(R"({
    "name": "good", "seed": 9223372036854775807, "device": "cpu", "precision": "bf16", "loader_threads": 3,
    "checkpoint_every_steps": 7, "checkpoint_every_minutes": 0.1, "keep_checkpoints": 0, "channels_last": false,
    "graph": "auto",
    "dataset": { "use": "dha.image_folder", "path": "data", "limit_train": 500, "limit_test": 3 },
    "stages": [
      { "name": "tuned", "epochs": 12, "batch_size": 96,
        "space": { "use": "dha.cell", "channels": 16, "pretrained": "w.bin" },
        "searcher": { "use": "dha.architecture", "genotype": { "a": 1 } },
        "augment": [ { "use": "dha.flip" }, { "use": "dha.tau", "weights": [0.1, 0.2] } ],
        "hyper": { "use": "dha.sgd", "learning_rate": 0.1 },
        "trials": { "use": "dha.random", "count": 10, "parallel": 4, "threads": 2, "trial_timeout": 0.5,
                    "population": 3,
                    "ranges": { "/hyper/learning_rate": [0.01, 0.2], "/batch_size": [32, 64],
                                "/augment/0/probability": [0, 1] } },
        "gradient_clip": 0.7, "label_smoothing": 0.1, "drop_path": 0.3, "validation_fraction": 0.25,
        "evaluate_every": 3, "log_every": 11, "constraints": "params < 3.7M" },
      { "name": "front", "epochs": 6, "from": "tuned", "pick": "each", "carry": ["architecture"] },
      { "name": "final", "epochs": 6, "from": "front", "pick": 2, "carry": ["architecture"] }
    ] })");
}

struct Folder {
  test::TemporaryDirectory directory;
  PluginRegistry registry = test::component_registry();

  PipelineConfig load(const std::string& text, const std::string& name = "p.json") const {
    const std::filesystem::path file = directory.path() / name;
    std::ofstream(file) << text;
    return load_pipeline(file, {}, registry);
  }

  PipelineConfig load(const Json& json) const { return load(json.dump(2)); }

  // "pointer message" of each problem.
  std::vector<std::string> problems(const Json& json) const {
    std::vector<std::string> found;
    try {
      load(json);
    } catch (const PipelineError& error) {
      for (const PipelineProblem& problem : error.problems()) found.push_back(problem.pointer + " " + problem.message);
    }
    return found;
  }

  void check_problem(const Json& json, const std::string& pointer, const std::string& part) const {
    const std::vector<std::string> found = problems(json);
    BOOST_TEST_REQUIRE(found.size() == 1u, Json(found).dump(1));
    BOOST_TEST(found[0].starts_with(pointer + " "), found[0]);
    BOOST_TEST(found[0].find(part) != std::string::npos, found[0]);
  }
};

Json with(const char* pointer, const char* value) {
  Json json = good_file();
  json[Json::json_pointer(pointer)] = Json::parse(value);
  return json;
}

void check_same(const ComponentUse& a, const ComponentUse& b) {
  BOOST_TEST(a.id == b.id);
  BOOST_TEST(a.params_json == b.params_json);
}

// All but what says where the stage comes from.
void check_same_training(const StageConfig& a, const StageConfig& b) {
  BOOST_TEST(a.name == b.name);
  BOOST_TEST(a.epochs == b.epochs);
  BOOST_TEST(a.batch_size == b.batch_size);
  check_same(a.space, b.space);
  check_same(a.hyper, b.hyper);
  BOOST_TEST(a.architecture == b.architecture);
  BOOST_TEST_REQUIRE(a.augment.size() == b.augment.size());
  for (size_t i = 0; i < a.augment.size(); ++i) check_same(a.augment[i], b.augment[i]);
  BOOST_TEST(a.gradient_clip == b.gradient_clip);
  BOOST_TEST(a.label_smoothing == b.label_smoothing);
  BOOST_TEST(a.drop_path == b.drop_path);
  BOOST_TEST(a.validation_fraction == b.validation_fraction);
  BOOST_TEST(a.evaluate_every == b.evaluate_every);
  BOOST_TEST(a.log_every == b.log_every);
  BOOST_TEST(a.constraints == b.constraints);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(pipeline_trials, Folder)

BOOST_AUTO_TEST_CASE(trials_keys_become_typed_values) {
  const PipelineConfig config = load(good_file());
  const StageConfig& tuned = config.stages[0];
  BOOST_TEST(tuned.trial_count == 10);
  BOOST_TEST(tuned.trial_parallel == 4);
  BOOST_TEST(tuned.trial_threads.value() == 2);
  BOOST_TEST(tuned.trial_timeout == 0.5);
  BOOST_TEST(Json::parse(tuned.trial_ranges)["/batch_size"] == Json({32, 64}));
  BOOST_TEST(tuned.trials.params_json == R"({"population":3})");
  BOOST_TEST(tuned.searcher.id == "dha.architecture");
  BOOST_TEST((tuned.pick == Pick{}));
  BOOST_TEST((config.stages[1].pick == Pick{std::nullopt, true}));
  BOOST_TEST((config.stages[2].pick == Pick{2, false}));
  BOOST_TEST(!config.stages[1].trials);
  Json json = good_file();
  json["stages"][0]["trials"] = {{"use", "dha.random"}, {"count", 1}};
  json["stages"][1]["pick"] = "best";
  json["stages"].erase(2);
  const PipelineConfig plain = load(json);
  BOOST_TEST(plain.stages[0].trial_parallel == 1);
  BOOST_TEST(!plain.stages[0].trial_threads.has_value());
  BOOST_TEST(plain.stages[0].trial_timeout == 0);
  BOOST_TEST(plain.stages[0].trial_ranges == "{}");
  BOOST_TEST((plain.stages[1].pick == Pick{}));
}

BOOST_AUTO_TEST_CASE(an_architecture_stands_in_place_of_a_searcher) {
  Json json = good_file();
  json["stages"].erase(2);
  json["stages"].erase(1);
  json["stages"][0].erase("searcher");
  json["stages"][0].erase("trials");
  json["stages"][0]["architecture"] = {{"b", {1.5, "x"}}};
  json["stages"].push_back({{"name", "next"}, {"epochs", 1}, {"from", "tuned"}, {"carry", {"weights", "momentum"}}});
  json["stages"].push_back({{"name", "other"}, {"epochs", 1}, {"from", "next"}, {"architecture", {{"c", 2}}}});
  json["stages"].push_back(
      {{"name", "free"}, {"epochs", 1}, {"from", "next"}, {"searcher", {{"use", "dha.darts"}, {"learning_rate", 1}}}});
  json["stages"].push_back({{"name", "fresh"}, {"epochs", 1}, {"from", "next"}, {"carry", {"architecture"}}});
  const PipelineConfig config = load(json);
  BOOST_TEST(config.stages[0].architecture == R"({"b":[1.5,"x"]})");
  BOOST_TEST(config.stages[1].architecture == R"({"b":[1.5,"x"]})");
  BOOST_TEST(config.stages[2].architecture == R"({"c":2})");
  BOOST_TEST(config.stages[3].architecture.empty());
  BOOST_TEST(config.stages[4].architecture.empty());
  BOOST_TEST(load(config.resolved_json).resolved_json == config.resolved_json);
  json["stages"][0]["searcher"] = {{"use", "dha.ista"}};
  json["stages"].erase(4);
  json["stages"].erase(3);
  json["stages"].erase(1);
  json["stages"][1]["from"] = "tuned";
  check_problem(json, "/stages/0/architecture", "cannot be combined with 'searcher'; keep one of them");
}

BOOST_AUTO_TEST_CASE(an_architecture_leaves_nothing_to_carry_one_for) {
  Json json = good_file();
  json["stages"].erase(2);
  json["stages"][1].erase("pick");
  json["stages"][1]["architecture"] = Json::object();
  check_problem(json, "/stages/1/carry/0", "cannot be 'architecture' in a stage that gives an architecture");
}

BOOST_AUTO_TEST_CASE(a_stage_of_trials_carries_an_architecture_only) {
  Json json = good_file();
  json["stages"].erase(2);
  json["stages"][1] = {
      {"name", "more"},          {"epochs", 1}, {"from", "tuned"}, {"pick", 1}, {"carry", {"architecture"}},
      {"trials", {{"count", 2}}}};
  const PipelineConfig config = load(json);
  BOOST_TEST(config.stages[1].trial_count == 2);
  BOOST_TEST(config.stages[1].trial_parallel == 4);
  BOOST_TEST(!config.stages[1].searcher);
  for (const char* item : {"weights", "searcher", "augment", "hyper", "momentum"}) {
    json["stages"][1]["carry"] = {item};
    BOOST_TEST_CONTEXT(item)
    check_problem(json, "/stages/1/carry/0",
                  "in a stage of trials, because the trial searcher selects the start of each trial");
  }
  check_problem(with("/stages/0/stop_when", R"("searcher_finished")"), "/stages/0/stop_when",
                "cannot be combined with 'trials'");
}

BOOST_AUTO_TEST_CASE(momentum_goes_with_weights_of_the_same_hyper_optimizer) {
  Json json = good_file();
  json["stages"].erase(2);
  json["stages"][0].erase("trials");
  json["stages"][1].erase("pick");
  json["stages"][1]["carry"] = {"weights", "momentum"};
  BOOST_TEST(load(json).stages[1].carries("momentum"));
  json["stages"][1]["carry"] = {"momentum"};
  check_problem(json, "/stages/1/carry/0", "needs 'weights', because the momentum belongs to them");
  json["stages"][1]["carry"] = {"architecture", "momentum"};
  check_problem(json, "/stages/1/carry/1", "together with 'architecture', which starts from new weights");
  json["stages"][1]["carry"] = {"weights", "momentum"};
  json["stages"][1]["hyper"] = Json::parse(R"({ "use": "dha.hypergradient", "learning_rate": [0.1, 1] })");
  check_problem(json, "/stages/1/carry/1", "carries 'momentum' from 'dha.sgd', but the hyper of this stage is");
}

BOOST_AUTO_TEST_CASE(pick_needs_outcomes) {
  Json json = with("/stages/1/pick", R"("ech")");
  json["stages"].erase(2);
  check_problem(json, "/stages/1/pick", "must be one of 'best', 'each', found \"ech\"; did you mean 'each'?");
  for (const char* value : {"-1", "1.5", "1000000000"})
    check_problem(with("/stages/2/pick", value), "/stages/2/pick",
                  std::string("must be a word or a whole number from 0, found ") + value);
  check_problem(with("/stages/0/pick", "0"), "/stages/0/pick", "needs 'from'");
  json = good_file();
  json["stages"][2].erase("carry");
  json["stages"][2]["architecture"] = Json::object();
  check_problem(json, "/stages/2/pick", "needs 'carry'");
  json = with("/stages/1/pick", "0");
  check_problem(json, "/stages/2/pick", "but stage 'front' trains one network only; remove it");
  json = good_file();
  json["stages"].erase(2);
  json["stages"][1]["trials"] = {{"count", 2}};
  check_problem(json, "/stages/1/pick", "cannot be 'each' in a stage of trials");
}

BOOST_AUTO_TEST_CASE(tunable_parameters_are_those_of_host_and_components) {
  Json json = good_file();
  json["stages"][0]["searcher"] = {{"use", "dha.ista"}};
  json["stages"][0]["trials"]["ranges"]["/searcher/solver"] = {"fista"};
  json["stages"][0]["trials"]["ranges"]["/searcher/centred"] = {true};
  const Json tunable = Json::parse(tunable_parameters(load(json).stages[0], registry));
  std::vector<std::string> pointers;
  for (const auto& [pointer, field] : tunable.items()) pointers.push_back(pointer);
  BOOST_TEST(
      pointers == (std::vector<std::string>{"/batch_size", "/gradient_clip", "/label_smoothing", "/drop_path",
                                            "/space/stem/stride", "/searcher/lambda", "/searcher/centred",
                                            "/searcher/solver", "/augment/0/probability", "/hyper/learning_rate"}),
      boost::test_tools::per_element());
  BOOST_TEST(tunable["/batch_size"]["tuning_range"] == Json({32, 64}));
  BOOST_TEST(tunable["/batch_size"]["log"] == true);
  BOOST_TEST(tunable["/drop_path"]["tuning_range"] == Json({0.0, 0.5}));
  BOOST_TEST(tunable["/label_smoothing"]["tuning_range"] == Json({0.0, 0.3}));
  BOOST_TEST(tunable["/gradient_clip"]["tuning_range"] == Json({0.1, 10.0}));
  BOOST_TEST(tunable["/hyper/learning_rate"]["tuning_range"] == Json({0.01, 0.2}));
  BOOST_TEST(tunable["/hyper/learning_rate"]["maximum"] == 10);
  BOOST_TEST(tunable["/searcher/solver"]["choices"] == Json::array({"fista"}));
  BOOST_TEST(tunable["/searcher/centred"]["choices"] == Json::array({true}));
}

BOOST_AUTO_TEST_CASE(a_list_narrows_an_integer_of_few_values) {
  Json json = good_file();
  json["stages"][0]["space"] = {{"use", "dha.mobile"}};
  json["stages"][0]["trials"]["ranges"] = {{"/space/expansion", {6, 3}}};
  const Json tunable = Json::parse(tunable_parameters(load(json).stages[0], registry));
  BOOST_TEST(tunable["/space/expansion"]["one_of"] == Json({6, 3}));
  json["stages"][0]["trials"]["ranges"] = {{"/space/expansion", {3, 5}}};
  check_problem(json, "/stages/0/trials/ranges/~1space~1expansion",
                "must be a list of different values out of [3,4,6], found [3,5]");
}

BOOST_AUTO_TEST_CASE(ranges_are_checked_against_the_parameters) {
  struct Fault {
    const char *pointer, *range, *part;
  };
  const Fault table[] = {
      {"/hyper/learnin_rate", "[0, 1]",
       "is not a parameter that a trial may set; did you mean '/hyper/learning_rate'?"},
      {"/epochs", "[1, 2]", "is not a parameter that a trial may set"},
      {"/hyper/momentum", "[0, 1]", "is not a parameter that a trial may set"},
      {"/hyper/learning_rate", "[0.1, 11]", "must be [minimum, maximum], numbers from 0.0 to 10.0, found [0.1,11]"},
      {"/hyper/learning_rate", "[0.2, 0.1]", "found the minimum above the maximum in [0.2,0.1]"},
      {"/hyper/learning_rate", "[0, 0.1]", "must begin above 0, because its scale is logarithmic"},
      {"/hyper/learning_rate", "[0.1]", "must be [minimum, maximum]"},
      {"/hyper/learning_rate", "3", "must be [minimum, maximum]"},
      {"/hyper/learning_rate", R"(["a", "b"])", "must be [minimum, maximum]"},
      {"/batch_size", "[1.5, 3]", "must be [minimum, maximum], integers from 1.0 to 1000000000.0"},
      {"/batch_size", "[0, 3]", "must be [minimum, maximum], integers"},
      {"/drop_path", "[0, 1]", "numbers from 0.0 to below 1.0"},
      {"/searcher/solver", R"(["lars", "lars"])", "must be a list of different values out of [\"lars\",\"fista\"]"},
      {"/searcher/solver", "[]", "must be a list of different values"},
      {"/searcher/solver", R"("lars")", "must be a list of different values"},
      {"/searcher/centred", "[0, 1]", "must be a list of different values out of [false,true]"},
  };
  for (const Fault& fault : table) {
    BOOST_TEST_CONTEXT(fault.pointer << " = " << fault.range) {
      Json json = good_file();
      json["stages"][0]["searcher"] = {{"use", "dha.ista"}};
      json["stages"][0]["trials"]["ranges"] = {{fault.pointer, Json::parse(fault.range)}};
      std::string escaped = fault.pointer;
      for (size_t at = 0; (at = escaped.find('/', at)) != escaped.npos;) escaped.replace(at, 1, "~1");
      check_problem(json, "/stages/0/trials/ranges/" + escaped, fault.part);
    }
  }
  Json json = good_file();
  json["stages"][0]["hyper"] = Json::parse(R"({ "use": "dha.hypergradient", "learning_rate": [0.1, 1] })");
  json["stages"][0]["trials"]["ranges"] = {{"/hyper/learning_rate", {0.1, 1}}};
  check_problem(json, "/stages/0/trials/ranges/~1hyper~1learning_rate", "is a parameter of type list");
}

BOOST_AUTO_TEST_CASE(settings_change_host_keys_and_parameters) {
  const StageConfig stage = load(good_file()).stages[0];
  const StageConfig changed = with_settings(stage, R"({ "/batch_size": 48, "/drop_path": 0.25, "/label_smoothing": 0,
      "/gradient_clip": 0.30000000000000004, "/hyper/learning_rate": 0.1234567890123456, "/hyper/momentum": 0,
      "/space/stem/stride": 3, "/augment/0/probability": 1, "/augment/1/weights/1": 0.75 })",
                                            registry);
  BOOST_TEST(changed.batch_size == 48);
  BOOST_TEST(changed.drop_path == 0.25);
  BOOST_TEST(changed.label_smoothing == 0);
  BOOST_TEST(changed.gradient_clip == 0.30000000000000004);
  BOOST_TEST(Json::parse(changed.hyper.params_json) ==
             Json::parse(R"({ "learning_rate": 0.1234567890123456, "momentum": 0 })"));
  BOOST_TEST(Json::parse(changed.space.params_json)["stem"]["stride"] == 3);
  BOOST_TEST(Json::parse(changed.augment[0].params_json)["probability"] == 1);
  BOOST_TEST(Json::parse(changed.augment[1].params_json)["weights"] == Json({0.1, 0.75}));
  BOOST_TEST(Json::parse(changed.json)["batch_size"] == 48);
  BOOST_TEST(Json::parse(changed.json)["hyper"]["learning_rate"] == 0.1234567890123456);
  BOOST_TEST(with_settings(stage, "{}", registry).json == stage.json);
}

BOOST_AUTO_TEST_CASE(a_trial_trains_epochs_of_its_stage_under_settings_that_are_tunable) {
  const StageConfig stage = load(good_file()).stages[0];  // of 12 epochs
  Trial trial;
  trial.id = 4;
  trial.settings = R"({ "/batch_size": 48, "/hyper/learning_rate": 0.1, "/space/stem/stride": 3 })";
  trial.first_epoch = 3;
  for (const int64_t last : {4, 12}) {
    trial.last_epoch = last;
    BOOST_CHECK_NO_THROW(check_trial(trial, stage, registry));
  }
  const auto refused = [&](const Trial& bad, const char* why) {
    BOOST_CHECK_EXCEPTION(check_trial(bad, stage, registry), Error,
                          test::error_with(ErrorCode::kContractViolation,
                                           stage.trials.id + ": ask() gave trial 4 of stage 'tuned'", why));
  };
  for (const auto& [first, last] : {std::pair(-1, 3), std::pair(3, 3), std::pair(0, 13), std::pair(12, 99)}) {
    trial.first_epoch = first;
    trial.last_epoch = last;
    refused(trial, "expected 0 <= first_epoch < last_epoch <= 12");
  }
  Trial set;
  set.id = 4;
  for (const char* settings : {R"({ "/epochs": 3 })", R"({ "/space/use": "x" })", R"({ "/hyper": {} })"}) {
    set.settings = settings;
    refused(set, "which is not declared tunable");
  }
  set.settings = R"({ "/hyper/learning_rat": 1 })";
  refused(set, "did you mean '/hyper/learning_rate'?");
}

BOOST_AUTO_TEST_CASE(settings_that_do_not_fit_are_a_contract_violation) {
  const StageConfig stage = load(good_file()).stages[0];
  const std::pair<const char*, const char*> table[] = {
      {R"({ "/batch_size": 0 })", "sets '/batch_size' to 0, which must be in [1, 1000000000], found 0"},
      {R"({ "/batch_size": 1.5 })", "which must be an integer, found 1.5"},
      {R"({ "/drop_path": 1 })", "which must be less than 1, found 1"},
      {R"({ "/gradient_clip": "none" })", "which must be a number, found \"none\""},
      {R"({ "/epochs": 3 })", "sets '/epochs' to 3, which is not a key that a trial may set"},
      {R"({ "/constraints": "params < 1" })", "which is not a key that a trial may set"},
      {R"({ "/hyper/learning_rate": -1 })", "which must be in [0, 10], found -1"},
      {R"({ "/hyper/learning_rate": null })", "which must be a number, found null"},
      {R"({ "/hyper/learning_rat": 1 })", "which is not a known key; did you mean 'learning_rate'?"},
      {R"({ "/hyper/learning_rate/x": 1 })", "which is not a parameter of 'dha.sgd'"},
      {R"({ "/augment/1/weights/99999999": 1 })", "which is not a parameter of 'dha.tau'"},
      {R"({ "/augment/1/weights/1": 7 })", "which must be in [0, 1], found 7"},
      {R"({ "/augment/2/probability": 1 })", "which is not a parameter of this stage"},
      {R"({ "/augment/x/probability": 1 })", "which is not a parameter of this stage"},
      {R"({ "/augment": [] })", "which is not a key that a trial may set"},
      {R"({ "/hyper": {} })", "which is not a key that a trial may set"},
      {R"({ "/none/x": 1 })", "which is not a parameter of this stage"},
      {R"({ "/hyper/~x": 1 })", "which is not a JSON pointer"},
      {R"({ "hyper": 1 })", "which is not a JSON pointer such as '/hyper/learning_rate'"},
      {R"([1])", "must be a JSON object, found [1]"},
      {R"({ "/batch_size": )", "must be a JSON object, found { \"/batch_size\":"},
      {R"()", "must be a JSON object"},
  };
  for (const auto& [settings, part] : table) BOOST_TEST_CONTEXT(settings)
  BOOST_CHECK_EXCEPTION(with_settings(stage, settings, registry), Error,
                        test::error_with(ErrorCode::kContractViolation, part));
  Json json = good_file();
  json["stages"].erase(2);
  json["stages"].erase(1);
  json["stages"][0].erase("searcher");
  BOOST_CHECK_EXCEPTION(
      with_settings(load(json).stages[0], R"({ "/searcher/keep": 1 })", registry), Error,
      test::error_with(ErrorCode::kContractViolation, "'/searcher/keep'", "but this stage has no such component"));
}

BOOST_AUTO_TEST_CASE(a_stage_keeps_the_settings_of_its_own_text) {
  Json json = good_file();
  json["stages"][1].update(Json::parse(R"({ "hyper": { "momentum": 0.5 }, "drop_path": 0.1,
      "augment": [ { "use": "dha.flip" }, { "use": "dha.cutout", "size_px": 4 } ] })"));
  const PipelineConfig config = load(json);
  using Pointers = std::vector<std::string>;
  BOOST_TEST(!config.stages[0].keep_settings);
  BOOST_TEST(
      (config.stages[1].keep_settings.value() == Pointers{"/augment/1/size_px", "/hyper/momentum", "/drop_path"}));
  BOOST_TEST(config.stages[2].keep_settings.value().empty());
  BOOST_TEST(load(config.resolved_json).resolved_json == config.resolved_json);

  const std::string found = R"({"/hyper/learning_rate":0.2,"/hyper/momentum":0.9,"/drop_path":0.3,"/batch_size":32,)"
                            R"("/augment/0/probability":1,"/augment/1/magnitude_max":3,"/searcher/x":1})";
  const TakenSettings taken = taken_settings(found, config.stages[0], config.stages[1]);
  BOOST_TEST(taken.settings == R"({"/hyper/learning_rate":0.2,"/batch_size":32,"/augment/0/probability":1})");
  BOOST_TEST((taken.left_out == Pointers{"/hyper/momentum", "/drop_path", "/augment/1/magnitude_max", "/searcher/x"}));
  BOOST_TEST(merged_settings(R"({"/a":1,"/b":2})", R"({"/b":3,"/c":4})") == R"({"/a":1,"/b":3,"/c":4})");

  json["stages"][1]["keep_settings"] = {"/hyper"};
  const StageConfig given = load(json).stages[1];
  BOOST_TEST((given.keep_settings.value() == Pointers{"/hyper"}));
  BOOST_TEST((taken_settings(found, config.stages[0], given).left_out ==
              Pointers{"/hyper/learning_rate", "/hyper/momentum", "/augment/1/magnitude_max", "/searcher/x"}));
}

BOOST_AUTO_TEST_CASE(keep_settings_that_mean_nothing_are_problems) {
  Json json = good_file();
  json["stages"][0]["keep_settings"] = {"/hyper"};
  check_problem(json, "/stages/0/keep_settings", "needs 'from', a stage of trials");
  json = good_file();
  json["stages"][2]["keep_settings"] = {"/hyper/learning_rate", "/epochs"};
  check_problem(json, "/stages/2/keep_settings/1", "is no parameter that trials may set, found \"/epochs\"");
  json["stages"][2]["keep_settings"] = "/hyper";
  check_problem(json, "/stages/2/keep_settings", "must be a list");
}

BOOST_AUTO_TEST_CASE(the_json_of_a_stage_is_that_of_the_resolved_file) {
  const PipelineConfig config = load(good_file());
  const Json resolved = Json::parse(config.resolved_json);
  for (size_t i = 0; i < config.stages.size(); ++i) BOOST_TEST(config.stages[i].json == resolved["stages"][i].dump());
}

BOOST_AUTO_TEST_CASE(the_pipeline_of_a_trial_is_loaded_as_it_was) {
  const PipelineConfig config = load(good_file());
  StageConfig trial =
      with_settings(config.stages[0], R"({ "/hyper/learning_rate": 0.1234567890123456, "/drop_path": 0.1 })", registry);
  const PipelineConfig finished = load(trial_pipeline(config, trial, "trial-3"), "t.json");
  check_same_training(finished.stages[0], trial);
  check_same(finished.stages[0].searcher, trial.searcher);

  trial.architecture = R"({"cells":[[0,1],{"x":0.1}]})";
  trial.from = "front";
  trial.carry = {"architecture"};
  trial.pick.index = 3;
  const std::string text = trial_pipeline(config, trial, "trial-3");
  const PipelineConfig loaded = load(text, "t.json");
  BOOST_TEST(loaded.name == "trial-3");
  BOOST_TEST(loaded.seed == config.seed);
  BOOST_TEST(loaded.device == config.device);
  BOOST_TEST(loaded.precision == config.precision);
  BOOST_TEST(loaded.graph == config.graph);
  BOOST_TEST(loaded.loader_threads == config.loader_threads);
  BOOST_TEST(loaded.checkpoint_every_steps == config.checkpoint_every_steps);
  BOOST_TEST(loaded.checkpoint_every_minutes == config.checkpoint_every_minutes);
  BOOST_TEST(loaded.keep_checkpoints == config.keep_checkpoints);
  BOOST_TEST(loaded.channels_last == config.channels_last);
  BOOST_TEST(!loaded.tensorboard);
  check_same(loaded.dataset.component, config.dataset.component);
  BOOST_TEST(loaded.dataset.limit_train.value() == 500);
  BOOST_TEST(loaded.dataset.limit_test.value() == 3);
  BOOST_TEST_REQUIRE(loaded.stages.size() == 1u);
  const StageConfig& stage = loaded.stages[0];
  check_same_training(stage, trial);
  BOOST_TEST(!stage.searcher);
  BOOST_TEST(!stage.trials);
  BOOST_TEST(stage.trial_count == 0);
  BOOST_TEST(stage.from.empty());
  BOOST_TEST(stage.carry.empty());
  BOOST_TEST((stage.pick == Pick{}));
  // Every key of every stage is either compared above or left out on purpose: a new key needs a line here.
  BOOST_TEST(loaded.resolved_json == text);
  BOOST_TEST(trial_pipeline(loaded, stage, "trial-3") == text);
}

BOOST_AUTO_TEST_CASE(a_malformed_architecture_is_a_contract_violation) {
  const PipelineConfig config = load(good_file());
  StageConfig trial = config.stages[0];
  trial.architecture = "{ oops";
  BOOST_CHECK_EXCEPTION(trial_pipeline(config, trial, "t"), Error,
                        test::error_with(ErrorCode::kContractViolation, "stage 'tuned'", "not JSON", "{ oops"));
  trial.architecture = "[1]";
  BOOST_CHECK_EXCEPTION(trial_pipeline(config, trial, "t"), Error,
                        test::error_with(ErrorCode::kContractViolation, "not a JSON object", "[1]"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha
