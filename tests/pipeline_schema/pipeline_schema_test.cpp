// The JSON Schema of pipeline files and the loader agree: what one accepts or refuses, so does the other.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "pipeline/pipeline.hpp"
#include "pipeline/pipeline_error.hpp"
#include "pipeline/stage_json.hpp"
#include "plugin/plugin_registry.hpp"
#include "support/paths.hpp"
#include "support/static_components.hpp"

namespace dha {

namespace {

using Json = nlohmann::json;

// The one place that says which components the pipelines of this file may name.
PluginRegistry registry_under_test() { return test::component_registry(); }

Json good_file() {
  return Json::parse(R"({
    "$schema": "dha.schema.json", "name": "good", "seed": 7, "device": "cuda:1", "precision": "bf16", "graph": "auto",
    "loader_threads": 4, "channels_last": false,
    "checkpoint_every_steps": 100, "checkpoint_every_minutes": 0.5, "keep_checkpoints": 0,
    "tensorboard": false,
    "dataset": { "use": "dha.image_folder", "path": "data", "cache": "cache", "size": 64,
                 "limit_train": 500, "limit_test": 100 },
    "stages": [
      { "name": "search", "epochs": 12, "batch_size": 96, "stop_when": "searcher_finished",
        "space": { "use": "dha.cell", "channels": 16, "auxiliary_weight": 0.4, "operations": ["skip"],
                   "stem": { "stride": 2 } },
        "searcher": { "use": "dha.ista", "lambda": 1e-4, "solver": "fista", "centred": true },
        "augment": [ { "use": "dha.flip" }, { "use": "dha.tau", "weights": [0.5, 0.5] },
                     { "use": "dha.cutout", "size_px": 16 } ],
        "hyper": { "use": "dha.hypergradient", "learning_rate": [0.001, 0.05], "notes": { "any": [1, null] } },
        "gradient_clip": 0, "label_smoothing": 0.1, "validation_fraction": 0.5, "evaluate_every": 2, "log_every": 10,
        "constraints": "params < 3.7M" },
      { "name": "trials", "epochs": 2, "from": "search",
        "trials": { "use": "dha.random", "count": 10, "parallel": 4, "threads": 2, "trial_timeout": 0.5,
                    "ranges": { "/batch_size": [32, 64] } },
        "space": { "use": "dha.mobile", "kernels": [3, 5] } },
      { "name": "final", "epochs": 6, "from": "trials", "carry": ["architecture", "hyper"], "pick": "best",
        "hyper": { "probe_rate": 1e-6 }, "drop_path": 0.2 }
    ] })");
}

class SchemaOracle {
 public:
  explicit SchemaOracle(const std::string& text) : text_(Json::parse(text)) {
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(text_), schema_);
  }

  // The first fault, or nothing.
  std::optional<std::string> fault(const Json& file) {
    valijson::Validator validator;
    valijson::ValidationResults results;
    if (validator.validate(schema_, valijson::adapters::NlohmannJsonAdapter(file), &results)) return std::nullopt;
    valijson::ValidationResults::Error error;
    std::string text = "refused";
    while (results.popError(error)) {
      text += "\n  ";
      for (const std::string& step : error.context) text += step;
      text += ": " + error.description;
    }
    return text;
  }

 private:
  const Json text_;
  valijson::Schema schema_;
};

struct Both {
  test::TemporaryDirectory directory;
  PluginRegistry registry = registry_under_test();
  SchemaOracle schema{pipeline_schema(registry)};

  Both() { write("base.json", good_file()); }

  std::filesystem::path write(const std::string& name, const Json& json) const {
    const std::filesystem::path file = directory.path() / name;
    std::ofstream(file) << json.dump(2);
    return file;
  }

  std::vector<PipelineProblem> problems(const Json& json) const {
    try {
      load_pipeline(write("p.json", json), {}, registry);
    } catch (const PipelineError& error) {
      return error.problems();
    }
    return {};
  }

  void check_accepted(const Json& json) {
    for (const PipelineProblem& problem : problems(json)) BOOST_ERROR("the loader: " << problem.sentence());
    const auto fault = schema.fault(json);
    BOOST_TEST(!fault.has_value(), "the schema: " << fault.value_or("") << "\n" << json.dump());
  }

  void check_refused_by_loader(const Json& json, const std::string& pointer) {
    const std::vector<PipelineProblem> found = problems(json);
    std::string all;
    bool is_named = false;
    for (const PipelineProblem& problem : found) {
      all += "\n  " + problem.sentence();
      is_named = is_named || problem.pointer == pointer;
    }
    BOOST_TEST(is_named, "the loader names no problem at '" << pointer << "', found:" << all);
  }
};

