// Search services whose answers a test gives, and which count what a searcher asks for.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dha/error.hpp"
#include "dha/searcher.hpp"

namespace dha::test {

class FakeSearchServices : public SearchServices {
 public:
  const Progress& progress() const override { return current; }

  Evaluation evaluate(const Gates& gates, const EvaluationRequest& request) override {
    requests.push_back(request);
    if (!on_evaluate) throw Error(ErrorCode::kInvalidConfig, "the stage has no validation images");
    return on_evaluate(gates, request);
  }

  std::vector<at::Tensor> preview_step(const std::vector<at::Tensor>& weight_gradients) override {
    return weight_gradients;
  }

  std::vector<NamedTensor> hyper_values() override { return {}; }

  bool allows(const std::string& architecture) override {
    asked.push_back(architecture);
    return !on_allows || on_allows(architecture);
  }

  Cost cost(const std::string& architecture) override { return on_cost ? on_cost(architecture) : Cost{}; }

  Progress current;
  std::vector<EvaluationRequest> requests;
  std::vector<std::string> asked;
  std::function<Evaluation(const Gates&, const EvaluationRequest&)> on_evaluate;
  std::function<bool(const std::string&)> on_allows;
  std::function<Cost(const std::string&)> on_cost;
};

}  // namespace dha::test
