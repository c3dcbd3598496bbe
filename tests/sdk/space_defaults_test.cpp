// Default answers of spaces: notation of architectures, sampling, mutation, and weights carried by name.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <set>
#include <utility>

#include "dha/space.hpp"
#include "support/chi_square.hpp"
#include "support/error_checks.hpp"

namespace dha {

namespace {

// A network that is nothing but its lists of tensors.
class ListedNetwork : public Network {
 public:
  explicit ListedNetwork(std::vector<NamedTensor> parameters, std::vector<NamedTensor> buffers = {})
      : parameters_(std::move(parameters)), buffers_(std::move(buffers)) {
    for (const NamedTensor& parameter : parameters_) parameter.tensor.set_requires_grad(true);
  }
  NetworkOutput forward(const at::Tensor&, const Gates&) override { return {}; }
  std::vector<NamedTensor> parameters() const override { return parameters_; }
  std::vector<NamedTensor> buffers() const override { return buffers_; }
  void set_mode(const NetworkMode&) override {}

 private:
  std::vector<NamedTensor> parameters_, buffers_;
};

// A space that overrides as little as a space can.
class PlainSpace : public Space {
 public:
  explicit PlainSpace(std::vector<Choice> choices) : choices_(std::move(choices)) {}
  void prepare(const DatasetInfo&) override {}
  const std::vector<Choice>& choices() const override { return choices_; }
  std::unique_ptr<Network> lean(const std::string&, const at::TensorOptions&) override {
    return std::make_unique<ListedNetwork>(std::vector<NamedTensor>{});
  }
  Quantities cost(const std::string&) const override { return {}; }

