// Predicates on dha::Error for BOOST_CHECK_EXCEPTION.
#pragma once

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "dha/error.hpp"

namespace dha::test {

// True for an error with this code whose sentence has all of `parts`; says what is missing where not.
template <class... Parts>
auto error_with(ErrorCode code, const Parts&... parts) {
  return [code, wanted = std::vector<std::string>{parts...}](const Error& error) {
    const std::string text = error.what();
    bool holds = error.code() == code;
    for (const std::string& part : wanted) holds = holds && text.find(part) != std::string::npos;
    if (!holds) BOOST_TEST_MESSAGE("code " << static_cast<int>(error.code()) << ": " << text);
    return holds;
  };
}

}  // namespace dha::test
