// The registry with descriptors that are linked into the test: no file is loaded.
#include "plugin/plugin_registry.hpp"

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <functional>

#include "dha/augmenter.hpp"
#include "dha/searcher.hpp"
#include "fixtures/support/plain_augmenter.hpp"
#include "fixtures/support/spoiled_descriptor.hpp"
#include "plugin/descriptor_check.hpp"
#include "plugin/guarded_call.hpp"
#include "support/error_checks.hpp"
#include "support/test_context.hpp"

namespace dha {

namespace {

using fixture::Tables;
using test::error_with;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

PluginRecord fate_of(const dha_plugin& plugin) {
  PluginRegistry registry;
  registry.add(plugin);
  return registry.plugins().at(0);
}

class Shifter : public fixture::PlainAugmenter {
 public:
  static Schema schema() { return Schema("Shifts.").integer("by", "px").range(0, 9).def(1); }
  Shifter(const Params& params, Context& context) : by_(params.integer("by")) { context.log(LogLevel::kInfo, "made"); }
  std::string policy() const override { return std::to_string(by_); }

 private:
  int64_t by_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_right_descriptor_is_loaded_with_all_it_says) {
  Tables tables("plain", "fixture.plain");
  PluginRegistry registry;
  registry.add(tables.plugin);
  const PluginRecord& record = registry.plugins().at(0);
  BOOST_TEST(record.reason == "");
  BOOST_TEST((record.state == PluginState::kLoaded));
  BOOST_TEST(record.name == "plain");
  BOOST_TEST(record.version == "1.0.0");
  BOOST_TEST(record.vendor == "fixture");
  BOOST_TEST(record.license == "Apache-2.0");
  BOOST_TEST(record.component_ids == std::vector<std::string>{"fixture.plain"}, boost::test_tools::per_element());
  const ComponentRecord& component = registry.find("augmenter", "fixture.plain");
  BOOST_TEST(component.kind == "augmenter");
  BOOST_TEST(component.summary == "Does nothing.");
  BOOST_TEST(component.schema_json == R"({"fields": []})");
}

BOOST_AUTO_TEST_CASE(every_wrong_field_has_its_state_and_is_named) {
  struct Fault {
    std::function<void(Tables&)> spoil;
    PluginState state;
    const char* named;
  };
  const std::string newer = "built with SDK 2." + std::to_string(DHA_SDK_VERSION_MINOR + 1);
  const Fault faults[] = {
      {[](Tables& t) { t.plugin.abi_layout = 3; }, PluginState::kIncompatible,
       "layout: the host reads 2, the plugin has 3"},
      {[](Tables& t) { t.plugin.struct_size = 79; }, PluginState::kInvalidDescriptor, "79 bytes"},
      {[](Tables& t) { t.plugin.components = nullptr; }, PluginState::kInvalidDescriptor, "no table"},
      {[](Tables& t) { t.plugin.component_count = 5000; }, PluginState::kInvalidDescriptor, "5000 components"},
      {[](Tables& t) { t.plugin.component_size = 50; }, PluginState::kInvalidDescriptor, "50 bytes"},
      {[](Tables& t) { t.plugin.abi_tag = "torch=2.11.0"; }, PluginState::kIncompatible, "sdk: host has '2'"},
      {[](Tables& t) { t.plugin.sdk_minor = DHA_SDK_VERSION_MINOR + 1; }, PluginState::kIncompatible, newer.c_str()},
      {[](Tables& t) { t.plugin.name = ""; }, PluginState::kInvalidDescriptor, "name"},
      {[](Tables& t) { t.plugin.version = "1.0"; }, PluginState::kInvalidDescriptor, "'1.0'"},
      {[](Tables& t) { t.plugin.vendor = nullptr; }, PluginState::kInvalidDescriptor, "vendor"},
      {[](Tables& t) { t.plugin.license = ""; }, PluginState::kInvalidDescriptor, "license"},
      {[](Tables& t) { t.plugin.accelerator_library = "../k.so"; }, PluginState::kInvalidDescriptor, "'../k.so'"},
      {[](Tables& t) { t.component.id = nullptr; }, PluginState::kInvalidDescriptor, "component 0 has no id"},
      {[](Tables& t) { t.component.id = "plain"; }, PluginState::kInvalidDescriptor,
       "'plain' must have the form vendor.name"},
      {[](Tables& t) { t.component.id = "a.b.c"; }, PluginState::kInvalidDescriptor, "'a.b.c'"},
      {[](Tables& t) { t.component.id = "a.b "; }, PluginState::kInvalidDescriptor, "'a.b '"},
      {[](Tables& t) { t.component.kind = "serchr"; }, PluginState::kInvalidDescriptor, "did you mean 'searcher'"},
      {[](Tables& t) { t.component.summary = ""; }, PluginState::kInvalidDescriptor, "summary"},
      {[](Tables& t) { t.component.summary = "a\nb"; }, PluginState::kInvalidDescriptor, "more than one line"},
      {[](Tables& t) { t.component.params_json = nullptr; }, PluginState::kInvalidDescriptor, "parameter schema"},
      {[](Tables& t) { t.component.params_json = "{}"; }, PluginState::kInvalidDescriptor, "fields"},
      {[](Tables& t) { t.component.create = nullptr; }, PluginState::kInvalidDescriptor, "create"},
      {[](Tables& t) { t.component.destroy = nullptr; }, PluginState::kInvalidDescriptor, "destroy"},
  };
  for (const Fault& fault : faults) {
    Tables tables("plain", "fixture.plain");
    fault.spoil(tables);
    const PluginRecord record = fate_of(tables.plugin);
    BOOST_TEST_CONTEXT(fault.named << " in: " << record.reason) {
      BOOST_TEST(state_name(record.state) == state_name(fault.state));
      BOOST_TEST(contains(record.reason, fault.named));
    }
  }
}

BOOST_AUTO_TEST_CASE(tags_are_compared_field_by_field) {
  BOOST_TEST(abi_differences("sdk=1;torch=2.11.0;stdlib=x", "stdlib=x;torch=2.11.0;sdk=1;compiler=y").empty());
  const auto differences = abi_differences("sdk=1;torch=2.11.0;stdlib=x", "sdk=1;torch=2.11.00;stdlib=");
  BOOST_TEST_REQUIRE(differences.size() == 2U);
  BOOST_TEST(differences[0] == "torch: host has '2.11.0', plugin was built with '2.11.00'");
  BOOST_TEST(differences[1] == "stdlib: host has 'x', plugin was built with ''");
  BOOST_TEST(abi_differences("sdk=1;torch=2;stdlib=x", ";;=;sdk").size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_second_component_of_an_id_is_refused_and_the_first_stays) {
  Tables first("first", "fixture.twice"), second("second", "fixture.twice");
  first.component.summary = "The first.";
  PluginRegistry registry;
  registry.add(first.plugin);
  registry.add(second.plugin);
  BOOST_TEST((registry.plugins().at(1).state == PluginState::kDuplicateId));
  BOOST_TEST(registry.components().size() == 1U);
  BOOST_TEST(registry.find("augmenter", "fixture.twice").summary == "The first.");
}

BOOST_AUTO_TEST_CASE(an_id_twice_in_one_plugin_is_refused) {
  Tables tables("twins", "fixture.twin");
  const dha_component twins[] = {tables.component, tables.component};
  tables.plugin.components = twins;
  tables.plugin.component_count = 2;
  const PluginRecord record = fate_of(tables.plugin);
  BOOST_TEST((record.state == PluginState::kDuplicateId));
  BOOST_TEST(contains(record.reason, "fixture.twin"));
}

BOOST_AUTO_TEST_CASE(components_are_sorted_by_kind_and_id) {
  Tables b("b", "fixture.b"), a("a", "fixture.a"), space("space", "fixture.space");
  space.component.kind = "space";
  PluginRegistry registry;
  for (const Tables* tables : {&space, &b, &a}) registry.add(tables->plugin);
  std::vector<std::string> ids;
  for (const ComponentRecord* component : registry.components()) ids.push_back(component->id);
  BOOST_TEST(ids == (std::vector<std::string>{"fixture.a", "fixture.b", "fixture.space"}),
             boost::test_tools::per_element());
  BOOST_TEST(registry.components("space").size() == 1U);
  BOOST_TEST(registry.components("dataset").empty());
}

BOOST_AUTO_TEST_CASE(an_unknown_id_is_answered_with_the_nearest_of_its_kind) {
  Tables tau("tau", "fixture.tau"), space("space", "fixture.tas");
  space.component.kind = "space";
  PluginRegistry registry;
  registry.add(space.plugin);
  registry.add(tau.plugin);
  BOOST_CHECK_EXCEPTION(registry.find("augmenter", "fixture.tay"), Error,
                        error_with(ErrorCode::kNotFound, "no augmenter is named 'fixture.tay'", "'fixture.tau'?"));
  BOOST_CHECK_EXCEPTION(registry.find("augmenter", "something.else"), Error,
                        error_with(ErrorCode::kNotFound, "known are fixture.tau"));
  BOOST_CHECK_EXCEPTION(registry.find("dataset", "fixture.tau"), Error,
                        error_with(ErrorCode::kNotFound, "is of kind augmenter, not dataset"));
  BOOST_CHECK_EXCEPTION(registry.find("dataset", "fixture.cifar"), Error,
                        error_with(ErrorCode::kNotFound, "no plugin that was found offers any", "--plugin-path"));
  BOOST_CHECK_EXCEPTION(
      registry.find("augmenter", "acme.x"), Error,
      error_with(ErrorCode::kNotFound, "known are fixture.tau; if a plugin offers it", "--plugin-path"));
  BOOST_CHECK_EXCEPTION(registry.find("augmenter", "fixtur.tau"), Error,
                        error_with(ErrorCode::kNotFound, "'fixture.tau'? If a plugin offers it", "'dha plugins'"));
}

BOOST_AUTO_TEST_CASE(where_no_component_is_loaded_the_plugins_are_at_fault) {
  BOOST_CHECK_EXCEPTION(PluginRegistry().find("augmenter", "fixture.tau"), Error,
                        error_with(ErrorCode::kLoadFailed, "no plugin that was found offers any", "DHA_PLUGIN_PATH"));
}

BOOST_AUTO_TEST_CASE(an_id_of_a_refused_plugin_is_answered_with_its_reason) {
  Tables old("old", "fixture.old");
  old.plugin.abi_tag = "sdk=1;torch=1.0.0;stdlib=" DHA_DETAIL_STDLIB;
  PluginRegistry registry;
  registry.add(old.plugin);
  BOOST_CHECK_EXCEPTION(registry.find("augmenter", "fixture.old"), Error,
                        error_with(ErrorCode::kIncompatible, "fixture.old", "refused (incompatible)", "'1.0.0'"));
}

BOOST_AUTO_TEST_CASE(a_component_is_created_with_its_parameters_and_context) {
  const detail::PluginTables tables(DHA_ABI_TAG, DHA_SDK_VERSION_MINOR, "shift", "1.0.0", "fixture", "Apache-2.0",
                                    {component<Shifter>("fixture.shift")});
  test::TestContext context;
  std::shared_ptr<Augmenter> shifter;
  {
    PluginRegistry registry;
    registry.add(*tables.descriptor());
    shifter = registry.create<Augmenter>("fixture.shift", R"({"by": 4})", context);
    BOOST_CHECK_EXCEPTION(registry.create<Searcher>("fixture.shift", "{}", context), Error,
                          error_with(ErrorCode::kNotFound, "not searcher"));
  }
  BOOST_TEST(shifter->policy() == "4");
  BOOST_TEST(context.lines == std::vector<std::string>{"made"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_create_reports_keeps_code_and_text) {
  Tables tables("failing", "fixture.failing");
  test::TestContext context;
  const auto creating_with = [&](auto create, ErrorCode code, const char* text) {
    tables.component.create = create;
    PluginRegistry registry;
    registry.add(tables.plugin);
    BOOST_CHECK_EXCEPTION(registry.create<Augmenter>("fixture.failing", "{}", context), Error,
                          error_with(code, "fixture.failing: create", text));
  };
  creating_with(
      +[](const char*, void*, dha_error* error) -> void* {
        error->code = static_cast<int32_t>(ErrorCode::kData);
        std::strcpy(error->text, "no such file");
        return nullptr;
      },
      ErrorCode::kData, "no such file");
  creating_with(
      +[](const char*, void*, dha_error* error) -> void* {
        error->code = 4711;
        std::memset(error->text, 'x', sizeof error->text);  // not terminated
        return nullptr;
      },
      ErrorCode::kPluginFault, "xxx");
  creating_with(
      +[](const char*, void*, dha_error*) -> void* { return nullptr; }, ErrorCode::kContractViolation,
      "returned nothing and no error");
}

BOOST_AUTO_TEST_CASE(guarded_calls_translate_whatever_is_thrown) {
  BOOST_TEST(guarded_call("a.b", "apply", [] { return 3; }) == 3);
  int value = 0;
  guarded_call("a.b", "apply", [&]() -> int& { return value; }) = 5;
  BOOST_TEST(value == 5);
  BOOST_CHECK_EXCEPTION(
      guarded_call("a.b", "apply", [] { throw Error(ErrorCode::kData, "no file"); }), Error,
      [](const Error& e) { return e.code() == ErrorCode::kData && std::string(e.what()) == "a.b: no file"; });
  BOOST_CHECK_EXCEPTION(guarded_call("a.b", "apply", [] { throw std::bad_alloc(); }), Error,
                        error_with(ErrorCode::kResource, "a.b: out of memory", "batch_size"));
  BOOST_CHECK_EXCEPTION(guarded_call("a.b", "apply", [] { return at::empty({int64_t{1} << 60}, at::kByte); }), Error,
                        error_with(ErrorCode::kResource, "a.b: out of memory (", "1152921504606846976 bytes"));
  BOOST_CHECK_EXCEPTION(guarded_call("a.b", "apply", [] { throw std::out_of_range("far"); }), Error,
                        error_with(ErrorCode::kPluginFault, "a.b: apply: far"));
  BOOST_CHECK_EXCEPTION(guarded_call("a.b", "apply", [] { throw 42; }), Error,
                        error_with(ErrorCode::kPluginFault, "a.b: apply", "not a std::exception"));
  BOOST_CHECK_EXCEPTION(guarded_call("a.b", "apply", [] { TORCH_CHECK(false, "bad shape"); }), Error,
                        [](const Error& e) {
                          const std::string text = e.what();
                          return e.code() == ErrorCode::kPluginFault && contains(text, "a.b: apply: bad shape") &&
                                 !contains(text, "frame #");
                        });
}

BOOST_AUTO_TEST_CASE(an_error_says_where_it_happened_from_the_outside_in) {
  const auto inner = [] { guarded_call("a.network", "forward", [] { throw std::out_of_range("far"); }); };
  const std::vector<std::string> places = {"a.searcher", "a.network", "forward"};
  BOOST_CHECK_EXCEPTION(guarded_call("a.searcher", "end_epoch", inner), Error, [&](const Error& e) {
    return e.context() == places && std::string(e.what()) == "a.searcher: a.network: forward: far";
  });
}

}  // namespace dha