// One fault put into the good file.
struct Fault {
  const char* at;                  // JSON pointer to set, or to remove where `value` is null
  const char* value;               // JSON text
  const char* expected = nullptr;  // pointer of the problem; null: the same
};

Json with_fault(const Fault& fault) {
  Json json = good_file();
  const Json::json_pointer pointer(fault.at);
  if (fault.value != nullptr)
    json[pointer] = Json::parse(fault.value);
  else if (json[pointer.parent_pointer()].is_array())
    json[pointer.parent_pointer()].erase(std::stoul(pointer.back()));
  else
    json[pointer.parent_pointer()].erase(pointer.back());
  return json;
}

const Fault kFaults[] = {
    // The file.
    {"/name", nullptr, ""},
    {"/name", "7"},
    {"/name", R"("")"},
    {"/name", R"("a/b")"},
    {"/name", R"("..")"},
    {"/name", R"("mit leer")"},
    {"/nam", R"("x")"},
    {"/Seed", "3"},
    {"/stage", "[]"},
    {"/epochs", "3"},
    {"/seed", "-1"},
    {"/seed", "1.5"},
    {"/seed", R"("7")"},
    {"/seed", "true"},
    {"/seed", "null"},
    {"/seed", "1e300"},
    {"/device", "0"},
    {"/device", R"("gpu")"},
    {"/device", R"("cuda:")"},
    {"/device", R"("cuda:x")"},
    {"/device", R"("CPU")"},
    {"/precision", R"("half")"},
    {"/graph", R"("on")"},
    {"/graph", "true"},
    {"/precision", "32"},
    {"/loader_threads", "-1"},
    {"/loader_threads", "100000"},
    {"/loader_threads", R"("two")"},
    {"/checkpoint_every_steps", "-1"},
    {"/checkpoint_every_steps", "1.5"},
    {"/checkpoint_every_minutes", "-0.5"},
    {"/keep_checkpoints", R"("all")"},
    {"/channels_last", R"("yes")"},
    {"/channels_last", "1"},
    {"/tensorboard", R"("off")"},
    // The data set.
    {"/dataset", nullptr, ""},
    {"/dataset", R"("dha.cifar10")"},
    {"/dataset", "[]"},
    {"/dataset", R"({"path": "data"})"},
    {"/dataset/use", nullptr, "/dataset"},
    {"/dataset/use", "3"},
    {"/dataset/use", R"("dha.imagefolder")"},
    {"/dataset/use", R"("dha.flip")"},
    {"/dataset/path", nullptr, "/dataset"},
    {"/dataset/path", R"("")"},
    {"/dataset/path", "[]"},
    {"/dataset/cache", "false"},
    {"/dataset/size", "4"},
    {"/dataset/size", "2000"},
    {"/dataset/size", R"("64")"},
    {"/dataset/channels", "2"},
    {"/dataset/channels", "1.5"},
    {"/dataset/limit_train", "0"},
    {"/dataset/limit_train", "10.5"},
    {"/dataset/limit_test", R"("all")"},
    {"/dataset/limit", "3"},
    // Stages.
    {"/stages", nullptr, ""},
    {"/stages", "[]"},
    {"/stages", "{}"},
    {"/stages/0", "3"},
    {"/stages/0", R"("search")"},
    {"/stages/0/name", nullptr, "/stages/0"},
    {"/stages/0/name", R"("2nd")"},
    {"/stages/0/name", R"("a.b")"},
    {"/stages/0/name", "{}"},
    {"/stages/0/epochs", nullptr, "/stages/0"},
    {"/stages/0/epochs", "0"},
    {"/stages/0/epochs", "-3"},
    {"/stages/0/epochs", "2.5"},
    {"/stages/0/epochs", "1e10"},
    {"/stages/0/epoch", "3"},
    {"/stages/0/batch_size", "0"},
    {"/stages/0/batch_size", "[96]"},
    {"/stages/0/batch-size", "96"},
    {"/stages/0/stop_when", R"("finished")"},
    {"/stages/0/stop_when", "true"},
    {"/stages/0/gradient_clip", "-0.1"},
    {"/stages/0/gradient_clip", R"("none")"},
    {"/stages/0/label_smoothing", "1"},
    {"/stages/0/label_smoothing", "-0.1"},
    {"/stages/0/drop_path", "1.0"},
    {"/stages/0/validation_fraction", "1.5"},
    {"/stages/0/validation_fraction", "null"},
    {"/stages/0/evaluate_every", "0"},
    {"/stages/0/log_every", "0"},
    {"/stages/0/constraints", "3"},
    {"/stages/0/carry", R"(["weights"])"},
    {"/stages/1/epochs", nullptr, "/stages/1"},
    {"/stages/1/from", "0"},
    {"/stages/0/architecture", "3"},
    {"/stages/0/architecture", "{}"},
    {"/stages/0/pick", R"("best")"},
    {"/stages/2/pick", "-1"},
    {"/stages/2/pick", "0.5"},
    {"/stages/2/pick", R"("worst")"},
    {"/stages/2/pick", "null"},
    {"/stages/2/architecture", "[]"},
    {"/stages/2/carry", R"("hyper")"},
    {"/stages/2/carry/0", R"("weight")"},
    {"/stages/2/carry/1", R"("architecture")"},
    {"/stages/2/carry/0", "1"},
    {"/stages/2/drop_path", R"("0.2")"},
    // Components of stages.
    {"/stages/0/space", nullptr, "/stages/0"},
    {"/stages/0/space", "null"},
    {"/stages/0/space", R"("dha.cell")"},
    {"/stages/0/space/use", nullptr, "/stages/0/space"},
    {"/stages/0/space/use", R"("dha.ista")"},
    {"/stages/0/space/use", R"("cell")"},
    {"/stages/0/space/channels", "2"},
    {"/stages/0/space/channels", "16.5"},
    {"/stages/0/space/channel", "16"},
    {"/stages/0/space/operations", "[]"},
    {"/stages/0/space/operations", R"("skip")"},
    {"/stages/0/space/operations/0", "3"},
    {"/stages/0/space/stem", "2"},
    {"/stages/0/space/stem/stride", "9"},
    {"/stages/0/space/stem/strides", "2"},
    {"/stages/0/space/pretrained", R"("")"},
    {"/stages/0/searcher", nullptr, "/stages/0"},
    {"/stages/0/searcher/lambda", "2"},
    {"/stages/0/searcher/lambda", R"("1e-4")"},
    {"/stages/0/searcher/solver", R"("cvxpy")"},
    {"/stages/0/searcher/centred", "0"},
    {"/stages/0/searcher/order", "2"},
    {"/stages/0/searcher", R"({"use": "dha.darts"})"},
    {"/stages/0/searcher", R"({"use": "dha.architecture"})"},
    {"/stages/0/searcher", R"({"use": "dha.architecture", "genotype": {}, "genotype_file": "cells.json"})"},
    {"/stages/0/trials", R"({"use": "dha.random", "count": 3})", "/stages/0/stop_when"},
    {"/stages/0/augment", R"({"use": "dha.flip"})"},
    {"/stages/0/augment/0", R"("dha.flip")"},
    {"/stages/0/augment/0", R"({"probability": 0.5})"},
    {"/stages/0/augment/0/use", R"("dha.flop")"},
    {"/stages/0/augment/0/probability", "1.5"},
    {"/stages/0/augment/1/weights", "[0.5]"},
    {"/stages/0/augment/1/weights/1", "7"},
    {"/stages/0/augment/2/size_px", nullptr, "/stages/0/augment/2"},
    {"/stages/0/hyper", nullptr, "/stages/0"},
    {"/stages/0/hyper/learning_rate", "0.1"},
    {"/stages/0/hyper/learning_rate", "[0.1]"},
    {"/stages/0/hyper/learning_rate/0", R"("low")"},
    {"/stages/0/hyper/learning_rate/0", "-1"},
    {"/stages/0/hyper/learning_rate", nullptr, "/stages/0/hyper"},
    {"/stages/0/hyper/notes", "3"},
    {"/stages/0/hyper/probe_rate", "-1"},
    {"/stages/1/trials/count", nullptr, "/stages/1/trials"},
    {"/stages/1/trials/count", "0"},
    {"/stages/1/trials/parallel", "0"},
    {"/stages/1/trials/parallel", "1025"},
    {"/stages/1/trials/parallels", "1"},
    {"/stages/1/trials/threads", "0"},
    {"/stages/1/trials/trial_timeout", "-1"},
    {"/stages/1/trials/ranges", "[]"},
    {"/stages/1/stop_when", R"("searcher_finished")"},
    {"/stages/1/space/kernels", "[3, 5, 7, 9]"},
    {"/stages/1/space/kernels/0", "2"},
    {"/stages/1/space/kernels/1", "4"},
    {"/stages/1/space/head", "{}"},
    {"/stages/1/space/head", R"({"channels": 1280, "factor": 1.5})"},
    {"/stages/2/hyper/probe_rates", "1"},
    {"/stages/2/hyper", R"({"use": "dha.hypergradient"})"},
    {"/stages/2/hyper", "3"},
};

