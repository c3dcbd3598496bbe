// Pipeline files: places in messages, merging, inheritance, rules between stages, overrides, and what is resolved.
#include "pipeline/pipeline.hpp"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "pipeline/constraints.hpp"
#include "pipeline/document_reader.hpp"
#include "pipeline/pipeline_error.hpp"
#include "support/error_checks.hpp"
#include "support/paths.hpp"
#include "support/static_components.hpp"

namespace dha {

namespace {

using Json = nlohmann::ordered_json;

const char* const kGood = R"({
  // Comments are allowed.
  "$schema": "dha.schema.json",
  "name": "good", "seed": 7,
  "dataset": { "use": "dha.cifar10", "path": "data/cifar", "limit_train": 500 },
  "stages": [
    { "name": "search", "epochs": 12, "batch_size": 96, "stop_when": "searcher_finished",
      "space": { "use": "dha.cell", "channels": 16, "auxiliary_weight": 0.4 },
      "searcher": { "use": "dha.ista", "lambda": 1e-4 },
      "augment": [ { "use": "dha.flip" }, { "use": "dha.cutout", "size_px": 16 } ],
      "hyper": { "use": "dha.hypergradient", "learning_rate": [0.001, 0.05], "clamp": 0.5 },
      "constraints": "params < 3.7M" },
    { "name": "final", "epochs": 6, "from": "search", "carry": ["weights", "hyper"],
      "hyper": { "probe_rate": 1e-6 }, /* the rest is taken over */ "drop_path": 0.2 }
  ]
}
)";

struct Folder {
  test::TemporaryDirectory directory;
  PluginRegistry registry = test::component_registry();

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = directory.path() / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }

  PipelineConfig load(const std::string& text, const std::vector<Override>& overrides = {}) const {
    return load_pipeline(write("p.json", text), overrides, registry);
  }

  // The problems of `text`, without the folder in their sources.
  std::vector<std::string> problems(const std::string& text, const std::vector<Override>& overrides = {}) const {
    std::vector<std::string> sentences;
    try {
      load(text, overrides);
    } catch (const PipelineError& error) {
      for (const PipelineProblem& problem : error.problems()) sentences.push_back(without_folder(problem.sentence()));
    }
    return sentences;
  }

  std::string without_folder(std::string text) const {
    const std::string folder = directory.path().string() + "/";
    for (size_t at = 0; (at = text.find(folder)) != text.npos;) text.erase(at, folder.size());
    return text;
  }

  void check_problems(const std::string& text, const std::vector<std::string>& expected,
                      const std::vector<Override>& overrides = {}) const {
    const std::vector<std::string> found = problems(text, overrides);
    BOOST_CHECK_EQUAL_COLLECTIONS(found.begin(), found.end(), expected.begin(), expected.end());
  }
};

// `text` with the first `from` replaced.
std::string edited(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  BOOST_REQUIRE_MESSAGE(at != text.npos, "the edit finds no '" << from << "'");
  return text.replace(at, from.size(), to);
}

// Where `anchor` first stands in `text` of ASCII characters: "p.json:3:14: ".
std::string at(const std::string& text, const std::string& anchor) {
  const size_t position = text.find(anchor);
  BOOST_REQUIRE_MESSAGE(position != text.npos, "no '" << anchor << "' in the text");
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n');
  const size_t line_start = text.rfind('\n', position) + 1;  // npos + 1 is 0
  return "p.json:" + std::to_string(line) + ":" + std::to_string(position - line_start + 1) + ": ";
}

