// Search services whose answers a test gives, and which count what a searcher asks for.
#pragma once

#include <functional>
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

  std::vector<NamedTensor> hyper_values() override { return hyper; }

  Progress current;
  std::vector<NamedTensor> hyper;
  std::vector<EvaluationRequest> requests;
  std::function<Evaluation(const Gates&, const EvaluationRequest&)> on_evaluate;
};

}  // namespace dha::test
