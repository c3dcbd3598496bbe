// That interfaces grow: plugins that were built with this SDK work unchanged in a host of the next minor version, which
// has one more function in every interface, and that host calls it where a plugin has it.
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <string>
#include <vector>

namespace {

// What a program printed, in lines; its exit status must be 0.
std::vector<std::string> output_of(const std::string& program) {
  FILE* pipe = popen(("OMP_NUM_THREADS=1 '" + program + "'").c_str(), "r");
  BOOST_REQUIRE(pipe != nullptr);
  std::string text;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
  BOOST_REQUIRE(pclose(pipe) == 0);
  std::vector<std::string> lines;
  for (size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    lines.push_back(text.substr(begin, end - begin));
  return lines;
}

}  // namespace

BOOST_AUTO_TEST_CASE(unchanged_plugins_work_in_a_host_of_the_next_minor_version) {
  const std::string prefix = "grown: ";
  std::vector<std::string> results, appended;
  for (const std::string& line : output_of(GROWN_HOST)) {
    const bool is_appended = line.rfind(prefix, 0) == 0;
    (is_appended ? appended : results).push_back(is_appended ? line.substr(prefix.size()) : line);
  }

  const std::vector<std::string> ungrown = output_of(UNGROWN_HOST);
  BOOST_TEST(ungrown.size() > 100u);  // every weight of a network is among them
  BOOST_TEST(results == ungrown, boost::test_tools::per_element());
  BOOST_TEST(results.back() == "SDK libraries 1");

  const std::vector<std::string> expected = {
      "dataset is older",  "augmenter is older",       "space is older",          "network is older",
      "searcher is older", "hyper-optimizer is older", "trial searcher is older", "plain -1",
      "overriding 42",     "library is the grown one"};
  BOOST_TEST(appended == expected, boost::test_tools::per_element());
}
