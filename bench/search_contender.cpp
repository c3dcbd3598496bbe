#include "search_contender.hpp"

#include <ATen/core/grad_mode.h>

#include <nlohmann/json.hpp>

#include "one_batch.hpp"
#include "step/scoped_mode.hpp"
#include "step/search_services.hpp"
#include "timing.hpp"

namespace dha::bench {

namespace {

using Json = nlohmann::json;

constexpr int64_t kEpochs = 50;  // of DARTS's search; ProxylessNAS's default warm-up is shorter
constexpr NetworkMode kRating{.batch_statistics = true, .update_statistics = false, .auxiliary_head = false};

ComponentUse use(const PluginRegistry& registry, const char* kind, const std::string& text) {
  Json component = Json::parse(text);
  const std::string id = component.at("use");
  component.erase("use");
  return component_use(registry, kind, id, component);
}

StageConfig config_of(const PluginRegistry& registry, const SearchSetup& setup) {
  StageConfig config;
  config.name = "bench";
  config.epochs = kEpochs;
  config.batch_size = setup.batch;
  config.space = use(registry, "space", setup.space);
  if (!setup.searcher.empty()) config.searcher = use(registry, "searcher", setup.searcher);
  config.architecture = setup.architecture;
  config.hyper = use(registry, "hyper_optimizer", R"({"use": "dha.sgd"})");
  return config;
}

}  // namespace

SearchContender::SearchContender(const PluginRegistry& registry, const SearchSetup& setup)
    : StageContender(registry, config_of(registry, setup), setup.batch) {
  progress_ = setup.progress;
  progress_.epochs = kEpochs;
  data_.search_batches = std::make_unique<CyclingFeed>(std::make_unique<OneBatch>(random_batch(setup.batch)));
  begin(setup.architecture);
}

double SearchContender::time_before_step() {
  return milliseconds([&] {
    StageSearchServices services(parts_, data_, normalizer_, criterion_, loss_scale_, options_, progress_, {});
    parts_.searcher().before_step(services);
  });
}

double SearchContender::time_evaluation() {
  return milliseconds([&] {
    const at::NoGradGuard no_grad;
    const ScopedMode mode(parts_, kRating);
    const Gates gates = parts_.gates(GatePurpose::kProbe, progress_);
    const NetworkOutput output = parts_.network().forward(normalizer_(batch_.images), gates);
    criterion_(output, batch_.labels, 0).mean();
  });
}

Decisions SearchContender::path() const {
  Decisions path;
  for (const ChoiceGates& choice : parts_.gates(GatePurpose::kProbe, progress_).choices) path.push_back(choice.active);
  return path;
}

int64_t SearchContender::parameters() const {
  int64_t count = 0;
  for (const at::Tensor& weight : parts_.weights()) count += weight.numel();
  return count;
}

}  // namespace dha::bench