std::string good_with(const std::string& from, const std::string& to) { return edited(kGood, from, to); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(pipeline_file, Folder)

BOOST_AUTO_TEST_CASE(a_good_file_becomes_typed_values) {
  const PipelineConfig config = load(kGood);
  BOOST_TEST(config.name == "good");
  BOOST_TEST(config.seed == 7u);
  BOOST_TEST(config.device == "auto");
  BOOST_TEST(config.channels_last);
  BOOST_TEST(config.dataset.component.id == "dha.cifar10");
  BOOST_TEST(*config.dataset.limit_train == 500);
  BOOST_TEST(!config.dataset.limit_test.has_value());
  BOOST_TEST(Json::parse(config.dataset.component.params_json) ==
             Json({{"path", (directory.path() / "data/cifar").string()}}));

  BOOST_REQUIRE(config.stages.size() == 2u);
  const StageConfig& search = config.stages[0];
  BOOST_TEST(search.epochs == 12);
  BOOST_TEST(search.batch_size == 96);
  BOOST_TEST(search.stop_when_searcher_finished);
  BOOST_TEST(search.gradient_clip == 5);
  BOOST_TEST(search.constraints == "params < 3.7M");
  BOOST_TEST(search.space.id == "dha.cell");
  const Json space = Json::parse(search.space.params_json);
  BOOST_TEST(space == Json::parse(R"({"channels": 16, "cells": 20, "auxiliary_weight": 0.4,
                                      "operations": ["skip", "sep_conv_3x3"], "stem": {"stride": 1}})"));
  BOOST_REQUIRE(search.augment.size() == 2u);
  BOOST_TEST(search.augment[1].id == "dha.cutout");
  BOOST_TEST(!search.trials);
  BOOST_TEST(search.trial_count == 0);
}

BOOST_AUTO_TEST_CASE(a_trials_stage_has_a_count) {
  const PipelineConfig config = load(good_with(R"("searcher": { "use": "dha.ista", "lambda": 1e-4 })",
                                               R"("trials": { "use": "dha.random", "count": 10, "population": 2 })"),
                                     {{"stages.0.stop_when", "null"}, {"stages.1.carry", "[]"}});
  BOOST_TEST(config.stages[0].trials.id == "dha.random");
  BOOST_TEST(config.stages[0].trial_count == 10);
  BOOST_TEST(config.stages[0].trials.params_json == R"({"population":2})");
  BOOST_TEST(config.stages[1].trial_count == 10);
}

BOOST_AUTO_TEST_CASE(a_stage_takes_over_what_it_does_not_give) {
  const StageConfig final = load(kGood).stages[1];
  BOOST_TEST(final.space.id == "dha.cell");
  BOOST_TEST(final.searcher.id == "dha.ista");
  BOOST_TEST(final.augment.size() == 2u);
  BOOST_TEST(final.batch_size == 96);
  BOOST_TEST(final.from == "search");
  BOOST_TEST(final.carry == (std::vector<std::string>{"weights", "hyper"}), boost::test_tools::per_element());
  const Json hyper = Json::parse(final.hyper.params_json);
  BOOST_TEST(hyper["probe_rate"] == 1e-6);
  BOOST_TEST(hyper["learning_rate"] == Json({0.001, 0.05}));
  BOOST_TEST(hyper["clamp"] == 0.5);
  // The stage's own training keys are not taken over.
  BOOST_TEST(final.constraints.empty());
  BOOST_TEST(!final.stop_when_searcher_finished);
}

BOOST_AUTO_TEST_CASE(how_often_to_log_and_what_to_hold_out_are_taken_over) {
  const std::string first = good_with("\"batch_size\": 96", "\"log_every\": 3, \"validation_fraction\": 0.25");
  const StageConfig taken_over = load(first).stages[1];
  BOOST_TEST(taken_over.log_every == 3);
  BOOST_TEST(taken_over.validation_fraction == 0.25);

  const StageConfig own =
      load(edited(first, "\"drop_path\": 0.2", "\"log_every\": 7, \"validation_fraction\": null")).stages[1];
  BOOST_TEST(own.log_every == 7);
  BOOST_TEST(own.validation_fraction == 0);
}

BOOST_AUTO_TEST_CASE(an_entry_with_use_stands_alone_and_null_takes_nothing_over) {
  const StageConfig own =
      load(good_with(R"("hyper": { "probe_rate": 1e-6 })",
                     R"("hyper": { "use": "dha.hypergradient", "learning_rate": [1, 2] }, "augment": null)"))
          .stages[1];
  const Json hyper = Json::parse(own.hyper.params_json);
  BOOST_TEST(!hyper.contains("clamp"));
  BOOST_TEST(hyper["learning_rate"] == Json({1, 2}));
  BOOST_TEST(own.augment.empty());

  const StageConfig less = load(good_with(R"({ "probe_rate": 1e-6 })", R"({ "clamp": null })")).stages[1];
  BOOST_TEST(!Json::parse(less.hyper.params_json).contains("clamp"));
}

BOOST_AUTO_TEST_CASE(a_stage_chain_takes_over_along_the_chain) {
  const std::string text = good_with(R"("drop_path": 0.2 })", R"("drop_path": 0.2 },
    { "name": "third", "epochs": 1, "from": "final", "hyper": { "clamp": 0.25 } })");
  const Json hyper = Json::parse(load(text).stages[2].hyper.params_json);
  BOOST_TEST(hyper["probe_rate"] == 1e-6);
  BOOST_TEST(hyper["clamp"] == 0.25);
}

BOOST_AUTO_TEST_CASE(a_carried_architecture_takes_over_no_search) {
  const PipelineConfig config = load(good_with(R"(["weights", "hyper"])", R"(["architecture", "hyper"])"));
  BOOST_TEST(!config.stages[1].searcher);
  BOOST_TEST(config.stages[1].space.id == "dha.cell");
}

BOOST_AUTO_TEST_CASE(faults_name_file_line_column_and_pointer) {
  check_problems("{\n  \"seed\": -1,\n  \"name\": \"a\",   \"dataset\": {},\n  \"stages\": [] }",
                 {"p.json:2:11: /seed must be in [0, 9223372036854775807], found -1",
                  "p.json:4:13: /stages must have at least 1 items, found 0",
                  "p.json:3:29: /dataset lacks 'use' (id of the dataset)"});
  std::string text = good_with("\"epochs\": 12", "\"epocs\": 12");
  check_problems(text, {at(text, "\"epocs") + "/stages/0/epocs is not a known key; did you mean 'epochs'?",
                        at(text, "{ \"name\": \"search") +
                            "/stages/0 lacks 'epochs' (epochs to train; the maximum if stop_when is set)"});
  text = good_with("0.05]", "0.05, 1]");
  check_problems(text, {at(text, "[0.001") + "/stages/0/hyper/learning_rate must have 2 items, found 3"});
  text = good_with("\"size_px\": 16", "\"size_px\": \"16\"");
  check_problems(text, {at(text, "\"16\"") + "/stages/0/augment/1/size_px must be an integer, found \"16\""});
}

BOOST_AUTO_TEST_CASE(columns_count_characters_and_lines_end_either_way) {
  std::string text = good_with("// Comments are allowed.", "/* ää\n漢 */ \"näme\": 1,");
  check_problems(text, {"p.json:3:6: /näme is not a known key; did you mean 'name'?"});
  for (size_t at = 0; (at = text.find('\n', at)) != text.npos; at += 2) text.insert(at, "\r");
  check_problems(text, {"p.json:3:6: /näme is not a known key; did you mean 'name'?"});
}

BOOST_AUTO_TEST_CASE(all_problems_are_reported_together_and_the_error_starts_with_the_first) {
  std::string text = good_with("\"seed\": 7", "\"seed\": -1");
  text = edited(text, "dha.cell", "dha.cel");
  text = edited(text, "0.2", "1");
  const std::vector<std::string> expected = {
      at(text, "-1") + "/seed must be in [0, 9223372036854775807], found -1",
      at(text, "\"dha.cel\"") +
          "/stages/0/space/use cannot be used: no space is named 'dha.cel'; did you mean "
          "'dha.cell'?",
      at(text, "1 }\n  ]") + "/stages/1/drop_path must be less than 1, found 1"};
  check_problems(text, expected);
  try {
    load(text);
    BOOST_ERROR("the file was accepted");
  } catch (const Error& error) {
    BOOST_TEST((error.code() == ErrorCode::kInvalidConfig));
    BOOST_TEST(without_folder(error.what()).find(expected[0] + "\n") == 0u);
  }
}

BOOST_AUTO_TEST_CASE(a_file_with_only_unknown_components_is_not_found) {
  BOOST_CHECK_EXCEPTION(load(good_with("dha.ista", "dha.flip")), Error,
                        test::error_with(ErrorCode::kNotFound, "/stages/0/searcher/use", "dha.flip", "augmenter"));
}

BOOST_AUTO_TEST_CASE(broken_syntax_is_located) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", "p.json:1:1: the pipeline is empty; expected a JSON object"},
      {" // nothing\n", "p.json:2:1: the pipeline is empty; expected a JSON object"},
      {"[]", "p.json:1:1: the pipeline must be an object"},
      {"{} {}", "p.json:1:4: the pipeline must end after its object, found '{'"},
      {"{\n \"a\": [1, {\n",
       "p.json:3:1: /a/1 is not closed: the file ends here; add the '}' that belongs to line 2, "
       "column 11"},
      {"{ \"a\": [1",
       "p.json:1:10: /a is not closed: the file ends here; add the ']' that belongs to line 1, column 8"},
      {"{ \"a\":", "p.json:1:7: /a has no value: the file ends here"},
      {"{ \"a\" 1 }", "p.json:1:7: /a must be followed by ':', found '1'"},
      {"{ \"a\": 1 \"b\": 2 }", "p.json:1:10: the pipeline must continue with ',' or '}', found '\"'"},
      {"{ \"a\": 1, }", "p.json:1:11: the pipeline has a comma before its '}'; remove the comma"},
      {"{ \"a\": [1, 2,] }", "p.json:1:14: /a has a comma before its ']'; remove the comma"},
      {"{ \"a\": [,] }", "p.json:1:9: /a/0 must be a value, found ','"},
      {"{ a: 1 }", "p.json:1:3: the pipeline must have keys in double quotes, found 'a'"},
      {"{ \"a\": 'x' }", "p.json:1:8: /a must be a value, found '''"},
      {"{ \"a\": True }", "p.json:1:8: /a must be a value, found 'True'; write 'true'"},
      {"{ \"a\": yes }", "p.json:1:8: /a must be a value, found 'yes'; put text in double quotes"},
      {"{ \"a\": NaN }", "p.json:1:8: /a must be finite, found NaN"},
      {"{ \"a\": -Infinity }", "p.json:1:8: /a must be finite, found -Infinity"},
      {"{ \"a\": 1e999 }", "p.json:1:8: /a must be finite, found 1e999, which is too large for a double"},
      {"{ \"a\": 01 }", "p.json:1:8: /a must be a number as JSON writes it, found '01'"},
      {"{ \"a\": .5 }", "p.json:1:8: /a must be a number as JSON writes it, found '.5'"},
      {"{ \"a\": \"x\n\" }", "p.json:1:8: /a has text that is not closed on its line; add '\"'"},
      {"{ \"a\": \"x", "p.json:1:8: /a has text that is not closed on its line; add '\"'"},
      {"{ \"a\": \"\\x\" }",
       "p.json:1:8: /a has an invalid escape in its text; known are \\\" \\\\ \\/ \\b \\f \\n \\r "
       "\\t \\u1234"},
      {"{ \"a\": \"\t\" }", "p.json:1:8: /a has a control character in its text; write it as an escape such as \\t"},
      {"{ /* \"a\": 1 }", "p.json:1:3: the pipeline has a comment that begins here and is not closed; add '*/'"},
      {"\xEF\xBB\xBF{}", "p.json:1:1: the pipeline begins with a byte order mark; save the file as UTF-8 without one"},
      {std::string("\xFF\xFE{\0}\0", 6), "p.json:1:1: the pipeline is encoded as UTF-16; save the file as UTF-8"},
      {"{\n\"\xC3\xA4\": \"\xE4\" }",
       "p.json:2:7: the pipeline has a byte that is not valid UTF-8; save the file as "
       "UTF-8"},
      {"{ \"a\": 1, \"b\": 2,\n \"a\": 3 }", "p.json:2:2: /a is given twice; the first is at line 1, column 3"},
      {"{ \"a\": " + std::string(70, '[') + std::string(70, ']') + "}", ""},
  };
  for (const auto& [text, sentence] : table) {
    if (!sentence.empty()) check_problems(text, {sentence});
  }
  BOOST_TEST(problems(table.back().first).at(0).find("is nested more than 64 deep") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_reader_accepts_what_the_json_library_accepts) {
  // Mutants of a good text: both must agree on each, and on the value where it is accepted.
  std::mt19937 random(20210905);
  const auto source = std::make_shared<const Source>(Source{"mutant", "/"});
  const std::string alphabet = "{}[]\",:/*\\ 0123456789.eE+-truefalsn\n\t\xC3\xA4";
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = R"({"a": [1, -2.5e3, "x\nä"], /* c */ "b": {"c": true, "d": null}, // e
                           "f": [[], {}]})";
    for (uint32_t edits = 1 + random() % 3; edits > 0; --edits) {
      const size_t at = random() % text.size();
      if (random() % 2 == 0)
        text.erase(at, 1);
      else
        text.insert(at, 1, alphabet[random() % alphabet.size()]);
    }
    ProblemList problems;
    const Node node = read_document(text, source, problems);
    const Json library = Json::parse(text, nullptr, false, true);
    // The two differ by design where a key comes twice, and on bytes that are no UTF-8 inside comments.
    std::string first;
    try {
      problems.throw_if_any();
    } catch (const PipelineError& error) {
      first = error.problems()[0].message;
    }
    if (first.find("twice") != first.npos || first.find("UTF-8") != first.npos) continue;
    BOOST_TEST_INFO("mutant: " << text << "\nmessage: " << first);
    BOOST_REQUIRE(first.empty() == !library.is_discarded());
    if (!first.empty()) continue;
    ++accepted;
    BOOST_REQUIRE(to_json(node) == library);
  }
  BOOST_TEST(accepted > 1000);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_or_a_folder_is_named) {
  const std::filesystem::path absent = directory.path() / "absent.json";
  BOOST_CHECK_EXCEPTION(
      load_pipeline(absent, {}, registry), Error,
      test::error_with(ErrorCode::kInvalidConfig, absent.string() + ": the pipeline file does not exist"));
  BOOST_CHECK_EXCEPTION(load_pipeline(directory.path(), {}, registry), Error,
                        test::error_with(ErrorCode::kInvalidConfig, "is a folder; name a file"));
}

