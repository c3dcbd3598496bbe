// dha.architecture: where it reads the architecture from, and what it says where that fails.
#include "fixed_architecture.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/complete_params.hpp"
#include "support/fake_search_services.hpp"
#include "support/fake_stage.hpp"
#include "support/test_context.hpp"
#include "support/toy_space.hpp"

namespace {

using dha::ErrorCode;
using dha::FixedArchitecture;
using namespace dha::test;

constexpr const char* kGenotype = R"({"choices":[["op1@0","op0@1"]]})";

struct Fixture {
  TestContext context;
  FakeStage stage;
  ToySpace space{{toy_choice("node", 2, 3, 2, true)}};
  TemporaryDirectory directory;

  FixedArchitecture make(const nlohmann::json& params) {
    return FixedArchitecture(complete_params<FixedArchitecture>(params.dump()), context);
  }

  std::string write(const std::string& text) const {
    const std::string path = (directory.path() / "architecture.json").string();
    std::ofstream(path) << text;
    return path;
  }

  void check_refused(const nlohmann::json& params, ErrorCode code, const std::string& word) {
    FixedArchitecture searcher = make(params);
    BOOST_CHECK_EXCEPTION(searcher.attach(space, stage), dha::Error, [&](const dha::Error& e) {
      return e.code() == code && std::string(e.what()).find(word) != std::string::npos;
    });
  }
};

BOOST_FIXTURE_TEST_SUITE(fixed_architecture, Fixture)

BOOST_AUTO_TEST_CASE(takes_an_inline_genotype) {
  FixedArchitecture searcher = make({{"genotype", nlohmann::json::parse(kGenotype)}});
  BOOST_TEST(searcher.finished());
  searcher.attach(space, stage);
  BOOST_TEST(searcher.finished());
  BOOST_TEST(searcher.architecture() == kGenotype);
}

BOOST_AUTO_TEST_CASE(takes_a_file_verbatim) {
  const std::string text = "{\n  \"choices\": [[\"op1@0\", \"op0@1\"]],\n  \"note\": \"found on a Tuesday\"\n}\n";
  FixedArchitecture searcher = make({{"genotype_file", write(text)}});
  searcher.attach(space, stage);
  BOOST_TEST(searcher.architecture() == text);
  space.validate(searcher.architecture());
}

BOOST_AUTO_TEST_CASE(wants_exactly_one_source) {
  const std::string schema = FixedArchitecture::schema().json_text();
  for (const char* params : {"{}", R"({"genotype": {}, "genotype_file": "architecture.json"})"}) {
    const dha::ParamCheck check = dha::check_params(schema, params);
    BOOST_TEST_REQUIRE(check.problems.size() == 1U);
    BOOST_TEST(check.problems[0].message.find("exactly one of 'genotype_file', 'genotype'") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(says_what_is_wrong) {
  check_refused({{"genotype_file", "/nowhere/architecture.json"}}, ErrorCode::kNotFound, "/nowhere/architecture.json");
  check_refused({{"genotype_file", directory.path().string()}}, ErrorCode::kNotFound, directory.path().string());
  check_refused({{"genotype_file", write("{\"choices\": [")}}, ErrorCode::kInvalidParameter, "not JSON");
  check_refused({{"genotype_file", write("[1]")}}, ErrorCode::kInvalidParameter, "JSON object");
  check_refused({{"genotype", nlohmann::json::parse(R"({"choices": [["op7@0", "op0@1"]]})")}},
                ErrorCode::kInvalidParameter, "op7@0");
}

BOOST_AUTO_TEST_CASE(does_not_search) {
  FixedArchitecture searcher = make({{"genotype", nlohmann::json::parse(kGenotype)}});
  searcher.attach(space, stage);
  const auto is_contract_violation = [](const dha::Error& e) { return e.code() == ErrorCode::kContractViolation; };
  BOOST_CHECK_EXCEPTION(searcher.gates({}), dha::Error, is_contract_violation);
  FakeSearchServices services;
  searcher.begin_epoch({});
  searcher.before_step(services);
  searcher.end_epoch(services);
  searcher.end_stage(services);
  searcher.learn({});
  searcher.restore(searcher.state(), dha::RestoreReason::kCarry);
  BOOST_TEST(services.requests.empty());
  BOOST_TEST(searcher.architecture() == kGenotype);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
