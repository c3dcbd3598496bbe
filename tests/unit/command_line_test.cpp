// Verbs, their options, and how a failure becomes a sentence and a status.
#include "app/command_line.hpp"

#include <c10/util/Exception.h>

#include <boost/program_options/errors.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "app/commands.hpp"
#include "app/exit_status.hpp"
#include "support/error_checks.hpp"

namespace dha::app {

namespace {

namespace po = boost::program_options;
using test::error_with;

const Command kTry = {"try", "try FILE [--sign N] [--json]", "Tries.",
                      [](const std::vector<std::string>&) { return 0; }};

std::optional<po::variables_map> parse(const std::vector<std::string>& arguments) {
  po::options_description options, hidden;
  options.add_options()("json", "print JSON")("sign", po::value<int>(), "+1 or -1");
  hidden.add_options()("file", po::value<std::string>());
  po::positional_options_description positional;
  positional.add("file", 1);
  return parse_command_line(kTry, options, arguments, hidden, positional);
}

template <class Thrown>
Failure failure_of(const Thrown& thrown) {
  try {
    throw thrown;
  } catch (...) {
    return describe_failure();
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(options_and_arguments_are_told_apart) {
  const auto values = parse({"in.json", "--json", "--sign", "-1"});
  BOOST_TEST_REQUIRE(values.has_value());
  BOOST_TEST((*values)["file"].as<std::string>() == "in.json");
  BOOST_TEST((*values)["sign"].as<int>() == -1);
  BOOST_TEST(values->count("json") == 1U);
}

BOOST_AUTO_TEST_CASE(every_verb_can_be_quiet) {
  BOOST_TEST(!is_quiet(*parse({"in.json"})));
  BOOST_TEST(is_quiet(*parse({"-q", "in.json"})));
  BOOST_TEST(is_quiet(*parse({"in.json", "--quiet"})));
}

BOOST_AUTO_TEST_CASE(a_wrong_argument_is_named_with_its_verb) {
  BOOST_CHECK_EXCEPTION(parse({"--jsn"}), Error, error_with(ErrorCode::kUsage, "try: ", "'--jsn'", "mean '--json'?"));
  BOOST_CHECK_EXCEPTION(parse({"--js"}), Error, error_with(ErrorCode::kUsage, "'--js'"));
  BOOST_CHECK_EXCEPTION(parse({"a", "b"}), Error, error_with(ErrorCode::kUsage, "try: too many arguments"));
  BOOST_CHECK_EXCEPTION(parse({"--sign", "up"}), Error, error_with(ErrorCode::kUsage, "try: ", "sign"));
  BOOST_CHECK_EXCEPTION(parse({"--sign"}), Error, error_with(ErrorCode::kUsage, "try: ", "sign"));
}

BOOST_AUTO_TEST_CASE(verbs_are_unique_and_an_unknown_one_gets_the_nearest) {
  std::set<std::string> names;
  for (const Command* command : commands()) BOOST_TEST(names.insert(command->name).second);
  BOOST_TEST(&find_command("plugins") == &kPluginsCommand);
  BOOST_CHECK_EXCEPTION(find_command("plugin"), Error, error_with(ErrorCode::kUsage, "did you mean 'plugins'?"));
  BOOST_CHECK_EXCEPTION(find_command("xyzzyxyzzy"), Error, error_with(ErrorCode::kUsage, "'dha help' lists them"));
}

BOOST_AUTO_TEST_CASE(every_error_code_has_the_status_of_the_design) {
  BOOST_TEST(exit_status(ErrorCode::kUsage) == 2);
  BOOST_TEST(exit_status(ErrorCode::kInvalidConfig) == 2);
  BOOST_TEST(exit_status(ErrorCode::kNotFound) == 2);
  BOOST_TEST(exit_status(ErrorCode::kIncompatible) == 3);
  BOOST_TEST(exit_status(ErrorCode::kPluginFault) == 3);
  BOOST_TEST(exit_status(ErrorCode::kContractViolation) == 3);
  BOOST_TEST(exit_status(ErrorCode::kData) == 5);
  BOOST_TEST(exit_status(ErrorCode::kCancelled) == 130);
  BOOST_TEST(exit_status(ErrorCode::kDiverged) == 1);
  BOOST_TEST(exit_status(ErrorCode::kIo) == 1);
  BOOST_TEST(exit_status(ErrorCode::kResource) == 1);
}

BOOST_AUTO_TEST_CASE(whatever_is_thrown_becomes_a_sentence) {
  BOOST_TEST(failure_of(Error(ErrorCode::kData, "no file")).message == "no file");
  BOOST_TEST(failure_of(Error(ErrorCode::kData, "no file")).status == kDataFailed);
  BOOST_TEST(failure_of(po::error("twice")).status == kUsage);
  BOOST_TEST(failure_of(std::bad_alloc()).message.starts_with("out of memory; lower batch_size"));
  BOOST_TEST(failure_of(std::bad_alloc()).status == kRunFailed);
  BOOST_TEST(failure_of(std::runtime_error("x")).message == "internal error: x");
  BOOST_TEST(failure_of(42).status == kRunFailed);
  try {
    TORCH_CHECK(false, "bad shape");
  } catch (...) {
    const Failure failure = describe_failure();
    BOOST_TEST(failure.message.find("bad shape") != std::string::npos);
    BOOST_TEST(failure.message.find("frame #") == std::string::npos);
  }
}

}  // namespace dha::app