BOOST_AUTO_TEST_CASE(a_pipe_is_read_as_a_file) {
  int ends[2];
  BOOST_REQUIRE(pipe(ends) == 0);
  const std::string_view text = kGood;
  BOOST_REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  close(ends[1]);
  BOOST_TEST(load_pipeline("/proc/self/fd/" + std::to_string(ends[0]), {}, registry).name == "good");
  close(ends[0]);
}

BOOST_AUTO_TEST_CASE(extending_merges_deeply_and_the_extending_file_wins) {
  write("base/search.json", kGood);
  const PipelineConfig config = load(R"({ "extends": "base/search.json", "name": "mine", "seed": null,
    "dataset": { "limit_train": null, "limit_test": 10 },
    "stages": [
      { "name": "final", "epochs": 3, "augment": [], "hyper": { "use": "dha.sgd", "learning_rate": 0.2 } },
      { "name": "search", "space": { "channels": 8 }, "hyper": { "use": "dha.sgd", "learning_rate": 0.1 } },
      { "name": "extra", "epochs": 1, "from": "final" } ] })");
  BOOST_TEST(config.name == "mine");
  BOOST_TEST(config.seed == 1u);
  BOOST_TEST(!config.dataset.limit_train.has_value());
  BOOST_TEST(*config.dataset.limit_test == 10);
  BOOST_REQUIRE(config.stages.size() == 3u);
  BOOST_TEST(config.stages[0].name == "search");
  BOOST_TEST(config.stages[0].epochs == 12);
  const Json space = Json::parse(config.stages[0].space.params_json);
  BOOST_TEST(space["channels"] == 8);
  BOOST_TEST(space["auxiliary_weight"] == 0.4);
  // Another component: none of the base's parameters remains.
  BOOST_TEST(config.stages[0].hyper.id == "dha.sgd");
  BOOST_TEST(config.stages[0].hyper.params_json == R"({"learning_rate":0.1,"momentum":0.9})");
  BOOST_TEST(config.stages[1].epochs == 3);
  BOOST_TEST(config.stages[1].augment.empty());
  BOOST_TEST(config.stages[2].name == "extra");
}
BOOST_AUTO_TEST_CASE(of_several_bases_the_later_wins) {
  write("a.json", kGood);
  write("b.json", R"({ "seed": 8, "device": "cpu" })");
  write("c.json", R"({ "extends": [], "seed": 9 })");
  const PipelineConfig config = load(R"({ "extends": ["a.json", "b.json", "c.json"], "name": "x" })");
  BOOST_TEST(config.seed == 9u);
  BOOST_TEST(config.device == "cpu");
  BOOST_TEST(config.name == "x");
}

