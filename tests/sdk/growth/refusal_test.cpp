// That a plugin of a later minor version of the SDK is refused: it could call functions that this host does not have.
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <string>

#include "dha/version.hpp"
#include "support/paths.hpp"

namespace {

// What `dha plugins` says of one file.
std::string listing_of(const std::string& plugin) {
  const std::string command = "'" + (dha::test::build_dir() / "dha").string() +
                              "' plugins --plugin-path '" GROWN_PLUGINS "/" + plugin + ".so' 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  BOOST_REQUIRE(pipe != nullptr);
  std::string text;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
  pclose(pipe);
  return text;
}

void check_says(const std::string& text, const std::string& part) {
  BOOST_TEST(text.find(part) != std::string::npos, "'" << part << "' is not in: " << text);
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_descriptor_of_a_later_minor_version_is_refused) {
  const std::string text = listing_of("overriding");
  check_says(text, "refused (incompatible): " GROWN_PLUGINS "/overriding.so");
  check_says(text, "built with SDK " + std::to_string(DHA_SDK_VERSION_MAJOR) + "." +
                       std::to_string(DHA_SDK_VERSION_MINOR + 1));
  BOOST_TEST(text.find("test.overriding") == std::string::npos);
}

// The linker looks for the default answer before anybody can read the descriptor.
BOOST_AUTO_TEST_CASE(the_linker_refuses_a_default_that_this_sdk_lacks) {
  const std::string text = listing_of("plain");
  check_says(text, "refused (load-failed): " GROWN_PLUGINS "/plain.so");
  check_says(text, "Augmenter8appended");
  BOOST_TEST(text.find("test.plain") == std::string::npos);
}
