// Where plugins are looked for, and in which order.
#include "plugin/plugin_search.hpp"

#include <stdlib.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "plugin/plugin_registry.hpp"
#include "support/error_checks.hpp"
#include "support/paths.hpp"

namespace dha {

namespace fs = std::filesystem;

namespace {

void touch(const fs::path& file) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << "text";
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_command_line_comes_before_the_environment) {
  setenv("DHA_PLUGIN_PATH", ":/from/environment::/and/another:", 1);
  const auto directories = plugin_directories({"/asked/first", "/asked/second"});
  unsetenv("DHA_PLUGIN_PATH");
  const char* expected[] = {"/asked/first", "/asked/second", "/from/environment", "/and/another"};
  BOOST_TEST_REQUIRE(directories.size() >= 4U);
  for (size_t i = 0; i < 4; ++i) {
    BOOST_TEST(directories[i].path == expected[i]);
    BOOST_TEST(directories[i].required == (i < 2));
  }
}

BOOST_AUTO_TEST_CASE(the_places_of_the_default_components_come_last_each_once_and_all_of_them) {
  std::vector<fs::path> places;
  for (const PluginDirectory& directory : plugin_directories({"/asked"}))
    if (directory.is_default) places.push_back(directory.path);
  BOOST_TEST_REQUIRE(places.size() >= 2U);
  BOOST_TEST(places.front() == fs::canonical("/proc/self/exe").parent_path() / "plugins");
  for (size_t i = 0; i < places.size(); ++i) BOOST_TEST(std::count(places.begin(), places.end(), places[i]) == 1);
  BOOST_TEST(plugin_directories({"/asked"}).back().is_default);
  BOOST_TEST(!plugin_directories({"/asked"}).front().is_default);
}

BOOST_AUTO_TEST_CASE(the_current_directory_is_never_searched) {
  const test::TemporaryDirectory folder;
  touch(folder.path() / "plugins" / "here.so");
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  setenv("DHA_PLUGIN_PATH", "::", 1);
  const auto directories = plugin_directories({});
  unsetenv("DHA_PLUGIN_PATH");
  const bool is_searched = std::any_of(directories.begin(), directories.end(), [&](const PluginDirectory& directory) {
    std::error_code is_not_there;
    return directory.path.is_relative() || fs::equivalent(directory.path, folder.path(), is_not_there) ||
           fs::equivalent(directory.path, folder.path() / "plugins", is_not_there);
  });
  BOOST_TEST(!is_searched);
  fs::current_path(before);
}

BOOST_AUTO_TEST_CASE(candidates_lie_at_most_one_folder_deep_and_are_sorted) {
  const test::TemporaryDirectory folder;
  for (const char* name : {"nas/b.so", "augment/a.so", "z.so", "a.so", "nas/deeper/c.so", "nas/libx.so.1", "notes.txt"})
    touch(folder.path() / name);
  fs::create_directory(folder.path() / "folder.so");
  std::vector<std::string> names;
  for (const fs::path& file : candidate_files(folder.path()))
    names.push_back(fs::relative(file, folder.path()).string());
  BOOST_TEST(names == (std::vector<std::string>{"a.so", "augment/a.so", "nas/b.so", "z.so"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_directory_that_is_not_there_is_an_error_only_where_it_was_asked_for) {
  const test::TemporaryDirectory folder;
  PluginRegistry registry;
  registry.load_directory(folder.path() / "absent", false);
  BOOST_TEST(registry.plugins().empty());
  BOOST_CHECK_EXCEPTION(registry.load_directory(folder.path() / "absent", true), Error,
                        test::error_with(ErrorCode::kUsage, "absent", "does not exist"));
  BOOST_CHECK_EXCEPTION(registry.load_file(folder.path() / "absent.so"), Error,
                        test::error_with(ErrorCode::kUsage, "absent.so", "does not exist"));
}

}  // namespace dha