BOOST_AUTO_TEST_CASE(a_null_removes_from_base_and_from_inheritance) {
  write("a.json", kGood);
  const PipelineConfig config = load(
      R"({ "extends": "a.json", "stages": [ { "name": "final", "augment": null, "hyper": { "clamp": null } } ] })");
  BOOST_TEST(config.stages[1].augment.empty());
  BOOST_TEST(!Json::parse(config.stages[1].hyper.params_json).contains("clamp"));
  check_problems(R"({ "extends": "a.json", "device": null })", {"p.json:1:34: /device must be text, found null"});
  check_problems(good_with("\"seed\": 7", "\"seed\": null"), {"p.json:4:27: /seed must be an integer, found null"});
}

BOOST_AUTO_TEST_CASE(paths_are_relative_to_the_file_they_stand_in) {
  write("base/a.json", kGood);
  const std::string text = R"({ "extends": "base/a.json",
    "stages": [ { "name": "search", "space": { "pretrained": "../w.bin" } } ] })";
  const std::filesystem::path mine = write("mine/p.json", edited(text, "base/a.json", "../base/a.json"));
  const PipelineConfig config = load_pipeline(mine, {}, registry);
  BOOST_TEST(Json::parse(config.dataset.component.params_json)["path"] ==
             (directory.path() / "base/data/cifar").string());
  BOOST_TEST(Json::parse(config.stages[0].space.params_json)["pretrained"] == (directory.path() / "w.bin").string());
  BOOST_TEST(Json::parse(config.stages[1].space.params_json)["pretrained"] == (directory.path() / "w.bin").string());
  setenv("HOME", "/home/me", 1);
  for (const auto& [written, meant] : {std::pair{"~/here", "/home/me/here"}, {"~", "/home/me"}, {"/x/~/y", "/x/~/y"}}) {
    const PipelineConfig in_home = load_pipeline(mine, {{"dataset.path", written}}, registry);
    BOOST_TEST(Json::parse(in_home.dataset.component.params_json)["path"] == meant);
  }
  const PipelineConfig set = load_pipeline(mine, {{"dataset.path", "here"}}, registry);
  BOOST_TEST(Json::parse(set.dataset.component.params_json)["path"] ==
             (std::filesystem::current_path() / "here").string());
}

