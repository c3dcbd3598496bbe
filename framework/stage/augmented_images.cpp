#include "stage/augmented_images.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "component/check_augmented.hpp"
#include "data/batch_feed.hpp"
#include "data/png_file.hpp"
#include "data/sample_order.hpp"
#include "data/thumbnail_sheet.hpp"

namespace dha {

namespace {

constexpr int64_t kImages = 8, kDraws = 3;
constexpr int64_t kSide = 48;  // px

// Copies of the stage's augmenters, whose seeds are the same at each call.
std::vector<std::unique_ptr<GuardedAugmenter>> copies_of(const StageParts& parts, const StageEnvironment& environment) {
  ContextServices services = environment.services;
  services.log = nullptr;  // the originals have said it
  std::vector<std::unique_ptr<GuardedAugmenter>> copies;
  const auto& uses = parts.config().augment;
  for (size_t i = 0; i < uses.size(); ++i) {
    copies.push_back(std::make_unique<GuardedAugmenter>(environment.registry, services, uses[i],
                                                        fmt::format("augmented_images/{}", i)));
    copies.back()->prepare(parts.stage());
    copies.back()->restore(parts.augmenters()[i]->state(), RestoreReason::kCarry);
    copies.back()->begin_epoch({0, parts.config().epochs, 0, 1});
  }
  return copies;
}

std::unique_ptr<BatchFeed> feed_of(const ImageSet& images, at::Device device, bool is_training) {
  return make_feed(images, {.batch_size = kImages, .random_geometry = is_training, .device = device});
}

}  // namespace

void write_augmented_images(const std::filesystem::path& file, const StageParts& parts,
                            const StageEnvironment& environment, const ImageSet& train) {
  const at::NoGradGuard no_grad;
  std::vector<int64_t> order = stratified_order(train.labels(), 0);
  order.resize(std::min<size_t>(order.size(), kImages));
  const ImageSet chosen = train.subset(order);
  const at::Device device = environment.services.device;
  const auto sources = feed_of(chosen, device, /*is_training=*/false), training = feed_of(chosen, device, true);
  sources->begin(0, 0);
  std::vector<at::Tensor> rows{sources->next()->images};
  if (rows[0].size(0) == 0) return;  // none of them can be read
  const auto augmenters = copies_of(parts, environment);
  for (int64_t draw = 0; draw < kDraws; ++draw) {
    training->begin(draw, 0);
    const Batch batch = *training->next();
    Augmented view{batch.images, batch.labels, {}};
    for (const auto& augmenter : augmenters) {
      Augmented next = augmenter->apply(view.images, view.labels);
      check_augmented(next, view.images, augmenter->id());
      view = std::move(next);
    }
    rows.push_back(view.images);
  }
  write_png(file, thumbnail_sheet(at::cat(rows), rows[0].size(0), kSide));
}

}  // namespace dha
