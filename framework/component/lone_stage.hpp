// The stage of a component used outside a pipeline: one epoch over images of a given shape.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "dha/stage.hpp"

namespace dha {

class LoneStage final : public Stage {
 public:
  explicit LoneStage(DatasetInfo info, int64_t batch_size = 1) : info_(std::move(info)), batch_size_(batch_size) {}

  std::string name() const override { return "none"; }
  const DatasetInfo& dataset() const override { return info_; }
  int64_t epochs() const override { return 1; }
  int64_t batch_size() const override { return batch_size_; }
  double drop_path() const override { return 0; }
  std::optional<int64_t> training_images() const override { return std::nullopt; }
  std::optional<int64_t> validation_images() const override { return std::nullopt; }
  Quantities cost(const std::string&) const override { return {}; }
  std::vector<Margin> margins(const std::string&) const override { return {}; }
  std::string architecture() const override { return ""; }
  int64_t trials() const override { return 0; }
  std::string tunable() const override { return "{}"; }
  std::string json() const override { return "{}"; }

 private:
  DatasetInfo info_;
  int64_t batch_size_;
};

}  // namespace dha