// What only the loader can see: it needs another stage, another file, or the grammar of a text.
const Fault kBeyondTheSchema[] = {
    {"/stages/1/name", R"("search")"},
    {"/stages/1/from", R"("nowhere")"},
    {"/stages/1/from", R"("final")"},
    {"/stages/2/carry", R"(["architecture", "searcher"])", "/stages/2/carry/1"},
    {"/stages/2/carry", R"(["searcher"])", "/stages/2/carry/0"},
    {"/stages/2/hyper", R"({"use": "dha.sgd", "learning_rate": 1})", "/stages/2/carry/1"},
    {"/stages/2/carry", R"(["momentum"])", "/stages/2/carry/0"},
    {"/stages/1/carry", R"(["hyper"])", "/stages/1/carry/0"},
    {"/stages/1/pick", "0"},
    {"/stages/2/architecture", "{}", "/stages/2/carry/0"},
    {"/stages/1/trials/ranges/~1batch_size", "[0, 64]"},
    {"/stages/1/trials/ranges/~1batch_sise", "[1, 64]"},
    {"/stages/2/stop_when", R"("searcher_finished")"},
    {"/stages/2/hyper", R"({"momentum": 0.5})", "/stages/2/hyper/momentum"},
    {"/stages/0/constraints", R"("params ~ 3M")"},
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(pipeline_schema_and_loader, Both)

BOOST_AUTO_TEST_CASE(examples_conform_to_the_schema_of_the_built_plugins) {
  PluginRegistry built;
  built.load_directory(test::build_dir() / "plugins", true);
  SchemaOracle oracle(pipeline_schema(built));
  size_t count = 0;
  const auto examples = test::source_dir() / "examples";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(examples)) {
    const auto folder = entry.path().parent_path();
    if (entry.path().extension() != ".json" || (folder != examples && folder != examples / "pipelines")) continue;
    std::ifstream file(entry.path());
    const Json pipeline = Json::parse(file, nullptr, true, /*ignore_comments=*/true);
    BOOST_TEST_CONTEXT(entry.path()) BOOST_TEST(oracle.fault(pipeline).value_or("") == "");
    ++count;
  }
  BOOST_TEST(count > 8U);
}

