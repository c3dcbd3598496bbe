// A search space whose network is linear in its gates: small enough that a test knows the right answer.
//
// The logits are the sum over choices and active candidates of gate * (flattened image times the candidate's matrix).
// An architecture is {"choices": [["op0@0", "op2@1"], …]}, a candidate being operation@input.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dha/context.hpp"
#include "dha/error.hpp"
#include "dha/space.hpp"

namespace dha::test {

// A choice that reads `inputs` inputs with `operations` operations each, like a node of a cell.
inline Choice toy_choice(const std::string& name, int64_t inputs, int64_t operations, int64_t keep,
                         bool distinct_inputs) {
  Choice choice{name, {}, keep, distinct_inputs};
  for (int64_t input = 0; input < inputs; ++input)
    for (int64_t operation = 0; operation < operations; ++operation)
      choice.candidates.push_back({"op" + std::to_string(operation), input});
  return choice;
}

// Four nodes with 2 to 5 inputs, two kept from distinct inputs: the sizes of a DARTS cell.
inline std::vector<Choice> toy_cell(int64_t operations = 7) {
  std::vector<Choice> choices;
  for (int64_t node = 0; node < 4; ++node)
    choices.push_back(toy_choice("node" + std::to_string(node), node + 2, operations, 2, true));
  return choices;
}

class ToyNetwork : public Network {
 public:
  // One matrix (features, classes) a candidate. `lean`: the decided candidates, whose gates are 1 then; or null.
  ToyNetwork(const std::vector<Choice>& choices, const DatasetInfo& info, const at::TensorOptions& options,
             at::Generator generator, const Decisions* lean)
      : is_lean_(lean != nullptr), matrices_(choices.size()) {
    const int64_t features = info.channels * info.height * info.width;
    for (size_t i = 0; i < choices.size(); ++i) {
      matrices_[i].resize(choices[i].candidates.size());
      for (size_t k = 0; k < choices[i].candidates.size(); ++k) {
        if (is_lean_ && !std::count((*lean)[i].begin(), (*lean)[i].end(), static_cast<int64_t>(k))) continue;
        at::Tensor& matrix = matrices_[i][k];
        matrix = at::randn({features, info.classes}, generator, options).mul_(0.1).requires_grad_(true);
        named_.push_back({choices[i].name + "." + std::to_string(k), matrix});
      }
    }
  }

  NetworkOutput forward(const at::Tensor& images, const Gates& gates) override {
    const at::Tensor features = images.flatten(1);
    NetworkOutput output;
    const auto add = [&](const at::Tensor& term) {
      output.logits = output.logits.defined() ? output.logits.add(term) : term;
    };
    for (size_t i = 0; i < matrices_.size(); ++i) {
      if (is_lean_) {
        for (const at::Tensor& matrix : matrices_[i])
          if (matrix.defined()) add(at::matmul(features, matrix));
        continue;
      }
      const ChoiceGates& choice = gates.choices.at(i);
      for (size_t k = 0; k < choice.active.size(); ++k)
        add(at::matmul(features, matrices_[i].at(static_cast<size_t>(choice.active[k])))
                .mul(choice.weights.select(0, static_cast<int64_t>(k))));
    }
    return output;
  }

  std::vector<at::Tensor> observed_gradients() const override { return std::vector<at::Tensor>(matrices_.size()); }
  std::vector<NamedTensor> parameters() const override { return named_; }
  std::vector<NamedTensor> buffers() const override { return {}; }
  void train(bool) override {}
  void begin_epoch(const Progress&) override {}
  void set_drop_path(double) override {}
  double auxiliary_weight() const override { return 0; }

  // (features, classes) of a candidate; undefined where a lean network lacks it.
  const at::Tensor& matrix(size_t choice, size_t candidate) const { return matrices_.at(choice).at(candidate); }

 private:
  bool is_lean_;
  std::vector<std::vector<at::Tensor>> matrices_;
  std::vector<NamedTensor> named_;
};

class ToySpace : public Space {
 public:
  // `context` gives the weights; null where no network is built.
  explicit ToySpace(std::vector<Choice> choices, Context* context = nullptr)
      : choices_(std::move(choices)), context_(context) {}

  void prepare(const DatasetInfo& info) override { info_ = info; }
  const std::vector<Choice>& choices() const override { return choices_; }

  std::unique_ptr<Network> supernet(const at::TensorOptions& options) override {
    return std::make_unique<ToyNetwork>(choices_, info_, options, context_->generator(), nullptr);
  }
  std::unique_ptr<Network> lean(const std::string& architecture, const at::TensorOptions& options) override {
    const Decisions decided = decisions(architecture);
    return std::make_unique<ToyNetwork>(choices_, info_, options, context_->generator(), &decided);
  }

  // The gate is absorbed into the candidate's matrix.
  void carry_weights(const Network& from, const Gates& gates, Network& to) const override {
    const auto& source = dynamic_cast<const ToyNetwork&>(from);
    const auto& target = dynamic_cast<const ToyNetwork&>(to);
    for (size_t i = 0; i < choices_.size(); ++i) {
      for (size_t k = 0; k < choices_[i].candidates.size(); ++k) {
        if (!target.matrix(i, k).defined()) continue;
        if (!source.matrix(i, k).defined())
          throw Error(ErrorCode::kContractViolation,
                      "candidate " + std::to_string(k) + " of choice '" + choices_[i].name + "' has no source");
        at::Tensor carried = source.matrix(i, k).detach();
        for (size_t a = 0; !gates.choices.empty() && a < gates.choices[i].active.size(); ++a)
          if (gates.choices[i].active[a] == static_cast<int64_t>(k))
            carried = carried.mul(gates.choices[i].weights.detach().select(0, static_cast<int64_t>(a)));
        target.matrix(i, k).detach().copy_(carried);
      }
    }
  }