BOOST_AUTO_TEST_CASE(paths_are_utf8) {
  const std::filesystem::path file = write("caf\xe9/p.json", kGood);
  BOOST_CHECK_EXCEPTION(load_pipeline(file, {}, registry), PipelineError, [](const PipelineError& error) {
    return error.problems().front().message.ends_with(
        R"(caf\xe9/data/cifar", which is not UTF-8 as a pipeline must be; rename the folder)");
  });
  load_pipeline(file, {{"dataset.path", "/elsewhere"}}, registry);
  check_problems(
      kGood,
      {"--set dataset.path=caf\xe9: the pipeline has text that is not UTF-8; rename the file or folder that it names"},
      {{"dataset.path", "caf\xe9"}});
}

BOOST_AUTO_TEST_CASE(problems_of_a_base_are_placed_in_the_base) {
  write("a.json", good_with("\"channels\": 16", "\"channels\": 1"));
  check_problems(R"({ "extends": "a.json" })", {"a.json:8:49: /stages/0/space/channels must be in [4, 512], found 1"});
  write("a.json", "{ \"seed\": 1,, }");
  check_problems(R"({ "extends": "a.json" })",
                 {"a.json:1:13: the pipeline must have keys in double quotes, found ','"});
}

BOOST_AUTO_TEST_CASE(circles_and_missing_bases_are_reported_where_they_are_named) {
  write("a.json", R"({ "extends": ["sub/b.json"] })");
  write("sub/b.json", R"({ "extends": "../p.json" })");
  check_problems(R"({ "extends": "a.json" })", {"sub/b.json:1:14: /extends leads back to a file that is being read: "
                                                "p.json -> a.json -> sub/b.json -> p.json"});
  check_problems(R"({ "extends": ["c.json"] })", {"p.json:1:15: /extends/0 names c.json, which does not exist"});
  check_problems(R"({ "extends": 3 })", {"p.json:1:14: /extends must name a file, or be a list of files"});
}

BOOST_AUTO_TEST_CASE(a_base_may_be_reached_twice) {
  write("a.json", kGood);
  write("b.json", R"({ "extends": "a.json", "seed": 3 })");
  write("c.json", R"({ "extends": "a.json", "device": "cpu" })");
  BOOST_TEST(load(R"({ "extends": ["b.json", "c.json"] })").device == "cpu");
}

BOOST_AUTO_TEST_CASE(stage_rules_hold) {
  struct Fault {
    const char *from, *to;
    const char *anchor, *sentence;  // the sentence begins with the place of the anchor
  };
  const Fault table[] = {
      {R"("name": "final")", R"("name": "search")", R"("search", "epochs": 6)",
       "/stages/1/name is the name of /stages/0 too; names are unique in a file"},
      {R"("from": "search")", R"("from": "serch")", R"("serch")",
       "/stages/1/from names no earlier stage, found 'serch'; did you mean 'search'?"},
      {R"("from": "search")", R"("from": "final")", R"("final", "carry)",
       "/stages/1/from names stage 'final', which does not come earlier; name a stage before this one"},
      {R"("from": "search", "carry": ["weights", "hyper"],
      "hyper": { "probe_rate": 1e-6 },)",
       R"("space": { "use": "dha.mobile" }, "searcher": { "use": "dha.ista" }, "carry": ["weights"],
      "hyper": { "use": "dha.sgd", "learning_rate": 1 },)",
       R"(["weights"])", "/stages/1/carry needs 'from', the stage to carry from"},
      {R"(["weights", "hyper"])", R"(["weights", "hyper", "weights"])", R"("weights"],)",
       "/stages/1/carry/2 repeats \"weights\""},
      {R"(["weights", "hyper"])", R"(["wieghts"])", R"("wieghts")",
       "/stages/1/carry/0 must be one of 'weights', 'searcher', 'augment', 'hyper', 'momentum', 'architecture', "
       "found \"wieghts\"; did you mean 'weights'?"},
      {R"("hyper": { "probe_rate": 1e-6 })", R"("space": { "use": "dha.mobile" })", R"("weights")",
       "/stages/1/carry/0 carries 'weights' from 'dha.cell', but the space of this stage is "
       "'dha.mobile'; "
       "use the same component or carry something else"},
      {R"("hyper": { "probe_rate": 1e-6 })", R"("hyper": { "use": "dha.sgd", "learning_rate": 1 })", R"("hyper"],)",
       "/stages/1/carry/1 carries 'hyper' from 'dha.hypergradient', but the hyper of this stage is "
       "'dha.sgd'; use the same component or carry something else"},
      {R"(["weights", "hyper"])", R"(["architecture", "weights"])", R"("weights"])",
       "/stages/1/carry/1 cannot be 'weights' together with 'architecture', which starts from new weights"},
      {R"(["weights", "hyper"],)", R"(["architecture"], "searcher": { "use": "dha.ista" },)",
       R"({ "use": "dha.ista" })",
       "/stages/1/searcher has nothing to search for if 'architecture' is carried; remove one of them"},
      {R"("searcher": { "use": "dha.ista", "lambda": 1e-4 },)", "", R"("searcher_finished")",
       "/stages/0/stop_when waits for a searcher, which this stage lacks"},
      {R"("lambda": 1e-4 },)", R"("lambda": 1e-4 }, "trials": { "use": "dha.random", "count": 3 },)",
       R"("searcher_finished")",
       "/stages/0/stop_when cannot be combined with 'trials', because trials train no searcher; remove it"},
      {R"("stop_when": "searcher_finished",)",
       R"("on_collapse": "stop", "trials": { "use": "dha.random", "count": 3 },)", R"("stop")",
       "/stages/0/on_collapse cannot be combined with 'trials', because trials train no searcher; remove it"},
      {R"("space": { "use": "dha.cell", "channels": 16, "auxiliary_weight": 0.4 },)", "", R"({ "name": "search")",
       "/stages/0 lacks 'space' (a component: {\"use\": id, ...})"},
      {R"("params < 3.7M")", R"("my params < 3.7M")", R"("my params)",
       "/stages/0/constraints cannot be read: the constraint 'my params < 3.7M' limits 'my params'; expected the name "
       "of a quantity, such as params or multiply_adds"},
      {R"("name": "good")", R"("name": "../good")", R"("../good")",
       "/name must be 1 to 128 letters, digits, '.', '_' or '-', the first a letter or digit, found "
       "\"../good\""},
      {R"("name": "final")", R"("name": "2nd")", R"("2nd")",
       "/stages/1/name must be 1 to 64 letters, digits, '_' or '-', the first a letter, found \"2nd\""},
      {R"("seed": 7)", R"("device": "gpu")", R"("gpu")", "/device must be auto, cpu, cuda or cuda:N, found \"gpu\""},
      {R"("seed": 7)", R"("seed": 9223372036854775808)", R"(9223372036854775808)",
       "/seed must be at most 9223372036854775807, found 9223372036854775808"},
      {R"("use": "dha.ista", )", "", R"({ "lambda")", "/stages/0/searcher lacks 'use' (id of the searcher)"},
      {R"("use": "dha.flip")", "", R"({  })", "/stages/0/augment/0 lacks 'use' (id of the augmenter)"},
  };
  for (const Fault& fault : table) {
    BOOST_TEST_CONTEXT(fault.to) {
      const std::string text = good_with(fault.from, fault.to);
      const std::string expected = at(text, fault.anchor) + fault.sentence;
      const std::vector<std::string> found = problems(text);
      BOOST_TEST_REQUIRE(!found.empty());
      BOOST_TEST(std::count(found.begin(), found.end(), expected) == 1,
                 "expected: " << expected << "\nfound: " << found[0]);
    }
  }
}

