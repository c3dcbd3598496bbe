// What `dha describe` prints is made from the schema: tables complete, examples that validate.
#include "app/component_reference.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "dha/params.hpp"

namespace dha::app {

namespace {

using Json = nlohmann::ordered_json;

ComponentRecord record(const char* kind, const Schema& schema) {
  ComponentRecord component;
  component.kind = kind;
  component.id = "fixture.everything";
  component.summary = schema.summary();
  component.schema_json = schema.json_text();
  return component;
}

Schema everything() {
  return Schema("Has one of each.")
      .boolean("verbose", "says more")
      .integer("count", "how many | at most")
      .range(3, 7)
      .unit("px")
      .real("rate", "speed")
      .range(1e-4, 0.5)
      .log_scale()
      .tunable()
      .def(0.25)
      .real("floor", "least")
      .minimum(2.5)
      .real("below", "a negative one")
      .range(-3, -1)
      .string("title", "shown")
      .path("path", "where the files are")
      .choice("mode", "how", {"fast", "exact"})
      .reals("pair", "both ends", 2, 2)
      .range(0, 1)
      .integers("sizes", "of layers", 1)
      .range(1, 64)
      .strings("names", "of classes")
      .def(std::vector<std::string>{"a", "b"})
      .object("nested", "a group", Schema("").integer("depth", "levels").range(1, 4).def(2))
      .json("free", "anything")
      .integer("extra", "seldom needed")
      .optional()
      .integer("depth", "of the network")
      .one_of({18, 34})
      .string("inline", "the text")
      .optional()
      .path("file", "where the text is")
      .optional()
      .exactly_one_of({"file", "inline"});
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_CASE(an_example_validates_against_its_own_schema) {
  const ComponentRecord component = record("searcher", everything());
  Json use = example_use(component).at("searcher");
  BOOST_TEST(use.at("use") == "fixture.everything");
  use.erase("use");
  const ParamCheck check = check_params(component.schema_json, use.dump());
  for (const ParamProblem& problem : check.problems) BOOST_TEST_MESSAGE(problem.pointer << " " << problem.message);
  BOOST_TEST(check.problems.empty());
  BOOST_TEST(!use.contains("extra"));
  BOOST_TEST(!use.contains("inline"));
  BOOST_TEST(use.contains("file"));
  BOOST_TEST(use.at("rate") == 0.25);
  BOOST_TEST(use.at("nested").at("depth") == 2);
}

BOOST_AUTO_TEST_CASE(kinds_stand_under_their_key_of_a_stage) {
  const Schema none("Nothing to set.");
  BOOST_TEST(example_use(record("augmenter", none)).dump() == R"({"augment":[{"use":"fixture.everything"}]})");
  BOOST_TEST(example_use(record("hyper_optimizer", none)).dump() == R"({"hyper":{"use":"fixture.everything"}})");
  BOOST_TEST(example_use(record("trial_searcher", none)).dump() ==
             R"({"trials":{"use":"fixture.everything","count":20}})");
  BOOST_TEST(contains(reference_text(record("space", none)), "It has no parameters."));
}

BOOST_AUTO_TEST_CASE(the_markdown_table_has_type_default_range_unit_and_meaning) {
  const std::string page = reference_markdown(record("searcher", everything()));
  for (const char* row : {"| `verbose` | bool | `required` |  |  | says more |",
                          "| `count` | integer | `required` | [3, 7] | px | how many \\| at most |",
                          "| `rate` | real | `0.25` | [0.0001, 0.5] |  | speed (logarithmic scale, tunable) |",
                          "| `floor` | real | `required` | >= 2.5 |  | least |",
                          "| `mode` | choice | `required` | fast, exact |  | how |",
                          "| `pair` | list of 2 real | `required` | [0, 1] |  | both ends |",
                          "| `sizes` | list of 1 or more integer | `required` | [1, 64] |  | of layers |",
                          "| `names` | list of string | `[\"a\", \"b\"]` |  |  | of classes |",
                          "| `nested.depth` | integer | `2` | [1, 4] |  | levels |",
                          "| `extra` | integer | `none` |  |  | seldom needed |",
                          "| `depth` | integer | `required` | 18, 34 |  | of the network |",
                          "| `inline` | string | `none` |  |  | the text (exactly one of file, inline) |",
                          "| `file` | path | `none` |  |  | where the text is (exactly one of file, inline) |"})
    BOOST_TEST(contains(page, row), "no row " << row << " in\n" << page);
}

BOOST_AUTO_TEST_CASE(json_has_the_schema_and_the_example) {
  const Json json = reference_json(record("augmenter", everything()));
  BOOST_TEST(json.at("id") == "fixture.everything");
  BOOST_TEST(json.at("fields").size() == 17U);
  BOOST_TEST(json.at("exactly_one_of").dump() == R"([["file","inline"]])");
  BOOST_TEST(json.at("example").at("augment").is_array());
}

}  // namespace dha::app
