// Quantities: order, names, replacement, and the error for a name that is not there.
#include "dha/quantities.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "support/error_checks.hpp"

namespace dha {

namespace {

std::string text_of(const Quantities& quantities) {
  std::string text;
  for (const Quantity& item : quantities) text += item.name + "=" + std::to_string(static_cast<int>(item.value)) + " ";
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(quantities_keep_their_order_and_replace_by_name) {
  Quantities cost{{quantity::kParameters, 3}, {"latency_ms", 7}};
  BOOST_TEST(text_of(cost) == "parameters=3 latency_ms=7 ");
  cost.set("memory", 5);
  cost.set("parameters", 4);
  BOOST_TEST(text_of(cost) == "parameters=4 latency_ms=7 memory=5 ");
  BOOST_TEST(text_of({{"a", 1}, {"b", 2}, {"a", 3}}) == "a=3 b=2 ");
}

BOOST_AUTO_TEST_CASE(a_quantity_that_is_not_there_is_empty_or_an_error) {
  const Quantities none, some{{"parameters", 3}, {"loss", 0.5}};
  BOOST_TEST(none.empty());
  BOOST_TEST(!some.empty());
  BOOST_TEST(some.find("loss").value() == 0.5);
  BOOST_TEST(!some.find("los").has_value());
  BOOST_TEST(some.at("parameters") == 3);
  BOOST_CHECK_EXCEPTION(some.at("latency"), Error,
                        test::error_with(ErrorCode::kContractViolation, "'latency'", "parameters, loss"));
  BOOST_CHECK_EXCEPTION(none.at("latency"), Error, test::error_with(ErrorCode::kContractViolation, "there are none"));
}

BOOST_AUTO_TEST_CASE(a_copy_of_quantities_is_independent) {
  Quantities original{{"loss", 1}};
  Quantities copy = original;
  copy.set("loss", 2);
  original = Quantities(std::move(copy));
  BOOST_TEST(original.at("loss") == 2);
}

}  // namespace dha