BOOST_AUTO_TEST_CASE(carrying_what_the_earlier_stage_lacks_is_an_error) {
  const std::string trials = edited(good_with(R"("searcher": { "use": "dha.ista", "lambda": 1e-4 })",
                                              R"("trials": { "use": "dha.random", "count": 10 })"),
                                    R"(, "stop_when": "searcher_finished")", "");
  std::string text = edited(trials, R"("carry": ["weights", "hyper"],)",
                            R"("trials": null, "searcher": { "use": "dha.ista" }, "carry": ["searcher"],)");
  check_problems(
      text, {at(text, "\"searcher\"]") + "/stages/1/carry/0 carries 'searcher', but stage 'search' has no searcher"});
  const std::string bare =
      good_with(R"("augment": [ { "use": "dha.flip" }, { "use": "dha.cutout", "size_px": 16 } ],)", "");
  text = edited(bare, R"(["weights", "hyper"])", R"(["augment"])");
  check_problems(
      text, {at(text, "\"augment\"]") + "/stages/1/carry/0 carries 'augment', but stage 'search' has no augmenter"});
  const std::string other =
      good_with(R"(["weights", "hyper"],)", R"(["augment"], "augment": [ { "use": "dha.tau" } ],)");
  check_problems(other, {at(other, "\"augment\"]") +
                         "/stages/1/carry/0 carries 'augment', but this stage has no augmenter in common "
                         "with stage 'search'"});
}

BOOST_AUTO_TEST_CASE(a_fault_in_what_is_taken_over_is_reported_once) {
  check_problems(good_with("\"lambda\": 1e-4", "\"lambda\": 2"),
                 {"p.json:9:50: /stages/0/searcher/lambda must be in [0, 1], found 2"});
}

BOOST_AUTO_TEST_CASE(a_stage_from_nowhere_does_not_cascade) {
  BOOST_TEST(problems(good_with(R"("from": "search")", R"("from": "serch")")).size() == 2u);  // and hyper lacks "use"
}

// A stage with a file for its architecture, and one from it with `searcher`.
std::string decided_twice(const std::string& searcher) {
  return edited(good_with(R"({ "use": "dha.ista", "lambda": 1e-4 })",
                          R"({ "use": "dha.architecture", "genotype_file": "cells.json" })"),
                R"("drop_path": 0.2)", R"("searcher": )" + searcher);
}

BOOST_AUTO_TEST_CASE(a_second_of_exclusive_parameters_joins_the_one_taken_over) {
  const std::string both =
      "/stages/1/searcher must have exactly one of 'genotype_file', 'genotype', found 'genotype_file', 'genotype'; "
      "remove all but one; use null to remove one of an extended file or an earlier stage";
  const std::string joined = decided_twice(R"({ "genotype": {} })");
  check_problems(joined, {at(joined, R"({ "genotype": {} })") + both});
  for (const char* searcher :
       {R"({ "genotype": {}, "genotype_file": null })", R"({ "use": "dha.architecture", "genotype": {} })"})
    BOOST_TEST(load(decided_twice(searcher)).stages[1].searcher.params_json == R"({"genotype":{}})");
  BOOST_TEST(load(joined, {{"stages.final.searcher.genotype_file", "null"}}).stages[1].searcher.params_json ==
             R"({"genotype":{}})");
}

BOOST_AUTO_TEST_CASE(an_extending_file_replaces_one_of_exclusive_parameters_by_null) {
  write("base.json", decided_twice("{}"));
  const std::string extending = R"({ "extends": "base.json", "stages": [ { "name": "search", "searcher":
    { "use": "dha.architecture", "genotype": {} } } ] })";
  const std::vector<std::string> found = problems(extending);
  BOOST_TEST_REQUIRE(!found.empty());
  BOOST_TEST(found[0].find("use null to remove one of an extended file") != std::string::npos, found[0]);
  const PipelineConfig config =
      load(edited(extending, R"("genotype": {})", R"("genotype": {}, "genotype_file": null)"));
  BOOST_TEST(config.stages[0].searcher.params_json == R"({"genotype":{}})");
}