  std::string architecture(const Decisions& decided) const override {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    if (decided.size() != choices_.size()) fail("has the wrong number of choices");
    for (size_t i = 0; i < choices_.size(); ++i) {
      list.push_back(nlohmann::ordered_json::array());
      for (const int64_t candidate : decided[i]) list.back().push_back(name(i, candidate));
    }
    const std::string text = nlohmann::ordered_json{{"choices", list}}.dump();
    validate(text);
    return text;
  }

  Decisions decisions(const std::string& architecture) const override {
    try {
      const auto list = nlohmann::json::parse(architecture).at("choices");
      if (list.size() != choices_.size()) fail("has the wrong number of choices");
      Decisions decided(choices_.size());
      for (size_t i = 0; i < choices_.size(); ++i) {
        for (const auto& item : list[i]) decided[i].push_back(position(i, item.get<std::string>()));
        std::sort(decided[i].begin(), decided[i].end());
        check(i, decided[i]);
      }
      return decided;
    } catch (const nlohmann::json::exception& e) {
      fail(e.what());
    }
  }

  void validate(const std::string& architecture) const override { decisions(architecture); }

  std::string sample(at::Generator generator) const override {
    Decisions decided(choices_.size());
    for (size_t i = 0; i < choices_.size(); ++i) decided[i] = draw(i, generator);
    return architecture(decided);
  }

  std::string mutate(const std::string& text, at::Generator generator) const override {
    const Decisions before = decisions(text);
    Decisions after = before;
    while (after == before) {
      const auto i = static_cast<size_t>(below(static_cast<int64_t>(choices_.size()), generator));
      after[i] = draw(i, generator);
    }
    return architecture(after);
  }

  // Candidate k of a choice costs 10 (k + 1) parameters.
  Cost cost(const std::string& architecture) const override {
    Cost cost;
    for (const auto& choice : decisions(architecture))
      for (const int64_t candidate : choice) cost.parameters += 10 * (candidate + 1);
    cost.multiply_adds = cost.parameters;
    return cost;
  }

  Cost candidate_cost(int64_t, int64_t candidate) const override {
    return {.parameters = 10 * (candidate + 1), .multiply_adds = 10 * (candidate + 1)};
  }

  std::vector<ArchitectureGraph> graphs(const std::string& architecture) const override {
    ArchitectureGraph graph{"toy", {{"in", "in", true, false}, {"out", "out", false, true}}, {}};
    for (const auto& choice : decisions(architecture))
      for (const int64_t candidate : choice) graph.edges.push_back({"in", "out", std::to_string(candidate)});
    return {graph};
  }

  State state() const override { return {}; }
  void restore(const State&) override {}

 private:
  [[noreturn]] static void fail(const std::string& what) {
    throw Error(ErrorCode::kInvalidParameter, "the toy architecture " + what);
  }

  std::string name(size_t choice, int64_t candidate) const {
    const Candidate& found = choices_[choice].candidates.at(static_cast<size_t>(candidate));
    return found.operation + "@" + std::to_string(found.input);
  }

  int64_t position(size_t choice, const std::string& text) const {
    for (size_t k = 0; k < choices_[choice].candidates.size(); ++k)
      if (name(choice, static_cast<int64_t>(k)) == text) return static_cast<int64_t>(k);
    fail("has '" + text + "' in choice '" + choices_[choice].name + "', which offers no such candidate");
  }

  void check(size_t choice, const std::vector<int64_t>& decided) const {
    std::set<int64_t> candidates(decided.begin(), decided.end()), inputs;
    for (const int64_t k : decided) inputs.insert(choices_[choice].candidates[static_cast<size_t>(k)].input);
    if (static_cast<int64_t>(candidates.size()) != choices_[choice].keep || candidates.size() != decided.size())
      fail("must keep " + std::to_string(choices_[choice].keep) + " candidates in '" + choices_[choice].name + "'");
    if (choices_[choice].distinct_inputs && inputs.size() != decided.size())
      fail("must read distinct inputs in '" + choices_[choice].name + "'");
  }

  static int64_t below(int64_t limit, at::Generator generator) {
    return at::randint(limit, {}, std::move(generator), at::TensorOptions(at::kLong)).item<int64_t>();
  }

  std::vector<int64_t> draw(size_t choice, const at::Generator& generator) const {
    for (;;) {
      std::set<int64_t> candidates, inputs;
      while (static_cast<int64_t>(candidates.size()) < choices_[choice].keep)
        candidates.insert(below(static_cast<int64_t>(choices_[choice].candidates.size()), generator));
      for (const int64_t k : candidates) inputs.insert(choices_[choice].candidates[static_cast<size_t>(k)].input);
      if (!choices_[choice].distinct_inputs || inputs.size() == candidates.size())
        return {candidates.begin(), candidates.end()};
    }
  }

  std::vector<Choice> choices_;
  Context* context_;
  DatasetInfo info_;
};

}  // namespace dha::test
