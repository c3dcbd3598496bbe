// What the tests of the data sets share: a component from user-written parameters, errors by text, files by bytes.
#pragma once

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dha/error.hpp"
#include "dha/params.hpp"
#include "support/paths.hpp"
#include "support/test_context.hpp"

namespace dha::datasets {

// Creates a data set as the host does: parameters checked against the schema and completed.
template <class Set>
std::unique_ptr<Set> make(const std::string& params_json, Context& context) {
  const ParamCheck check = check_params(Set::schema().json_text(), params_json);
  BOOST_REQUIRE_MESSAGE(check.problems.empty(),
                        (check.problems.empty() ? "" : check.problems[0].pointer + " " + check.problems[0].message));
  return std::make_unique<Set>(Params(check.completed), context);
}

// The message of the Error that `call` throws, whose code must be `code`.
inline std::string error_of(ErrorCode code, const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    BOOST_CHECK_MESSAGE(error.code() == code, "error of code " << static_cast<int>(error.code()) << ", expected "
                                                               << static_cast<int>(code) << ": " << error.what());
    return error.what();
  }
  BOOST_ERROR("no error was thrown");
  return "";
}

inline void check_contains(const std::string& text, std::string_view part) {
  BOOST_CHECK_MESSAGE(text.find(part) != std::string::npos, "'" << text << "' lacks '" << part << "'");
}

inline void write_bytes(const std::filesystem::path& path, const std::vector<uint8_t>& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  BOOST_REQUIRE(file.good());
}

inline std::vector<uint8_t> read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  BOOST_REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

// A precondition of a test case: skips it, with the reason, where the set has not been unpacked.
class HasData {
 public:
  explicit HasData(std::filesystem::path path) : path_(std::move(path)) {}
  boost::test_tools::assertion_result operator()(boost::unit_test::test_unit_id) const {
    boost::test_tools::assertion_result there(std::filesystem::exists(path_));
    if (!there) there.message() << path_.string() << " is not there; run scripts/unpack-data";
    return there;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace dha::datasets