BOOST_AUTO_TEST_CASE(a_searcher_without_either_of_exclusive_parameters_is_an_error) {
  const std::string text = good_with(R"({ "use": "dha.ista", "lambda": 1e-4 })", R"({ "use": "dha.architecture" })");
  check_problems(text, {at(text, R"({ "use": "dha.architecture" })") +
                        "/stages/0/searcher must have exactly one of 'genotype_file', 'genotype', found none"});
}

BOOST_AUTO_TEST_CASE(overrides_set_values_by_number_and_by_name) {
  const PipelineConfig config = load(kGood, {{"stages.0.epochs", "3"},
                                             {"stages.search.searcher.lambda", "1e-3"},
                                             {"stages.final.searcher.keep", "1"},
                                             {"dataset.limit_test", "20"},
                                             {"device", "cpu"},
                                             {"stages.0.augment.1.size_px", "8"},
                                             {"stages.0.hyper.learning_rate", "[0, 1]"},
                                             {"stages.1.space.stem.stride", "2"},
                                             {"stages.0.constraints", "params < 1M, madds < 2M"}});
  BOOST_TEST(config.stages[0].epochs == 3);
  BOOST_TEST(config.device == "cpu");
  BOOST_TEST(*config.dataset.limit_test == 20);
  BOOST_TEST(config.stages[0].constraints == "params < 1M, madds < 2M");
  BOOST_TEST(config.stages[0].augment[1].params_json == R"({"size_px":8})");
  BOOST_TEST(Json::parse(config.stages[0].searcher.params_json)["lambda"] == 1e-3);
  BOOST_TEST(Json::parse(config.stages[0].searcher.params_json)["keep"] == 2);
  // The second stage takes over what was set on the first, and has its own.
  BOOST_TEST(Json::parse(config.stages[1].searcher.params_json)["lambda"] == 1e-3);
  BOOST_TEST(Json::parse(config.stages[1].searcher.params_json)["keep"] == 1);
  BOOST_TEST(Json::parse(config.stages[1].space.params_json)["stem"]["stride"] == 2);
  BOOST_TEST(Json::parse(config.stages[0].space.params_json)["stem"]["stride"] == 1);
}

BOOST_AUTO_TEST_CASE(overrides_are_the_place_of_their_errors) {
  check_problems(kGood, {"--set stages.0.epochs=x: /stages/0/epochs must be an integer, found \"x\""},
                 {{"stages.0.epochs", "x"}});
  check_problems(kGood,
                 {"--set stages.0.sercher.lambda=1: /stages/0/sercher is not a known key; did you mean "
                  "'searcher'?"},
                 {{"stages.0.sercher.lambda", "1"}});
  check_problems(kGood, {"--set stages.2.epochs=1: /stages has no item '2'; it has 2, counted from 0"},
                 {{"stages.2.epochs", "1"}});
  check_problems(kGood, {"--set stages.serch.epochs=1: /stages has no item 'serch'; did you mean 'search'?"},
                 {{"stages.serch.epochs", "1"}});
  check_problems(kGood, {"--set seed.x=1: /seed is not an object, so 'x' leads nowhere"}, {{"seed.x", "1"}});
  check_problems(kGood, {"--set extends=a.json: /extends cannot be set; name the file to extend in the pipeline file"},
                 {{"extends", "a.json"}});
  check_problems(kGood,
                 {"--set stages.1.augment.0.probability=1: /stages/1/augment is inherited from stage 'search'; set "
                  "its items there, or give the whole list"},
                 {{"stages.1.augment.0.probability", "1"}});
  check_problems(kGood, {"--set =1: the pipeline has no key without a name; expected a path such as stages.0.epochs"},
                 {{"", "1"}});
}

BOOST_AUTO_TEST_CASE(overrides_are_split_at_the_first_equals_sign) {
  const Override change = parse_override("stages.0.constraints=params <= 3M");
  BOOST_TEST(change.path == "stages.0.constraints");
  BOOST_TEST(change.value == "params <= 3M");
  BOOST_TEST(parse_override("name=").value.empty());
  BOOST_CHECK_EXCEPTION(parse_override("seed"), Error, test::error_with(ErrorCode::kUsage, "--set seed", "PATH=VALUE"));
}

BOOST_AUTO_TEST_CASE(the_resolved_file_is_complete_and_stable) {
  write("base/a.json", kGood);
  const char* const variants[] = {
      R"({ "extends": "base/a.json" })",
      R"({ "extends": "base/a.json", "stages": [ { "name": "final", "carry": ["architecture"] } ] })",
      R"({ "extends": "base/a.json", "stages": [ { "name": "final", "augment": null, "hyper": { "clamp": null } } ] })",
      R"({ "extends": "base/a.json", "stages": [ { "name": "search", "stop_when": null, "searcher": null,
           "trials": { "use": "dha.random", "count": 2 } }, { "name": "final", "carry": null } ] })"};
  for (const char* text : variants) {
    BOOST_TEST_CONTEXT(text) {
      const PipelineConfig first = load(text);
      const Json json = Json::parse(first.resolved_json);
      BOOST_TEST(!json.contains("extends"));
      BOOST_TEST(json["loader_threads"] == 2);
      BOOST_TEST(json["stages"][1]["space"]["cells"] == 20);
      BOOST_TEST(std::filesystem::path(json["dataset"]["path"].get<std::string>()).is_absolute());
      const std::filesystem::path elsewhere = write("run/deep/pipeline.json", first.resolved_json);
      const PipelineConfig second = load_pipeline(elsewhere, {}, registry);
      BOOST_TEST(second.resolved_json == first.resolved_json);
      BOOST_TEST(second.stages[1].hyper.params_json == first.stages[1].hyper.params_json);
      BOOST_TEST(second.stages[1].searcher.id == first.stages[1].searcher.id);
    }
  }
}

