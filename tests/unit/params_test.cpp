// Schema and check_params(): what a declaration refuses, and which declarations are refused themselves.
#include "dha/params.hpp"

#include <boost/test/unit_test.hpp>

#include "dha/error.hpp"
#include "support/error_checks.hpp"

namespace dha {

namespace {

// The problems of `params` as "pointer message" lines.
std::string problems(const Schema& schema, const char* params) {
  std::string text;
  for (const ParamProblem& problem : check_params(schema.json_text(), params).problems)
    text += problem.pointer + " " + problem.message + "\n";
  return text;
}

void check_malformed(const Schema& schema, const char* part) {
  BOOST_CHECK_EXCEPTION(check_params(schema.json_text(), "{}"), Error,
                        test::error_with(ErrorCode::kInvalidDescriptor, part));
}

Schema source() {
  return Schema("")
      .string("text", "as it is")
      .optional()
      .path("file", "where it is")
      .optional()
      .exactly_one_of({"text", "file"});
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_integer_is_one_of_the_declared_values) {
  const Schema schema = Schema("").integer("classes", "labels").one_of({10, 20, 100}).def(20);
  BOOST_TEST(check_params(schema.json_text(), "{}").completed == R"({"classes":20})");
  for (const char* good : {R"({"classes": 10})", R"({"classes": 100.0})"}) BOOST_TEST(problems(schema, good) == "");
  BOOST_TEST(problems(schema, R"({"classes": 11})") == "/classes must be one of 10, 20, 100, found 11\n");
  BOOST_TEST(problems(schema, R"({"classes": 10.5})") == "/classes must be an integer, found 10.5\n");
}

BOOST_AUTO_TEST_CASE(each_item_of_a_list_is_one_of_the_declared_values) {
  const Schema schema = Schema("").integers("kernels", "sizes").one_of({3, 5});
  BOOST_TEST(problems(schema, R"({"kernels": [5, 3, 5]})") == "");
  BOOST_TEST(problems(schema, R"({"kernels": [3, 4]})") == "/kernels/1 must be one of 3, 5, found 4\n");
}

BOOST_AUTO_TEST_CASE(one_of_is_refused_where_nothing_could_satisfy_it) {
  check_malformed(Schema("").integer("classes", "labels").one_of({10, 100}).def(11),
                  "the default of parameter 'classes' must be one of 10, 100, found 11");
  check_malformed(Schema("").integer("classes", "labels").one_of({}), "'classes' needs an integer and at least one");
  check_malformed(Schema("").real("rate", "speed").one_of({1}), "'rate' needs an integer");
  check_malformed(Schema("").object("set", "of images", Schema("").string("name", "shown").one_of({1})),
                  "'name' needs an integer");
}

BOOST_AUTO_TEST_CASE(a_tuning_range_is_written_down_and_limits_nobody_else) {
  const Schema schema = Schema("").real("rate", "speed").range(0, 100).log_scale().tunable(1e-4, 1).def(2.5);
  BOOST_TEST(schema.json_text() ==
             R"({"fields":[{"name":"rate","type":"real","help":"speed","minimum":0.0,"maximum":100.0,"log":true,)"
             R"("tuning_range":[0.0001,1.0],"tunable":true,"default":2.5}]})");
  BOOST_TEST(problems(schema, R"({"rate": 50})") == "");
  BOOST_TEST(problems(Schema("").integer("side", "px").tunable(8, 64).range(1, 512).def(16), "{}") == "");
}

BOOST_AUTO_TEST_CASE(a_tuning_range_that_no_parameter_could_follow_is_refused) {
  check_malformed(Schema("").real("rate", "speed").range(0, 1).tunable(0, 2).def(0.5),
                  "the tuning range of parameter 'rate' must be in [0, 1], found 2");
  check_malformed(Schema("").real("rate", "speed").tunable(-1, 2).minimum(0).def(0.5),
                  "the tuning range of parameter 'rate' must be at least 0, found -1");
  check_malformed(Schema("").real("rate", "speed").tunable(2, 1).def(0.5),
                  "must be [minimum, maximum], found [2.0,1.0]");
  check_malformed(Schema("").integer("side", "px").tunable(1.5, 4).def(2), "must be an integer, found 1.5");
  check_malformed(Schema("").real("rate", "speed").log_scale().tunable(0, 1).def(0.5),
                  "must start above 0 on a logarithmic scale, found [0.0,1.0]");
  check_malformed(Schema("").choice("kind", "which", {"a", "b"}).tunable(0, 1).def("a"),
                  "needs a number, found a parameter of type 'choice'");
  check_malformed(Schema("").object("set", "of rates", Schema("").real("rate", "speed").range(0, 1).tunable(0, 2)),
                  "parameter 'rate' must be in [0, 1], found 2");
}

BOOST_AUTO_TEST_CASE(exactly_one_of_several_parameters_is_given) {
  BOOST_TEST(problems(source(), R"({"text": ""})") == "");
  BOOST_TEST(problems(source(), R"({"file": "a"})") == "");
  BOOST_TEST(problems(source(), "{}") == " must have exactly one of 'text', 'file', found none\n");
  BOOST_TEST(problems(source(), R"({"file": "a", "text": "b"})") ==
             " must have exactly one of 'text', 'file', found 'text', 'file'; remove all but one; use null to remove "
             "one of an extended file or an earlier stage\n");
}

BOOST_AUTO_TEST_CASE(the_rule_of_an_object_is_reported_at_the_object) {
  const Schema required = Schema("").object("source", "of the text", source());
  BOOST_TEST(problems(required, "{}") == "/source must have exactly one of 'text', 'file', found none\n");
  BOOST_TEST(problems(required, R"({"source": {"file": "a"}})") == "");
  const Schema optional = Schema("").object("source", "of the text", source()).optional();
  BOOST_TEST(problems(optional, "{}") == "");
  BOOST_TEST(problems(optional, R"({"source": {}})") ==
             "/source must have exactly one of 'text', 'file', found none\n");
}

BOOST_AUTO_TEST_CASE(a_rule_over_other_than_optional_parameters_is_refused) {
  const char* expected = "'b', which is not an optional parameter without a default";
  const auto a = [] { return Schema("").integer("a", "one").optional(); };
  check_malformed(a().exactly_one_of({"a", "b"}), expected);
  check_malformed(a().integer("b", "other").exactly_one_of({"a", "b"}), expected);
  check_malformed(a().integer("b", "other").optional().def(1).exactly_one_of({"a", "b"}), expected);
  check_malformed(Schema("").object("o", "both", a().exactly_one_of({"a", "b"})), expected);
  check_malformed(a().integer("b", "other").optional().exactly_one_of({"a", "b"}).exactly_one_of({"b", "a"}),
                  "names 'b' twice");
}

}  // namespace dha