BOOST_AUTO_TEST_CASE(both_accept_good_files) {
  check_accepted(good_file());
  Json json = good_file();
  json["stages"].erase(2);
  json["stages"].erase(1);
  check_accepted(json);
  json["stages"][0].erase("stop_when");
  json["stages"][0].erase("searcher");
  json["stages"][0]["trials"] = {{"use", "dha.random"}, {"count", 3}};
  check_accepted(json);
  json = good_file();
  json["stages"][2]["augment"] = nullptr;
  json["stages"][2]["space"] = Json::object();
  check_accepted(json);
  json["stages"][1]["space"]["head"] = {{"factor", 1.5}};
  json["stages"][2]["space"]["head"] = nullptr;
  check_accepted(json);
  json = good_file();
  json["stages"][1]["searcher"] = {{"use", "dha.architecture"}, {"genotype", Json::object()}};
  json["stages"][2]["pick"] = 3;
  check_accepted(json);
  json["stages"][1]["searcher"] = nullptr;
  json["stages"][1]["architecture"] = Json::object();
  json["stages"][2]["pick"] = "each";
  check_accepted(json);
  json["stages"][1].erase("searcher");
  json["stages"][1]["architecture"] = nullptr;
  json["stages"][0].erase("searcher");
  json["stages"][0].erase("stop_when");
  json["stages"][0]["architecture"] = {{"cells", {1, 2}}};
  check_accepted(json);
}

BOOST_AUTO_TEST_CASE(both_accept_the_resolved_file) {
  const PipelineConfig config = load_pipeline(write("p.json", good_file()), {}, registry);
  check_accepted(Json::parse(config.resolved_json));
  StageConfig trial = config.stages[1];
  trial.architecture = R"({"cells": [1, 2]})";
  check_accepted(Json::parse(trial_pipeline(config, trial, "trial-0")));
}

