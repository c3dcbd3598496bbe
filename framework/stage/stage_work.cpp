#include "stage/stage_work.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace dha {

namespace {

// Stages with the same network, searcher and hyper-optimizer cost the same per image, whatever their names.
std::string kind_of(const StageConfig& config) {
  std::string kind = config.trials ? "trials" : "";
  for (const ComponentUse* use : {&config.space, &config.searcher, &config.hyper})
    kind += '\n' + use->id + use->params_json;
  return kind + '\n' + config.architecture + '\n' + std::to_string(config.batch_size) +
         (config.carries("architecture") || config.carries("searcher") ? "decided" : "");
}

// Evaluations on validation images at the ends of the epochs in [first, last).
int64_t validations(const StageConfig& config, int64_t first, int64_t last) {
  if (first >= last) return 0;
  const int64_t due = last / config.evaluate_every - first / config.evaluate_every;
  return due + (last % config.evaluate_every == 0 ? 0 : 1);
}

}  // namespace

StageWork work_in(const StageConfig& config, const RunImages& images, const EpochRange& range) {
  const bool holds_out = images.validation.empty();
  const double share = holds_out ? config.validation_fraction : 0;
  const auto train = static_cast<double>(images.train.size()) * (1 - share);
  const double validation =
      holds_out ? static_cast<double>(images.train.size()) * share : static_cast<double>(images.validation.size());
  const auto batch = static_cast<double>(config.batch_size);
  const double per_epoch = std::max(std::min(train, batch), std::floor(train / batch) * batch);
  const auto epochs = static_cast<double>(range.last_epoch - range.epoch);
  StageWork work{.kind = kind_of(config)};
  if (epochs <= 0) return work;
  work.trained = std::max(0.0, epochs * per_epoch - static_cast<double>(range.step) * batch);
  work.evaluated = static_cast<double>(validations(config, range.epoch, range.last_epoch)) * validation +
                   static_cast<double>(images.test.size());
  work.epochs = epochs;
  return work;
}

std::vector<StageWork> planned_work(const PipelineConfig& config, const RunImages& images) {
  std::vector<StageWork> stages;
  for (const StageConfig& stage : config.stages) {
    StageWork work = work_in(stage, images, {0, 0, stage.epochs});
    if (stage.trials) {
      // Their validation is a part of what their training costs, and only the preferred one meets the test images.
      work.trained *= static_cast<double>(stage.trial_count);
      work.evaluated = static_cast<double>(images.test.size());
      work.epochs = 0;
    }
    stages.push_back(std::move(work));
  }
  return stages;
}

}  // namespace dha
