// Which parameters are dimensions, and by which law they are drawn.
#include "dha/nas/tunable_settings.hpp"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "dha/params.hpp"
#include "support/chi_square.hpp"

namespace {

using dha::Schema;
using dha::nas::TunableSettings;
using nlohmann::json;

// The fields of a component's schema as Stage::tunable() gives them.
json tunable(const Schema& schema) {
  json fields = json::object();
  const json declared = json::parse(schema.json_text());
  for (const json& field : declared.at("fields")) fields["/hyper/" + field.at("name").get<std::string>()] = field;
  return fields;
}

constexpr int kDraws = 6000;

// How many of many draws of one parameter fall into each of `cells` cells.
std::vector<double> counts(const json& fields, const std::string& pointer, size_t cells,
                           const std::function<double(const json&)>& cell_of) {
  const TunableSettings settings(fields.dump());
  const at::Generator generator = at::detail::createCPUGenerator(5);
  std::vector<double> found(cells);
  for (int i = 0; i < kDraws; ++i) {
    const double cell = cell_of(json::parse(settings.text(settings.draw(generator))).at(pointer));
    BOOST_TEST_REQUIRE((cell >= 0 && cell < static_cast<double>(cells)), "cell " << cell);
    ++found[static_cast<size_t>(cell)];
  }
  return found;
}

void check_uniform(const std::vector<double>& found) {
  BOOST_TEST(dha::test::chi_square(found) < dha::test::chi_square_limit(found.size()));
}

BOOST_AUTO_TEST_SUITE(tunable_settings)

BOOST_AUTO_TEST_CASE(values_are_uniform) {
  json fields = tunable(Schema("s")
                            .choice("schedule", "h", {"constant", "cosine", "linear"})
                            .tunable()
                            .integer("factor", "h")
                            .one_of({1, 2, 4, 8})
                            .tunable()
                            .boolean("nesterov", "h")
                            .tunable());
  const std::vector<std::string> names{"constant", "cosine", "linear"};
  check_uniform(counts(fields, "/hyper/schedule", 3, [&](const json& value) {
    return std::find(names.begin(), names.end(), value.get<std::string>()) - names.begin();
  }));
  check_uniform(counts(fields, "/hyper/factor", 4, [](const json& value) { return std::log2(value.get<int64_t>()); }));
  check_uniform(counts(fields, "/hyper/nesterov", 2, [](const json& value) { return value.get<bool>() ? 1 : 0; }));
  fields["/hyper/nesterov"]["choices"] = {true};  // narrowed by the pipeline file
  const auto narrowed =
      counts(fields, "/hyper/nesterov", 2, [](const json& value) { return value.get<bool>() ? 1 : 0; });
  BOOST_TEST(narrowed[1] == kDraws);
}

BOOST_AUTO_TEST_CASE(reals_are_uniform_in_their_range_or_in_its_logarithm) {
  const json fields = tunable(Schema("s")
                                  .real("momentum", "h")
                                  .range(0.5, 0.9)
                                  .tunable()
                                  .real("learning_rate", "h")
                                  .range(0, 10)
                                  .log_scale()
                                  .tunable(1e-4, 1)
                                  .real("weight_decay", "h")
                                  .minimum(0)
                                  .tunable(0, 0.02));
  check_uniform(
      counts(fields, "/hyper/momentum", 10, [](const json& value) { return (value.get<double>() - 0.5) / 0.04; }));
  check_uniform(counts(fields, "/hyper/learning_rate", 8,
                       [](const json& value) { return std::log10(value.get<double>() / 1e-4) * 2; }));
  check_uniform(
      counts(fields, "/hyper/weight_decay", 10, [](const json& value) { return value.get<double>() / 0.002; }));
}

BOOST_AUTO_TEST_CASE(integers_have_both_ends_and_follow_their_scale) {
  const json fields = tunable(Schema("s")
                                  .integer("padding", "h")
                                  .range(-2, 4)
                                  .tunable()
                                  .integer("batch_size", "h")
                                  .minimum(1)
                                  .log_scale()
                                  .tunable(3, 9));
  check_uniform(
      counts(fields, "/hyper/padding", 7, [](const json& value) { return double(value.get<int64_t>() + 2); }));
  const auto found =
      counts(fields, "/hyper/batch_size", 7, [](const json& value) { return double(value.get<int64_t>() - 3); });
  std::vector<double> expected;
  for (double k = 3; k <= 9; ++k) expected.push_back(kDraws * std::log((k + 1) / k) / std::log(10.0 / 3));
  BOOST_TEST(dha::test::chi_square(found, expected) < dha::test::chi_square_limit(7));
}

BOOST_AUTO_TEST_CASE(items_of_a_list_have_their_own_ranges) {
  json fields = tunable(Schema("s").reals("betas", "h", 2, 2).range(0, 1).tunable());
  BOOST_TEST(TunableSettings(fields.dump()).dimensions().empty());
  fields["/hyper/betas"]["tuning_range"] = {{0.5, 0.9}, {0.99, 0.999}};
  check_uniform(counts(fields, "/hyper/betas", 4, [](const json& value) {
    BOOST_TEST_REQUIRE(value.size() == 2u);
    const int first = value[0].get<double>() < 0.7 ? 0 : 1, second = value[1].get<double>() < 0.9945 ? 0 : 1;
    return 2 * first + second;
  }));
}

BOOST_AUTO_TEST_CASE(parameters_without_a_bounded_law_are_left_out) {
  const json fields = tunable(Schema("s")
                                  .real("unbounded", "h")
                                  .minimum(0)
                                  .tunable()
                                  .real("from_zero", "h")
                                  .range(0, 1)
                                  .log_scale()
                                  .tunable()
                                  .string("text", "h")
                                  .tunable()
                                  .reals("list", "h")
                                  .range(0, 1)
                                  .tunable()
                                  .integer("between", "h")
                                  .tunable(1.2, 1.8)
                                  .real("good", "h")
                                  .range(0, 1)
                                  .tunable());
  const TunableSettings settings(fields.dump());
  std::set<std::string> left_out;
  for (const auto& one : settings.left_out()) {
    BOOST_TEST(!one.reason.empty());
    left_out.insert(one.pointer);
  }
  BOOST_TEST((left_out == std::set<std::string>{"/hyper/unbounded", "/hyper/from_zero", "/hyper/text", "/hyper/list",
                                                "/hyper/between"}));
  const json drawn = json::parse(settings.text(settings.draw(at::detail::createCPUGenerator(1))));
  BOOST_TEST(drawn.size() == 1u);
  BOOST_TEST(drawn.contains("/hyper/good"));
}

// A list has a dimension per item, values are positions, and the text has them in the parameters' order.
BOOST_AUTO_TEST_CASE(a_point_has_one_number_per_dimension) {
  json fields = tunable(Schema("s")
                            .choice("schedule", "h", {"constant", "cosine"})
                            .tunable()
                            .reals("betas", "h", 2, 2)
                            .range(0, 1)
                            .tunable()
                            .integer("padding", "h")
                            .range(3, 3)
                            .tunable());
  fields["/hyper/betas"]["tuning_range"] = {{0.5, 0.9}, {0.99, 0.999}};
  const TunableSettings settings(fields.dump());
  std::vector<bool> is_variable;
  for (const auto& dimension : settings.dimensions()) is_variable.push_back(dimension.is_variable());
  BOOST_TEST((is_variable == std::vector<bool>{true, true, false, true}));
  BOOST_TEST(settings.text({0.75, 0.995, 3, 1}) ==
             R"({"/hyper/betas":[0.75,0.995],"/hyper/padding":3,"/hyper/schedule":"cosine"})");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