BOOST_AUTO_TEST_CASE(both_accept_files_that_extend_others) {
  check_accepted(Json::parse(R"({ "extends": "base.json" })"));
  check_accepted(Json::parse(R"({ "extends": ["base.json"], "seed": null, "dataset": { "size": null, "limit_test": 3 },
    "stages": [ { "name": "search", "space": { "channels": 8 }, "searcher": { "use": "dha.ista", "keep": 1 },
                  "constraints": null },
                { "name": "final", "hyper": { "probe_rate": 1e-5 } } ] })"));
}

BOOST_AUTO_TEST_CASE(both_accept_another_of_exclusive_parameters_where_null_removes_the_first) {
  Json decided = good_file();
  decided["stages"][0]["searcher"] = {{"use", "dha.architecture"}, {"genotype_file", "cells.json"}};
  write("decided.json", decided);
  for (const char* searcher : {R"({ "use": "dha.architecture" })", R"({ "genotype_file": "others.json" })",
                               R"({ "use": "dha.architecture", "genotype_file": null, "genotype": {} })"}) {
    Json json = {{"extends", "decided.json"}, {"stages", {{{"name", "search"}, {"searcher", Json::parse(searcher)}}}}};
    check_accepted(json);
  }
}

BOOST_AUTO_TEST_CASE(both_refuse_broken_files_that_extend_others) {
  const std::pair<const char*, const char*> table[] = {
      {R"({ "extends": "base.json", "sead": 1 })", "/sead"},
      {R"({ "extends": 3 })", "/extends"},
      {R"({ "extends": [""] })", "/extends/0"},
      {R"({ "extends": "base.json", "dataset": { "sizes": 1 } })", "/dataset/sizes"},
      {R"({ "extends": "base.json", "dataset": { "use": "dha.none" } })", "/dataset/use"},
      {R"({ "extends": "base.json", "stages": [ { "name": "search", "epochs": 0 } ] })", "/stages/0/epochs"},
      {R"({ "extends": "base.json", "stages": [ { "name": "search", "space": { "channels": 0 } } ] })",
       "/stages/0/space/channels"},
      {R"({ "extends": "base.json", "dataset": { "channels": 2 } })", "/dataset/channels"},
      {R"({ "extends": "base.json", "stages": [ { "name": "search", "searcher":
           { "use": "dha.architecture", "genotype": {}, "genotype_file": "cells.json" } } ] })",
       "/stages/0/searcher"},
      {R"({ "extends": "base.json", "stages": [ { "epochs": 3 } ] })", "/stages/3"},
  };
  for (const auto& [text, pointer] : table) {
    BOOST_TEST_CONTEXT(text) {
      const Json json = Json::parse(text);
      BOOST_TEST(schema.fault(json).has_value(), "the schema accepts it");
      check_refused_by_loader(json, pointer);
    }
  }
}

BOOST_AUTO_TEST_CASE(both_refuse_broken_files) {
  static_assert(std::size(kFaults) >= 100);
  for (const Fault& fault : kFaults) {
    BOOST_TEST_CONTEXT(fault.at << " = " << (fault.value == nullptr ? "nothing" : fault.value)) {
      const Json json = with_fault(fault);
      BOOST_TEST(schema.fault(json).has_value(), "the schema accepts it");
      check_refused_by_loader(json, fault.expected == nullptr ? fault.at : fault.expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_loader_refuses_what_a_schema_cannot_see) {
  for (const Fault& fault : kBeyondTheSchema) {
    BOOST_TEST_CONTEXT(fault.at << " = " << fault.value) {
      const Json json = with_fault(fault);
      BOOST_TEST(!schema.fault(json).has_value(), "the schema sees it too; move it to the other table");
      check_refused_by_loader(json, fault.expected == nullptr ? fault.at : fault.expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_schema_documents_every_key) {
  const Json json = Json::parse(pipeline_schema(registry));
  const Json& cell = json["definitions"]["dha.cell"]["properties"];
  BOOST_TEST(cell["channels"]["default"] == 36);
  BOOST_TEST(cell["channels"]["description"] == "channels of the first cell");
  BOOST_TEST(cell["channels"]["minimum"] == 4);
  BOOST_TEST(json["definitions"]["dha.image_folder"]["properties"]["size"]["description"] ==
             "side of the images that a network sees [px]");
  for (const auto& [name, definition] : json["definitions"].items())
    for (const auto& [key, property] : definition["properties"].items())
      if (definition.contains("additionalProperties") && !property.contains("anyOf"))
        BOOST_TEST(property.contains("description"), name << " does not describe " << key);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha
