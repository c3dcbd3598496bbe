// A search space whose network is linear in its gates: small enough that a test knows the right answer.
//
// The logits are the sum over choices and active candidates of gate * (flattened image times the candidate's matrix).
// An architecture is {"choices": [["op0@0", "op2@1"], …]}, a candidate being operation@input.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
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

// It has neither statistics of batches nor an auxiliary head: of its mode, it heeds drop_path.
class ToyNetwork : public Network {
 public:
  // One matrix (features, classes) per candidate. `lean`: the decided candidates, whose gates are 1 then; or null.
  // Weights are drawn from the context's shared_generator(), dropped paths from its generator().
  ToyNetwork(const std::vector<Choice>& choices, const DatasetInfo& info, const at::TensorOptions& options,
             Context& context, const Decisions* lean)
      : context_(context), is_lean_(lean != nullptr), matrices_(choices.size()) {
    const int64_t features = info.channels * info.height * info.width;
    for (size_t i = 0; i < choices.size(); ++i) {
      matrices_[i].resize(choices[i].candidates.size());
      for (size_t k = 0; k < choices[i].candidates.size(); ++k) {
        if (is_lean_ && !std::count((*lean)[i].begin(), (*lean)[i].end(), static_cast<int64_t>(k))) continue;
        at::Tensor& matrix = matrices_[i][k];
        matrix = at::randn({features, info.classes}, context.shared_generator(), options).mul_(0.1);
        matrix.requires_grad_(true);
        named_.push_back({choices[i].name + "." + std::to_string(k), matrix});
      }
    }
  }

  NetworkOutput forward(const at::Tensor& images, const Gates& gates) override {
    const at::Tensor features = images.flatten(1);
    NetworkOutput output;
    const auto add = [&](const at::Tensor& candidate) {
      const at::Tensor term = with_dropped_paths(candidate);
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

  std::vector<NamedTensor> parameters() const override { return named_; }
  void set_mode(const NetworkMode& mode) override { mode_ = mode; }

  const NetworkMode& mode() const { return mode_; }

  // (features, classes) of a candidate; undefined where a lean network lacks it.
  const at::Tensor& matrix(size_t choice, size_t candidate) const { return matrices_.at(choice).at(candidate); }

 private:
  // Drops `output` (N, classes) for a share of the samples, and scales up the rest.
  at::Tensor with_dropped_paths(const at::Tensor& output) const {
    if (mode_.drop_path == 0) return output;
    const at::Tensor draws = at::rand({output.size(0), 1}, context_.generator(), output.options().requires_grad(false));
    return output.mul(draws.ge(mode_.drop_path)).div(1 - mode_.drop_path);
  }

  Context& context_;
  bool is_lean_;
  NetworkMode mode_;
  std::vector<std::vector<at::Tensor>> matrices_;
  std::vector<NamedTensor> named_;
};

// Sampling, mutation and validation are those of Space.
class ToySpace : public Space {
 public:
  // `context` gives the weights; null where no network is built.
  explicit ToySpace(std::vector<Choice> choices, Context* context = nullptr)
      : choices_(std::move(choices)), context_(context) {}

  void prepare(const DatasetInfo& info) override { info_ = info; }
  const std::vector<Choice>& choices() const override { return choices_; }

  std::unique_ptr<Network> supernet(const at::TensorOptions& options) override {
    return std::make_unique<ToyNetwork>(choices_, info_, options, *context_, nullptr);
  }
  std::unique_ptr<Network> lean(const std::string& architecture, const at::TensorOptions& options) override {
    const Decisions decided = decisions(architecture);
    return std::make_unique<ToyNetwork>(choices_, info_, options, *context_, &decided);
  }

  // The gate is absorbed into the candidate's matrix.
  int64_t carry_weights(const Network& from, const Gates& gates, Network& to, CarryMode mode) const override {
    if (gates.choices.empty()) return Space::carry_weights(from, gates, to, mode);
    const at::NoGradGuard no_grad;
    const auto& source = dynamic_cast<const ToyNetwork&>(from);
    const auto& target = dynamic_cast<const ToyNetwork&>(to);
    int64_t count = 0;
    for (size_t i = 0; i < choices_.size(); ++i) {
      for (size_t k = 0; k < choices_[i].candidates.size(); ++k) {
        if (!target.matrix(i, k).defined()) continue;
        const at::Tensor gate = gate_of(gates.choices.at(i), static_cast<int64_t>(k));
        if (gate.defined()) {
          target.matrix(i, k).copy_(source.matrix(i, k).mul(gate));
          ++count;
        } else if (mode == CarryMode::kExact) {
          throw Error(ErrorCode::kInvalidConfig, "candidate " + std::to_string(k) + " of choice '" + choices_[i].name +
                                                     "' is not active, so the network has no source for it");
        }
      }
    }
    return count;
  }

  std::string architecture(const Decisions& decided) const override {
    const auto by_name = Json::parse(Space::architecture(decided));
    Json lists = Json::array();
    for (const auto& [choice, kept] : by_name.items()) lists.push_back(kept);
    return Json{{"choices", lists}}.dump();
  }

  Decisions decisions(const std::string& architecture) const override {
    const Json json = Json::parse(architecture, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("choices") || json["choices"].size() != choices_.size())
      throw Error(ErrorCode::kInvalidParameter,
                  "the toy architecture has no list of " + std::to_string(choices_.size()) + " choices");
    Json by_name = Json::object();
    for (size_t i = 0; i < choices_.size(); ++i) by_name[choices_[i].name] = json["choices"][i];
    return Space::decisions(by_name.dump());
  }

  // Candidate k of a choice costs 10 (k + 1) parameters and as many multiply-adds.
  Quantities cost(const std::string& architecture) const override {
    double sum = 0;
    for (const auto& choice : decisions(architecture))
      for (const int64_t candidate : choice) sum += 10 * static_cast<double>(candidate + 1);
    return {{quantity::kParameters, sum}, {quantity::kMultiplyAdds, sum}};
  }

  Quantities candidate_cost(int64_t, int64_t candidate) const override {
    const double cost = 10 * static_cast<double>(candidate + 1);
    return {{quantity::kParameters, cost}, {quantity::kMultiplyAdds, cost}};
  }

  std::vector<ArchitectureGraph> graphs(const std::string& architecture) const override {
    ArchitectureGraph graph{"toy", {{"in", "in", true, false}, {"out", "out", false, true}}, {}};
    for (const auto& choice : decisions(architecture))
      for (const int64_t candidate : choice) graph.edges.push_back({"in", "out", std::to_string(candidate)});
    return {graph};
  }

 private:
  using Json = nlohmann::ordered_json;

  // 0-dimensional; undefined where the candidate is not active.
  static at::Tensor gate_of(const ChoiceGates& choice, int64_t candidate) {
    const auto found = std::find(choice.active.begin(), choice.active.end(), candidate);
    return found == choice.active.end() ? at::Tensor() : choice.weights.select(0, found - choice.active.begin());
  }

  std::vector<Choice> choices_;
  Context* context_;
  DatasetInfo info_;
};

}  // namespace dha::test
