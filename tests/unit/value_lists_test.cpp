// Lists of values on the command line of a sweep.
#include "pipeline/value_lists.hpp"

#include <boost/test/unit_test.hpp>

#include "support/error_checks.hpp"

namespace dha {

namespace {

using test::error_with;

void check_values(const std::string& list, const std::vector<std::string>& expected) {
  const SweptSetting setting = parse_swept_setting("a.b=" + list);
  BOOST_TEST(setting.path == "a.b");
  BOOST_TEST(setting.values == expected, boost::test_tools::per_element());
}

void check_refused(const std::string& text, const std::string& reason) {
  BOOST_CHECK_EXCEPTION(parse_swept_setting(text), Error, error_with(ErrorCode::kUsage, "--set " + text, reason));
}

void check_no_seeds(const std::string& text, const std::string& reason) {
  BOOST_CHECK_EXCEPTION(parse_seeds(text), Error, error_with(ErrorCode::kUsage, "--seeds " + text, reason));
}

}  // namespace

BOOST_AUTO_TEST_CASE(values_are_separated_outside_of_json) {
  check_values("3,5", {"3", "5"});
  check_values("0.1, 0.2", {"0.1", "0.2"});
  check_values("[0.1,0.2],[0.3,0.4]", {"[0.1,0.2]", "[0.3,0.4]"});
  check_values(R"({"a":1,"b":[2,3]},null)", {R"({"a":1,"b":[2,3]})", "null"});
  check_values(R"("a,b","c\",d")", {R"("a,b")", R"("c\",d")"});
  check_values("dha.sgd,dha.adamw", {"dha.sgd", "dha.adamw"});
  check_values("/data/a,../b-c", {"/data/a", "../b-c"});
  check_values("a=b", {"a=b"});
  check_values("params < 3M", {"params < 3M"});  // one value may be any text
  check_values("", {""});
}

BOOST_AUTO_TEST_CASE(what_could_mean_two_things_is_refused) {
  check_refused("constraints=params < 3M, multiply_adds < 600M", "write a text with other signs as JSON");
  check_refused("a=[x,y],[z]", "'[x,y]' of a list is neither JSON nor a plain word");
  check_refused("a=[1,2", "brackets or quotation marks do not match");
  check_refused("a=1,2]", "brackets or quotation marks do not match");
  check_refused("a=\"b,c", "brackets or quotation marks do not match");
  check_refused("a=1,,2", "a value is empty");
  check_refused("a=1,", "a value is empty");
  check_refused("a=1,2,1", "a value comes twice");
  check_refused("a", "it has no values");
  check_refused("=1,2", "it has no values");
}

BOOST_AUTO_TEST_CASE(seeds_are_ranges_and_numbers) {
  BOOST_TEST((parse_seeds("1..5") == std::vector<uint64_t>{1, 2, 3, 4, 5}));
  BOOST_TEST((parse_seeds("7,1..2,4") == std::vector<uint64_t>{7, 1, 2, 4}));
  BOOST_TEST((parse_seeds("3") == std::vector<uint64_t>{3}));
  check_no_seeds("", "'' is no seed");
  check_no_seeds("1,", "'' is no seed");
  check_no_seeds("1..", "'' is no seed");
  check_no_seeds("-1", "'-1' is no seed");
  check_no_seeds("1-5", "'1-5' is no seed");
  check_no_seeds("9223372036854775808", "is no seed");
  check_no_seeds("5..1", "ends before it begins");
  check_no_seeds("1..3,2", "a seed comes twice");
  check_no_seeds("0..9223372036854775807", "more than 10000 seeds");
}

}  // namespace dha