 private:
  std::vector<Choice> choices_;
};

// A node that keeps two of four candidates with distinct inputs (4 decisions), and a block that keeps one of three.
PlainSpace node_and_block() {
  return PlainSpace({{"node", {{"conv", 0}, {"pool", 0}, {"conv", 1}, {"pool", 1}}, 2, true},
                     {"block", {{"small", 0}, {"large", 0}, {"none", 0}}, 1, false}});
}

constexpr const char* kArchitecture = R"({"node":["pool@0","conv@1"],"block":["none@0"]})";

// The twelve architectures of node_and_block(), as a person counts them.
std::vector<std::string> all_architectures() {
  std::vector<std::string> all;
  for (const char* first : {"conv@0", "pool@0"})
    for (const char* second : {"conv@1", "pool@1"})
      for (const char* block : {"small@0", "large@0", "none@0"})
        all.push_back(std::string(R"({"node":[")") + first + R"(",")" + second + R"("],"block":[")" + block + R"("]})");
  return all;
}

at::Tensor filled(int64_t size, double value) { return at::full({size}, value); }

bool holds(const at::Tensor& tensor, double value) { return tensor.detach().equal(filled(tensor.size(0), value)); }

}  // namespace

BOOST_AUTO_TEST_CASE(an_architecture_names_operation_and_input_of_each_decision) {
  const PlainSpace space = node_and_block();
  BOOST_TEST(space.architecture({{1, 2}, {2}}) == kArchitecture);
  BOOST_TEST((space.decisions(kArchitecture) == Decisions{{1, 2}, {2}}));
  // Order and layout of the text do not matter.
  BOOST_TEST((space.decisions(R"({ "block": ["none@0"], "node": ["conv@1", "pool@0"] })") == Decisions{{1, 2}, {2}}));
  space.validate(kArchitecture);
  for (const std::string& text : all_architectures()) BOOST_TEST(space.architecture(space.decisions(text)) == text);
}

BOOST_AUTO_TEST_CASE(decisions_that_break_a_rule_are_refused) {
  const PlainSpace space = node_and_block();
  for (const auto& [decisions, words] :
       std::vector<std::pair<Decisions, const char*>>{{{{1, 2}}, "for 1 choices, expected 2"},
                                                      {{{1}, {2}}, "'node' keeps 1 candidates, expected 2"},
                                                      {{{1, 2}, {3}}, "'block' names candidate 3, but there are 3"},
                                                      {{{1, 2}, {-1}}, "'block' names candidate -1"},
                                                      {{{2, 1}, {0}}, "'node' must be ascending and without repeats"},
                                                      {{{1, 1}, {0}}, "'node' must be ascending and without repeats"},
                                                      {{{0, 1}, {0}}, "'node' reads one input twice"}})
    BOOST_CHECK_EXCEPTION(space.architecture(decisions), Error, test::error_with(ErrorCode::kInvalidParameter, words));
}

BOOST_AUTO_TEST_CASE(architectures_of_another_space_are_refused_by_name) {
  const PlainSpace space = node_and_block();
  for (const auto& [text, words] : std::vector<std::pair<const char*, const char*>>{
           {"[1]", "not a JSON object"},
           {"{\"node\": [", "not a JSON object"},
           {R"({"node": ["pool@0", "conv@1"]})", "no list for choice 'block'"},
           {R"({"node": ["pool@0", "conv@1"], "block": "none@0"})", "no list for choice 'block'"},
           {R"({"node": ["pool@0", "conv@1"], "block": ["none@0"], "head": []})", "decides 'head'"},
           {R"({"node": ["pool@0", "conv@2"], "block": ["none@0"]})", "'conv@2' for choice 'node'"},
           {R"({"node": ["pool@0", 3], "block": ["none@0"]})", "'3' for choice 'node'"},
           {R"({"node": ["pool@0", "conv@0"], "block": ["none@0"]})", "reads one input twice"}})
    BOOST_CHECK_EXCEPTION(space.validate(text), Error, test::error_with(ErrorCode::kInvalidParameter, words));
}

BOOST_AUTO_TEST_CASE(samples_are_uniform_over_valid_decisions) {
  const PlainSpace space = node_and_block();
  const at::Generator generator = at::detail::createCPUGenerator(7);
  std::map<std::string, double> counts;
  for (const std::string& text : all_architectures()) counts[text] = 0;
  for (int i = 0; i < 2400; ++i) counts.at(space.sample(generator)) += 1;  // at(): nothing else is ever drawn
  std::vector<double> observed;
  for (const auto& [text, count] : counts) observed.push_back(count);
  BOOST_TEST(test::chi_square(observed) < test::chi_square_limit(observed.size()));
}

BOOST_AUTO_TEST_CASE(mutations_differ_in_one_candidate_and_are_uniform) {
  const PlainSpace space = node_and_block();
  const at::Generator generator = at::detail::createCPUGenerator(7);
  std::map<std::string, double> counts = {{R"({"node":["conv@0","conv@1"],"block":["none@0"]})", 0},
                                          {R"({"node":["pool@0","pool@1"],"block":["none@0"]})", 0},
                                          {R"({"node":["pool@0","conv@1"],"block":["small@0"]})", 0},
                                          {R"({"node":["pool@0","conv@1"],"block":["large@0"]})", 0}};
  for (int i = 0; i < 800; ++i) counts.at(space.mutate(kArchitecture, generator)) += 1;
  std::vector<double> observed;
  for (const auto& [text, count] : counts) observed.push_back(count);
  BOOST_TEST(test::chi_square(observed) < test::chi_square_limit(observed.size()));
}

BOOST_AUTO_TEST_CASE(spaces_without_a_draw_are_refused) {
  const at::Generator generator = at::detail::createCPUGenerator(7);
  const PlainSpace single({{"block", {{"conv", 0}}, 1, false}});
  BOOST_CHECK_EXCEPTION(single.mutate(single.sample(generator), generator), Error,
                        test::error_with(ErrorCode::kInvalidParameter, "a single architecture"));
  for (const Choice& choice :
       {Choice{"node", {{"conv", 0}}, 2, false}, Choice{"node", {{"conv", 0}, {"pool", 0}}, 2, true}})
    BOOST_CHECK_EXCEPTION(PlainSpace({choice}).sample(generator), Error,
                          test::error_with(ErrorCode::kInvalidParameter, "'node' keeps more candidates"));
}

BOOST_AUTO_TEST_CASE(a_space_without_choices_is_a_fixed_network) {
  PlainSpace fixed({});
  BOOST_TEST(fixed.architecture({}) == "{}");
  BOOST_TEST(fixed.decisions("{}").empty());
  BOOST_TEST(fixed.candidate_cost(0, 0).empty());
  BOOST_TEST(fixed.graphs("{}").empty());
  BOOST_CHECK_EXCEPTION(fixed.supernet(at::kFloat), Error, test::error_with(ErrorCode::kInvalidConfig, "no choices"));
}

BOOST_AUTO_TEST_CASE(exact_carry_takes_every_weight_and_buffer) {
  const PlainSpace space = node_and_block();
  const ListedNetwork from({{"a", filled(2, 1)}, {"b", filled(3, 2)}, {"c", filled(1, 3)}}, {{"mean", filled(2, 4)}});
  ListedNetwork to({{"b", filled(3, 0)}, {"a", filled(2, 0)}}, {{"mean", filled(2, 0)}});
  BOOST_TEST(space.carry_weights(from, {}, to, CarryMode::kExact) == 2);
  BOOST_TEST(holds(to.parameters()[0].tensor, 2));
  BOOST_TEST(holds(to.parameters()[1].tensor, 1));
  BOOST_TEST(holds(to.buffers()[0].tensor, 4));
  BOOST_TEST(to.parameters()[0].tensor.is_leaf());
}

BOOST_AUTO_TEST_CASE(exact_carry_refuses_what_has_no_source) {
  const PlainSpace space = node_and_block();
  const ListedNetwork from({{"a", filled(2, 1)}});
  ListedNetwork missing({{"new", filled(2, 0)}}), other_shape({{"a", filled(3, 0)}});
  BOOST_CHECK_EXCEPTION(space.carry_weights(from, {}, missing, CarryMode::kExact), Error,
                        test::error_with(ErrorCode::kInvalidConfig, "'new' is missing"));
  BOOST_CHECK_EXCEPTION(space.carry_weights(from, {}, other_shape, CarryMode::kExact), Error,
                        test::error_with(ErrorCode::kInvalidConfig, "'a' has another shape"));
  Gates gates;
  gates.choices.resize(2);
  BOOST_CHECK_EXCEPTION(space.carry_weights(from, gates, missing, CarryMode::kShared), Error,
                        test::error_with(ErrorCode::kInvalidConfig, "cannot carry weights of a search"));
}

BOOST_AUTO_TEST_CASE(shared_carry_takes_what_both_have) {
  const PlainSpace space = node_and_block();
  const ListedNetwork from({{"same", filled(2, 1)}, {"shape", filled(2, 1)}, {"gone", filled(2, 1)}},
                           {{"mean", filled(2, 1)}});
  ListedNetwork to({{"same", filled(2, 0)}, {"shape", filled(3, 0)}, {"new", filled(2, 0)}},
                   {{"mean", filled(2, 0)}, {"other", filled(2, 0)}});
  BOOST_TEST(space.carry_weights(from, {}, to, CarryMode::kShared) == 1);
  const std::vector<double> expected = {1, 0, 0};
  for (size_t i = 0; i < 3; ++i) BOOST_TEST(holds(to.parameters()[i].tensor, expected[i]));
  BOOST_TEST(holds(to.buffers()[0].tensor, 1));
  BOOST_TEST(holds(to.buffers()[1].tensor, 0));
}

}  // namespace dha
