// The loader over files: every fault is met with its state and a sentence, and nothing of it reaches the host.
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <fstream>
#include <map>

#include "dha/augmenter.hpp"
#include "plugin/plugin_registry.hpp"
#include "support/as_nobody.hpp"
#include "support/error_checks.hpp"
#include "support/test_context.hpp"

namespace dha {

namespace fs = std::filesystem;

namespace {

using test::error_with;

fs::path fixture(const std::string& name) { return test::build_dir() / "fixtures" / "plugins" / (name + ".so"); }
fs::path deadly_fixture() { return test::build_dir() / "fixtures" / "deadly" / "throws_in_static_init.so"; }

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

PluginRegistry load(const std::string& name) {
  PluginRegistry registry;
  registry.load_file(fixture(name));
  return registry;
}

int counter(const char* variable) {
  const char* value = getenv(variable);
  return value == nullptr ? 0 : std::atoi(value);
}

struct ProgramResult {
  std::string output;
  int status;  // as the shell has it: 128 + n for signal n
};

ProgramResult run_dha(const std::string& arguments) {
  const std::string command = (test::build_dir() / "dha").string() + " " + arguments + " 2>&1";
  std::FILE* pipe = popen(command.c_str(), "r");
  BOOST_TEST_REQUIRE(pipe != nullptr);
  ProgramResult result;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) result.output += static_cast<char>(c);
  const int status = pclose(pipe);
  result.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return result;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_bad_file_is_refused_with_its_state_and_reason) {
  struct Expected {
    const char* name;
    PluginState state;
    const char* reason;
  };
  const Expected all[] = {
      {"not_an_elf", PluginState::kNotAPlugin, "is not a shared library"},
      {"no_entry", PluginState::kNotAPlugin, "exports no dha_plugin_entry"},
      {"truncated", PluginState::kLoadFailed, "cut short"},
      {"undefined_symbol", PluginState::kLoadFailed, "dha_fixture_defined_nowhere"},
      {"initialize_throws", PluginState::kLoadFailed, "the operators are taken"},
      {"null_descriptor", PluginState::kInvalidDescriptor, "returned no descriptor"},
      {"entry_throws", PluginState::kInvalidDescriptor, "no descriptor today"},
      {"struct_too_small", PluginState::kInvalidDescriptor, "16 bytes"},
      {"stride_too_small", PluginState::kInvalidDescriptor, "8 bytes"},
      {"no_components", PluginState::kInvalidDescriptor, "0 components"},
      {"layout_newer", PluginState::kIncompatible, "the host reads 2, the plugin has 3"},
      {"layout_zero", PluginState::kIncompatible, "the host reads 2, the plugin has 0"},
      {"wrong_torch", PluginState::kIncompatible, "(torch: host has '2.11.0', plugin was built with '2.10.0')"},
      {"wrong_stdlib", PluginState::kIncompatible, "plugin was built with 'libc++-abi1')"},
      {"wrong_sdk", PluginState::kIncompatible, "(sdk: host has '2', plugin was built with '99')"},
      {"no_tag", PluginState::kIncompatible, "torch: host has '2.11.0', plugin names none"},
      {"empty_id", PluginState::kInvalidDescriptor, "no id"},
      {"bad_id", PluginState::kInvalidDescriptor, "'Fixture.BadId'"},
      {"bad_kind", PluginState::kInvalidDescriptor, "did you mean 'augmenter'?"},
      {"bad_version", PluginState::kInvalidDescriptor, "'first'"},
      {"no_license", PluginState::kInvalidDescriptor, "license"},
      {"no_create", PluginState::kInvalidDescriptor, "create"},
      {"bad_schema", PluginState::kInvalidDescriptor, "schema is malformed"},
      {"default_out_of_range", PluginState::kInvalidDescriptor, "'axis' must be in [0, 3], found 7"},
  };
  for (const Expected& expected : all) {
    const PluginRegistry registry = load(expected.name);
    BOOST_TEST_REQUIRE(registry.plugins().size() == 1U);
    const PluginRecord& record = registry.plugins()[0];
    BOOST_TEST_CONTEXT(expected.name << ": " << record.reason) {
      BOOST_TEST(state_name(record.state) == state_name(expected.state));
      BOOST_TEST(contains(record.reason, expected.reason));
      BOOST_TEST(record.file == fs::canonical(fixture(expected.name)));
      BOOST_TEST(registry.components().empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_directory_of_bad_plugins_leaves_the_good_ones_working) {
  PluginRegistry registry;
  registry.load_directory(test::build_dir() / "fixtures" / "plugins", true);
  test::TestContext context;
  const auto good = registry.create<Augmenter>("fixture.good", R"({"offset": 3})", context);
  BOOST_TEST(good->policy() == R"({"offset": 3})");
  BOOST_TEST(registry.find("augmenter", "fixture.longer_second").id == "fixture.longer_second");
  BOOST_TEST(std::is_sorted(registry.plugins().begin(), registry.plugins().end(),
                            [](const PluginRecord& a, const PluginRecord& b) { return a.file < b.file; }));
}

BOOST_AUTO_TEST_CASE(of_two_files_with_one_id_the_second_is_refused_naming_both) {
  PluginRegistry registry;
  registry.load_file(fixture("duplicate_id_second"));
  registry.load_file(fixture("duplicate_id_first"));
  BOOST_TEST((registry.plugins().at(0).state == PluginState::kLoaded));
  const PluginRecord& refused = registry.plugins().at(1);
  BOOST_TEST((refused.state == PluginState::kDuplicateId));
  BOOST_TEST(contains(refused.reason, "duplicate_id_first.so"));
  BOOST_TEST(contains(refused.reason, "duplicate_id_second.so"));
  BOOST_TEST(registry.components().size() == 1U);
}

BOOST_AUTO_TEST_CASE(one_file_by_several_names_is_one_plugin_and_is_initialised_once) {
  const test::TemporaryDirectory folder;
  fs::create_symlink(fixture("good"), folder.path() / "linked.so");
  fs::create_directory_symlink(fixture("good").parent_path(), folder.path() / "elsewhere");
  PluginRegistry registry, another;
  registry.load_file(fixture("good"));
  registry.load_file(folder.path() / "linked.so");
  registry.load_file(folder.path() / "elsewhere" / "good.so");
  another.load_file(folder.path() / "linked.so");
  BOOST_TEST(registry.plugins().size() == 1U);
  BOOST_TEST((another.plugins().at(0).state == PluginState::kLoaded));
  BOOST_TEST(counter("DHA_FIXTURE_INITIALIZED") == 1);
}

BOOST_AUTO_TEST_CASE(a_copy_of_a_plugin_is_a_duplicate_and_is_not_initialised) {
  const test::TemporaryDirectory folder;
  fs::copy_file(fixture("good"), folder.path() / "copy.so");
  PluginRegistry registry = load("good");
  const int before = counter("DHA_FIXTURE_INITIALIZED");
  registry.load_file(folder.path() / "copy.so");
  BOOST_TEST((registry.plugins().at(1).state == PluginState::kDuplicateId));
  BOOST_TEST(counter("DHA_FIXTURE_INITIALIZED") == before);
}

BOOST_AUTO_TEST_CASE(an_object_outlives_the_registry_that_made_it) {
  test::TestContext context;
  const int before = counter("DHA_FIXTURE_OBJECTS");
  std::shared_ptr<Augmenter> object;
  {
    const PluginRegistry registry = load("good");
    object = registry.create<Augmenter>("fixture.good", R"({"offset": 7})", context);
  }
  BOOST_TEST(counter("DHA_FIXTURE_OBJECTS") == before + 1);
  BOOST_TEST(object->policy() == R"({"offset": 7})");
  object.reset();
  BOOST_TEST(counter("DHA_FIXTURE_OBJECTS") == before);
}

BOOST_AUTO_TEST_CASE(a_plugin_linked_without_nodelete_stays_mapped_too) {
  const fs::path file = fs::canonical(fixture("returns_null_without_error"));
  { const PluginRegistry registry = load("returns_null_without_error"); }
  void* still = dlopen(file.c_str(), RTLD_NOW | RTLD_NOLOAD);
  BOOST_TEST(still != nullptr);
}

BOOST_AUTO_TEST_CASE(what_a_constructor_throws_is_reported_with_id_and_call) {
  test::TestContext context;
  const auto creating = [&](const std::string& name) {
    load(name).create<Augmenter>("fixture." + name, "{}", context);
  };
  BOOST_CHECK_EXCEPTION(creating("throws_std"), Error,
                        error_with(ErrorCode::kPluginFault, "fixture.throws_std: create: thrown by a constructor"));
  BOOST_CHECK_EXCEPTION(creating("throws_int"), Error,
                        error_with(ErrorCode::kPluginFault, "fixture.throws_int: create", "not a std::exception"));
  BOOST_CHECK_EXCEPTION(creating("throws_c10"), Error,
                        error_with(ErrorCode::kPluginFault, "fixture.throws_c10: create: checked by LibTorch"));
  BOOST_CHECK_EXCEPTION(creating("throws_dha"), Error,
                        error_with(ErrorCode::kData, "fixture.throws_dha: create: the file of means is missing"));
  BOOST_CHECK_EXCEPTION(creating("create_throws"), Error,
                        error_with(ErrorCode::kPluginFault, "create", "thrown across the boundary"));
  BOOST_CHECK_EXCEPTION(creating("returns_null_without_error"), Error,
                        error_with(ErrorCode::kContractViolation, "returned nothing and no error"));
}

BOOST_AUTO_TEST_CASE(an_id_of_a_refused_file_is_answered_with_its_reason) {
  BOOST_CHECK_EXCEPTION(load("wrong_torch").find("augmenter", "fixture.wrong_torch"), Error,
                        error_with(ErrorCode::kIncompatible, "wrong_torch.so", "'2.10.0'"));
}

BOOST_AUTO_TEST_CASE(a_file_cut_short_anywhere_is_refused_and_the_host_lives) {
  const test::TemporaryDirectory folder;
  std::ifstream stream(fixture("good"), std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(stream), {}};
  for (size_t part = 0; part < 32; ++part) {
    const size_t size = whole.size() * part / 32;
    const fs::path file = folder.path() / ("cut" + std::to_string(part) + ".so");
    std::ofstream(file, std::ios::binary).write(whole.data(), static_cast<std::streamsize>(size));
    PluginRegistry registry;
    registry.load_file(file);
    BOOST_TEST((registry.plugins().at(0).state != PluginState::kLoaded), "loaded with " << size << " bytes");
  }
}

BOOST_AUTO_TEST_CASE(a_library_of_kernels_is_remembered_and_is_no_refused_plugin) {
  const test::TemporaryDirectory folder;
  fs::copy_file(fixture("good"), folder.path() / "good.so");
  fs::copy_file(fixture("no_entry"), folder.path() / "good_kernels.so");
  PluginRegistry registry;
  registry.load_directory(folder.path(), true);
  BOOST_TEST(registry.plugins().size() == 1U);
  BOOST_TEST_REQUIRE(registry.accelerator_libraries().size() == 1U);
  BOOST_TEST(registry.accelerator_libraries()[0] == fs::canonical(folder.path()) / "good_kernels.so");
  void* opened = dlopen((folder.path() / "good_kernels.so").c_str(), RTLD_NOW | RTLD_NOLOAD);
  BOOST_TEST(opened == nullptr);
}

BOOST_AUTO_TEST_CASE(a_later_directory_adds_what_is_new_and_what_is_not_is_passed_over) {
  const test::TemporaryDirectory first, second;
  fs::copy_file(fixture("duplicate_id_first"), first.path() / "a.so");
  fs::copy_file(fixture("duplicate_id_second"), second.path() / "b.so");
  fs::copy_file(fixture("good"), second.path() / "good.so");
  PluginRegistry registry;
  registry.load_directory(first.path(), true);
  registry.load_directory(second.path(), true);
  BOOST_TEST_REQUIRE(registry.plugins().size() == 3U);
  const PluginRecord& over = registry.plugins()[1];
  BOOST_TEST(state_name(over.state) == "shadowed");
  BOOST_TEST(contains(over.reason, "loaded from " + fs::canonical(first.path() / "a.so").string()));
  BOOST_TEST(registry.find("augmenter", "fixture.good").id == "fixture.good");
  BOOST_TEST(std::none_of(registry.plugins().begin(), registry.plugins().end(), is_refused));
}

BOOST_AUTO_TEST_CASE(a_default_place_hides_files_of_the_same_name_in_a_later_one_and_nothing_else) {
  const test::TemporaryDirectory empty, first, second;
  for (const fs::path& place : {first.path(), second.path()}) fs::create_directory(place / "augment");
  fs::copy_file(fixture("good"), first.path() / "augment" / "good.so");
  fs::copy_file(fixture("no_entry"), first.path() / "augment" / "good_kernels.so");
  fs::copy_file(fixture("wrong_torch"), first.path() / "longer.so");
  // Another version of the same set.
  fs::copy_file(fixture("wrong_torch"), second.path() / "augment" / "good.so");
  fs::copy_file(fixture("no_entry"), second.path() / "augment" / "good_kernels.so");
  fs::copy_file(fixture("duplicate_id_first"), second.path() / "longer.so");
  PluginRegistry registry;
  for (const fs::path& place : {empty.path(), first.path(), second.path(), empty.path() / "absent"})
    registry.load_default_directory(place);
  std::vector<std::string> states;
  for (const PluginRecord& record : registry.plugins()) states.emplace_back(state_name(record.state));
  BOOST_TEST(states == (std::vector<std::string>{"loaded", "incompatible", "shadowed", "loaded"}),
             boost::test_tools::per_element());
  void* opened = dlopen((second.path() / "augment" / "good.so").c_str(), RTLD_NOW | RTLD_NOLOAD);
  BOOST_TEST(opened == nullptr);
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_read_is_refused) {
  const test::TemporaryDirectory folder;
  fs::permissions(folder.path(), fs::perms::all);
  fs::copy_file(fixture("good"), folder.path() / "closed.so");
  fs::permissions(folder.path() / "closed.so", fs::perms::none);
  PluginRegistry registry;
  {
    const test::AsNobody nobody;
    BOOST_TEST_REQUIRE(nobody.is_nobody());
    registry.load_directory(folder.path(), true);
  }
  BOOST_TEST_REQUIRE(registry.plugins().size() == 1U);
  BOOST_TEST((registry.plugins()[0].state == PluginState::kLoadFailed));
  BOOST_TEST(contains(registry.plugins()[0].reason, "Permission denied"), registry.plugins()[0].reason);
}

BOOST_AUTO_TEST_CASE(a_plugin_that_kills_its_host_kills_only_the_process_that_tries_it) {
  PluginRegistry registry;
  registry.probe_in_child();
  registry.load_file(deadly_fixture());
  registry.load_file(fixture("good"));
  BOOST_TEST((registry.plugins().at(0).state == PluginState::kLoadFailed));
  BOOST_TEST(contains(registry.plugins().at(0).reason, "loading it ends the process with status 3"));
  BOOST_TEST((registry.plugins().at(1).state == PluginState::kLoaded));
}

BOOST_AUTO_TEST_CASE(the_program_lists_refused_plugins_and_says_why) {
  const std::string path = " --plugin-path " + fixture("good").parent_path().string();
  const ProgramResult listed = run_dha("plugins" + path);
  BOOST_TEST(listed.status == 0);
  BOOST_TEST(contains(listed.output, "fixture.good"));
  BOOST_TEST(contains(listed.output, "refused (incompatible): "));
  BOOST_TEST(contains(listed.output, "torch: host has '2.11.0', plugin was built with '2.10.0'"));
  BOOST_TEST(run_dha("plugins --strict" + path).status == 3);
  BOOST_TEST(run_dha("plugins --plugin-path /nowhere/at/all").status == 2);
  BOOST_TEST(run_dha("describe fixture.goood" + path).status == 2);
  BOOST_TEST(run_dha("describe fixture.wrong_sdk" + path).status == 3);
  BOOST_TEST(run_dha("describe fixture.good --format yaml" + path).status == 2);
}

BOOST_AUTO_TEST_CASE(the_program_counts_what_it_passes_over_and_is_content) {
  const test::TemporaryDirectory first, second;
  fs::copy_file(fixture("good"), first.path() / "good.so");
  fs::copy_file(fixture("good"), second.path() / "copy.so");
  const std::string paths = " --plugin-path " + first.path().string() + " --plugin-path " + second.path().string();
  const ProgramResult listed = run_dha("plugins --strict" + paths);
  BOOST_TEST(listed.status == 0);
  BOOST_TEST(contains(listed.output, "shadowed: 1 file that offers nothing new"));
  BOOST_TEST(contains(run_dha("plugins --json" + paths).output, "copy.so\",\n      \"state\": \"shadowed\""));
}

BOOST_AUTO_TEST_CASE(the_program_dies_of_a_deadly_plugin_only_where_it_does_not_probe) {
  const std::string path = " --plugin-path " + deadly_fixture().string();
  const ProgramResult dead = run_dha("plugins" + path);
  BOOST_TEST(dead.status == 3);
  BOOST_TEST(contains(dead.output, "throws_in_static_init.so throws while it is being loaded"));
  BOOST_TEST(contains(dead.output, "thrown by a static initialiser"));
  BOOST_TEST(!contains(dead.output, "refused"));  // it did not get as far as the list
  const std::string beside = " --plugin-path " + fixture("good").string();
  const ProgramResult probed = run_dha("plugins --probe" + path + beside);
  BOOST_TEST(probed.status == 0);
  BOOST_TEST(contains(probed.output, "refused (load-failed): "));
  BOOST_TEST(contains(probed.output, "fixture.good"));
}

BOOST_AUTO_TEST_CASE(a_disabled_plugin_is_not_opened_and_says_so) {
  const std::string paths =
      " --plugin-path " + deadly_fixture().string() + " --plugin-path " + fixture("good").string();
  setenv("DHA_DISABLED_PLUGINS", "other:throws_in_static_init", 1);
  const ProgramResult listed = run_dha("plugins --strict" + paths);
  const ProgramResult asked = run_dha("describe fixture.none" + paths);
  unsetenv("DHA_DISABLED_PLUGINS");
  BOOST_TEST(listed.status == 0);
  BOOST_TEST(contains(listed.output, "disabled by DHA_DISABLED_PLUGINS: "));
  BOOST_TEST(contains(listed.output, "fixture.good"));
  BOOST_TEST(contains(asked.output, "DHA_DISABLED_PLUGINS disables "));
  BOOST_TEST(contains(asked.output, "throws_in_static_init.so"));
  BOOST_TEST(contains(listed.output, "names 'other', but no plugin file is named other.so"));
}

BOOST_AUTO_TEST_CASE(the_kernels_of_a_disabled_plugin_are_not_refused) {
  const test::TemporaryDirectory folder;
  fs::copy_file(fixture("good"), folder.path() / "good.so");
  fs::copy_file(fixture("no_entry"), folder.path() / "good_cuda.so");
  setenv("DHA_DISABLED_PLUGINS", "good", 1);
  const ProgramResult listed = run_dha("plugins --strict --plugin-path " + folder.path().string());
  unsetenv("DHA_DISABLED_PLUGINS");
  BOOST_TEST(listed.status == 0);
  BOOST_TEST(contains(listed.output, "disabled by DHA_DISABLED_PLUGINS: "));
  BOOST_TEST(!contains(listed.output, "good_cuda.so"));
}

}  // namespace dha