BOOST_AUTO_TEST_CASE(key_order_does_not_matter_in_the_resolved_file) {
  std::string text =
      edited(good_with("\"name\": \"good\", \"seed\": 7,", "\"seed\": 7,"), "  ]\n}", "  ],\n \"name\": \"good\"}");
  BOOST_TEST(load(text).resolved_json == load(kGood).resolved_json);
}

BOOST_AUTO_TEST_CASE(host_keys_are_published_for_reference_pages) {
  const Json keys = Json::parse(pipeline_keys());
  for (const char* part : {"pipeline", "stage", "dataset", "trials"})
    for (const Json& field : keys.at(part).at("fields")) BOOST_TEST(!field.at("help").get<std::string>().empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(constraints)

Quantities cost_of(double parameters, double multiply_adds) {
  return {{"parameters", parameters}, {"multiply_adds", multiply_adds}};
}

BOOST_AUTO_TEST_CASE(comparisons_hold_at_their_bounds) {
  BOOST_TEST(Constraints("params < 3.7M").allow(cost_of(3699999, 0)));
  BOOST_TEST(!Constraints("params < 3.7M").allow(cost_of(3700000, 0)));
  BOOST_TEST(Constraints("parameters<=2.01K").allow(cost_of(2010, 0)));
  BOOST_TEST(!Constraints("parameters<=2.01K").allow(cost_of(2011, 0)));
  BOOST_TEST(Constraints("madds >= 1G").allow(cost_of(0, 1000000000)));
  BOOST_TEST(!Constraints("multiply_adds > 1e9").allow(cost_of(0, 1000000000)));
  const Constraints both("params < 2K, multiply_adds > 10 && params > 1K");
  BOOST_TEST(both.allow(cost_of(1500, 11)));
  BOOST_TEST(!both.allow(cost_of(1500, 10)));
  BOOST_TEST(!both.allow(cost_of(1000, 11)));
  BOOST_TEST(Constraints(" ").empty());
  BOOST_TEST(Constraints("").allow(cost_of(1, 1)));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_named) {
  const std::pair<const char*, const char*> table[] = {
      {"params", "'params' has no comparison"},
      {"params < 3X", "compares with '3X'"},
      {"params < ", "compares with ''"},
      {"params < -1", "compares with '-1'"},
      {"params < inf", "compares with 'inf'"},
      {"params = 3", "has no comparison"},
      {"params < 3M,", "'' has no comparison"},
      {"< 3M", "limits ''; expected the name of a quantity"},
      {"the params < 3M", "limits 'the params'; expected the name of a quantity"},
      {"params < 3M & madds < 1", "compares with"},
  };
  for (const auto& [text, part] : table) BOOST_TEST_CONTEXT(text)
  BOOST_CHECK_EXCEPTION(Constraints{text}, Error, test::error_with(ErrorCode::kInvalidConfig, part));
}

BOOST_AUTO_TEST_CASE(any_quantity_of_the_space_may_be_limited) {
  const Quantities cost{{"parameters", 1500}, {"multiply_adds", 2e6}, {"latency_ms", 3.5}};
  const Constraints limits("latency_ms <= 3.5, params > 2K && madds < 1M");
  const std::vector<Margin> margins = limits.margins(cost);
  BOOST_REQUIRE(margins.size() == 3u);
  BOOST_TEST(margins[0].quantity == "latency_ms");
  BOOST_TEST(margins[0].value == 3.5);
  BOOST_TEST(margins[0].limit == 3.5);
  BOOST_TEST(margins[0].satisfied);
  BOOST_TEST(margins[1].quantity == "parameters");
  BOOST_TEST(margins[1].value == 1500);
  BOOST_TEST(margins[1].limit == 2000);
  BOOST_TEST(!margins[1].satisfied);
  BOOST_TEST(margins[2].quantity == "multiply_adds");
  BOOST_TEST(!margins[2].satisfied);
  BOOST_TEST(!limits.allow(cost));
  BOOST_TEST(!Constraints("latency_ms < 9").allow({{"latency_ms", std::nan("")}}));
}

BOOST_AUTO_TEST_CASE(violations_name_constraint_bound_and_value) {
  const Constraints limits("params < 1K, madds <= 1M && params > 10, madds >= 2");
  BOOST_TEST(limits.violations(cost_of(999, 1e6)).empty());
  BOOST_TEST(limits.violations(cost_of(1000, 1)) ==
             "'params < 1K' (parameters must be below 1000, found 1000), "
             "'madds >= 2' (multiply_adds must be at least 2, found 1)");
  BOOST_TEST(limits.violations(cost_of(10, 1500000)) ==
             "'madds <= 1M' (multiply_adds must be at most 1000000, found 1500000), "
             "'params > 10' (parameters must be above 10, found 10)");
}

BOOST_AUTO_TEST_CASE(a_quantity_that_the_space_does_not_report_is_an_error) {
  const Quantities cost = cost_of(1, 2);
  BOOST_CHECK_NO_THROW(Constraints("params < 1, multiply_adds < 1").check_known(cost));
  BOOST_CHECK_EXCEPTION(
      Constraints("params < 1, multiply_ads < 1").check_known(cost), Error,
      test::error_with(ErrorCode::kInvalidConfig, "'multiply_ads < 1'", "did you mean 'multiply_adds'?"));
  BOOST_CHECK_EXCEPTION(
      Constraints("energy < 1").margins(cost), Error,
      test::error_with(ErrorCode::kInvalidConfig, "'energy < 1'", "reports parameters, multiply_adds"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha
