// Describes a stage to the components that serve it: the host's implementation of <dha/stage.hpp>.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/stage_data.hpp"
#include "dha/stage.hpp"
#include "pipeline/constraints.hpp"
#include "pipeline/pipeline.hpp"

namespace dha {

class GuardedSpace;
class PluginRegistry;

class StageView final : public Stage {
 public:
  // `space` is prepared before cost() is called. References outlive the object.
  StageView(const StageConfig& config, const DatasetInfo& info, const StageImageCounts& images,
            const GuardedSpace& space, const PluginRegistry& registry);

  // The architecture that the stage decides; "" until it is known.
  void set_architecture(std::string architecture) { architecture_ = std::move(architecture); }

  // The constraints that `architecture` violates, as Constraints::violations() words them; "" where it satisfies all.
  std::string violations(const std::string& architecture) const;

  std::string name() const override { return config_.name; }
  const DatasetInfo& dataset() const override { return info_; }
  int64_t epochs() const override { return config_.epochs; }
  int64_t batch_size() const override { return config_.batch_size; }
  double drop_path() const override { return config_.drop_path; }
  std::optional<int64_t> training_images() const override { return images_.training; }
  std::optional<int64_t> validation_images() const override { return images_.validation; }
  Quantities cost(const std::string& architecture) const override;
  std::vector<Margin> margins(const std::string& architecture) const override;
  std::string architecture() const override { return architecture_; }
  int64_t trials() const override { return config_.trials ? config_.trial_count : 0; }
  std::string tunable() const override;
  std::string json() const override { return config_.json; }

 private:
  const StageConfig& config_;
  const DatasetInfo& info_;
  StageImageCounts images_;
  const GuardedSpace& space_;
  const PluginRegistry& registry_;
  Constraints constraints_;
  std::string architecture_;
};

}  // namespace dha
