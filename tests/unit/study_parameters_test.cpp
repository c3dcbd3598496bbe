// Settings of trials as parameters of Optuna: each kind of field has its distribution, in Optuna's notation.
#include "trial/study_parameters.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

namespace dha {

namespace {

using Json = nlohmann::ordered_json;

std::vector<StudyParameter> parameters(const char* value, const char* field, const char* pointer = "/hyper/x") {
  return study_parameters(pointer, Json::parse(value), Json::parse(field));
}

// The only parameter, as "value distribution".
void check(const char* value, const char* field, double number, const char* distribution) {
  const std::vector<StudyParameter> found = parameters(value, field);
  BOOST_TEST_REQUIRE(found.size() == 1u, field << " has " << found.size() << " parameters");
  BOOST_TEST(found[0].name == "hyper.x");
  BOOST_TEST(found[0].value == number);
  BOOST_TEST(found[0].distribution == distribution);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(study_parameter)

BOOST_AUTO_TEST_CASE(numbers_have_a_range_on_their_scale) {
  check("0.01", R"({"type": "real", "minimum": 0, "maximum": 1, "tuning_range": [0.0001, 0.1], "log": true})", 0.01,
        R"({"name":"FloatDistribution","attributes":{"step":null,"low":0.0001,"high":0.1,"log":true}})");
  check("0.25", R"({"type": "real", "minimum": 0, "maximum": 1})", 0.25,
        R"({"name":"FloatDistribution","attributes":{"step":null,"low":0.0,"high":1.0,"log":false}})");
  check("32", R"({"type": "integer", "minimum": 1, "tuning_range": [16, 512], "log": true})", 32,
        R"({"name":"IntDistribution","attributes":{"log":true,"step":1,"low":16,"high":512}})");
}

BOOST_AUTO_TEST_CASE(a_value_beyond_its_range_widens_it) {
  check("7", R"({"type": "integer", "tuning_range": [0.5, 4]})", 7,
        R"({"name":"IntDistribution","attributes":{"log":false,"step":1,"low":1,"high":7}})");
}

BOOST_AUTO_TEST_CASE(choices_are_positions) {
  check(R"("bicubic")", R"({"type": "choice", "choices": ["bilinear", "bicubic"]})", 1,
        R"({"name":"CategoricalDistribution","attributes":{"choices":["bilinear","bicubic"]}})");
  check("true", R"({"type": "bool"})", 1,
        R"({"name":"CategoricalDistribution","attributes":{"choices":[false,true]}})");
  check("5", R"({"type": "integer", "minimum": 3, "maximum": 7, "one_of": [3, 5, 7]})", 1,
        R"({"name":"CategoricalDistribution","attributes":{"choices":[3,5,7]}})");
}

BOOST_AUTO_TEST_CASE(each_item_of_a_list_is_a_parameter) {
  const std::vector<StudyParameter> found =
      parameters("[0.9, 0.99]", R"({"type": "list", "items": "real", "tuning_range": [[0.5, 1], [0.9, 1]]})");
  BOOST_TEST_REQUIRE(found.size() == 2u);
  BOOST_TEST(found[0].name == "hyper.x.0");
  BOOST_TEST(found[1].name == "hyper.x.1");
  BOOST_TEST(found[1].value == 0.99);
  BOOST_TEST(found[1].distribution ==
             R"({"name":"FloatDistribution","attributes":{"step":null,"low":0.9,"high":1.0,"log":false}})");
}

BOOST_AUTO_TEST_CASE(what_optuna_cannot_draw_is_no_parameter) {
  BOOST_TEST(parameters(R"("text")", R"({"type": "string"})").empty());
  BOOST_TEST(parameters("0.5", R"({"type": "real", "minimum": 0})").empty());
  BOOST_TEST(parameters("0", R"({"type": "real", "tuning_range": [0.1, 1], "log": true})").empty());
  BOOST_TEST(parameters("9", R"({"type": "integer", "one_of": [3, 5, 7]})").empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha
