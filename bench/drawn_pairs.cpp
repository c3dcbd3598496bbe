// Applies pairs of image operations that were drawn beforehand, on one thread; bench/peers/augmentation.py runs it
// compared with Pillow.
//
// stdin: a line "IMAGES CHANNELS HEIGHT WIDTH", the images' bytes (an image after another, planes), and for each image
// a line with two times "OPERATION LEVEL SIGN RESAMPLING". Then it answers, a line a question:
//
//   apply       the milliseconds of applying its pair to each image once
//   results     the bytes of all results
//   sample N    the milliseconds of dha.tau's making its probabilities of logits and drawing pairs, levels, signs and
//               resampling, for N batches of 96 images
//   gumbel N    the same with "sampling": "gumbel"
#include <ATen/Parallel.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <chrono>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "component/guarded_augmenter.hpp"
#include "component/lone_stage.hpp"
#include "dha/augmenter.hpp"
#include "dha/images/level_scale.hpp"
#include "dha/images/pixels.hpp"
#include "dha/params.hpp"
#include "pair_distribution.hpp"
#include "plugin/plugin_registry.hpp"

namespace {

using namespace dha;
using namespace dha::images;
using dha::pairs::kPairCount;
using dha::pairs::PairDistribution;
using Clock = std::chrono::steady_clock;

constexpr int64_t kBatch = 96;

double milliseconds_since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

OperationCall read_call(std::istream& in) {
  std::string operation, resampling;
  double level = 0;
  int sign = 0;
  in >> operation >> level >> sign >> resampling;
  const auto found = find_operation(operation);
  if (!in || !found) throw std::runtime_error("not an operation: " + operation);
  OperationCall call;
  call.operation = *found;
  call.value = operation_value(*found, level, sign, LevelScale::kPaper);
  call.resampling = resampling == "bilinear" ? Resampling::kBilinear : Resampling::kBicubic;
  call.fill = {124, 117, 104};  // tests/golden/image_operations/pillow_operations.py
  return call;
}

class Work {
 public:
  explicit Work(std::istream& in) {
    size_t count = 0;
    in >> count >> shape_.channels >> shape_.height >> shape_.width;
    in.get();
    source_.resize(count * size());
    in.read(reinterpret_cast<char*>(source_.data()), static_cast<std::streamsize>(source_.size()));
    target_.resize(source_.size());
    for (size_t i = 0; i < count; ++i) {
      const OperationCall first = read_call(in);
      calls_.push_back({first, read_call(in)});
    }
  }

  double apply() {
    const auto begun = Clock::now();
    for (size_t i = 0; i < calls_.size(); ++i)
      apply_operations(calls_[i], shape_, &source_[i * size()], &target_[i * size()], workspace_);
    return milliseconds_since(begun);
  }

  const std::vector<uint8_t>& results() const { return target_; }

 private:
  size_t size() const { return static_cast<size_t>(shape_.size()); }

  ImageShape shape_;
  std::vector<uint8_t> source_, target_;
  std::vector<std::array<OperationCall, 2>> calls_;
  Workspace workspace_;
};

// What a joint step pays for its samples. dha.tau, as a run loads it, has logits that leave nothing but two identities:
// what is left of apply() on images of one pixel is the drawing. The probabilities, which dha.tau makes anew each step
// as it learns, are made next to it, so that its gradient step is left out.
class Sampling {
 public:
  Sampling(const PluginRegistry& registry, const std::string& params, std::optional<double> temperature)
      : images_(at::zeros({kBatch, 1, 1, 1}, at::kByte)),
        labels_(at::zeros({kBatch}, at::kLong)),
        logits_(at::zeros({kPairCount}, at::kDouble)),
        distribution_(0, temperature, at::kCPU),
        stage_(info(), kBatch),
        tau_(registry, {},
             {"dha.tau", check_params(registry.find(Augmenter::kKind, "dha.tau").schema_json, params).completed},
             "bench") {
    tau_.prepare(stage_);
    at::Tensor identities = at::full({kPairCount}, -1000.0, at::kDouble);
    identities[kPairCount - 1].fill_(1000.0);
    tau_.restore({{{"logits", identities}, {"velocity", at::zeros({kPairCount}, at::kDouble)}}, "{}"},
                 RestoreReason::kResume);
  }

  double draw(int64_t batches) {
    const auto begun = Clock::now();
    for (int64_t i = 0; i < batches; ++i) {
      distribution_.follow(logits_);
      tau_.apply(images_, labels_);
    }
    return milliseconds_since(begun);
  }

 private:
  static DatasetInfo info() {
    DatasetInfo info;
    info.classes = 10;
    info.channels = info.height = info.width = 1;
    info.mean = info.standard_deviation = {0.5};
    return info;
  }

  at::Tensor images_, labels_, logits_;
  PairDistribution distribution_;
  LoneStage stage_;
  GuardedAugmenter tau_;
};

}  // namespace

int main() {
  at::set_num_threads(1);
  std::ios::sync_with_stdio(false);
  Work work(std::cin);
  PluginRegistry registry;
  registry.load_directory(DHA_BENCH_PLUGIN_DIR, true);
  Sampling categorical(registry, "{}", std::nullopt), gumbel(registry, R"({"sampling": "gumbel"})", 2.0);
  for (std::string question; std::cin >> question;) {
    if (question == "apply") {
      std::cout << work.apply() << '\n';
    } else if (question == "results") {
      const std::vector<uint8_t>& results = work.results();
      std::cout.write(reinterpret_cast<const char*>(results.data()), static_cast<std::streamsize>(results.size()));
    } else {
      int64_t batches = 0;
      std::cin >> batches;
      std::cout << (question == "gumbel" ? gumbel : categorical).draw(batches) << '\n';
    }
    std::cout.flush();
  }
  return 0;
}
