// A stage whose answers a test gives, and which keeps the architectures that it was asked about.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dha/stage.hpp"

namespace dha::test {

class FakeStage : public Stage {
 public:
  std::string name() const override { return stage_name; }
  const DatasetInfo& dataset() const override { return info; }
  int64_t epochs() const override { return planned_epochs; }
  int64_t batch_size() const override { return images_per_step; }
  double drop_path() const override { return last_drop_path; }
  std::optional<int64_t> training_images() const override { return images_to_train; }
  std::optional<int64_t> validation_images() const override { return images_to_validate; }

  Quantities cost(const std::string& of) const override { return on_cost ? on_cost(of) : Quantities(); }

  std::vector<Margin> margins(const std::string& of) const override {
    asked.push_back(of);
    return on_margins ? on_margins(of) : std::vector<Margin>();
  }

  std::string architecture() const override { return decided; }
  int64_t trials() const override { return planned_trials; }
  std::string tunable() const override { return tunable_json; }
  std::string json() const override { return stage_json; }

  // Makes the stage have one constraint, which holds where `is_allowed` says so.
  void allow_only(std::function<bool(const std::string&)> is_allowed) {
    on_margins = [allowed = std::move(is_allowed)](const std::string& of) {
      const bool satisfied = allowed(of);
      return std::vector<Margin>{{quantity::kParameters, satisfied ? 1.0 : 2.0, 1.0, satisfied}};
    };
  }

  std::string stage_name = "search";
  DatasetInfo info = {{}, 3, 1, 4, 4, {0.5}, {0.25}};  // 3 classes, grey, 4 x 4 px
  int64_t planned_epochs = 10;
  int64_t images_per_step = 8;
  double last_drop_path = 0;
  std::optional<int64_t> images_to_train, images_to_validate;
  std::function<Quantities(const std::string&)> on_cost;
  std::function<std::vector<Margin>(const std::string&)> on_margins;
  std::string decided;
  int64_t planned_trials = 0;
  std::string tunable_json = "{}";
  std::string stage_json = "{}";
  mutable std::vector<std::string> asked;
};

}  // namespace dha::test
