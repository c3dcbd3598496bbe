// Writes trained-looking networks of every space as model/ folders, with images and the logits that dha computes, for
// export_test.py. LibTorch's ONNX checker sees each model.onnx.
//
// usage: export_models FOLDER
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <cmath>
#include <filesystem>
#include <iostream>

#include "dha/layer_graph.hpp"
#include "export/exported_files.hpp"
#include "export/graph_check.hpp"
#include "export/onnx_problem.hpp"
#include "model/normalizer.hpp"
#include "plugins/nas/cell/space.hpp"
#include "plugins/nas/mobilenet/space.hpp"
#include "plugins/nas/nb201/space.hpp"
#include "plugins/nas/resnet/resnet.hpp"
#include "plugins/nas/resnet/wide_resnet.hpp"
#include "storage/atomic_file.hpp"
#include "storage/safetensors.hpp"
#include "support/complete_params.hpp"
#include "support/test_context.hpp"

namespace dha::test {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kImages = 3;
constexpr int kRandomArchitectures = 50;
constexpr const char* kEveryOperation =
    R"("operations": ["none", "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5",
       "sep_conv_7x7", "dil_conv_3x3", "dil_conv_5x5", "conv_7x1_1x7"])";

DatasetInfo image_set(int64_t classes, int64_t channels, int64_t height, int64_t width) {
  DatasetInfo info;
  for (int64_t i = 0; i < classes; ++i) info.class_names.push_back("class \"" + std::to_string(i) + "\" é\u202e");
  info.classes = classes;
  info.channels = channels;
  info.height = height;
  info.width = width;
  for (int64_t i = 0; i < channels; ++i) {
    info.mean.push_back(0.45 + 0.02 * static_cast<double>(i));
    info.standard_deviation.push_back(0.25 - 0.01 * static_cast<double>(i));
  }
  return info;
}

// Weights as a training leaves them: features keep their size, no number of a batch norm is 0 or 1, and some gates are
// negative.
void perturb(const Network& network) {
  const at::NoGradGuard no_grad;
  const auto generator = at::detail::createCPUGenerator(7);
  double gate = -1.3;
  for (const auto& list : {network.parameters(), network.buffers()})
    for (const NamedTensor& one : list) {
      if (one.name.ends_with(".gate")) {
        one.tensor.fill_(gate);
        gate = gate < 0 ? 0.7 : -1.3;
      } else if (one.tensor.dim() == 4) {
        const double bound = std::sqrt(3 / static_cast<double>(one.tensor[0].numel()));  // keeps the variance
        at::Tensor(one.tensor).uniform_(-bound, bound, generator);
      } else if (one.tensor.dim() == 1) {
        const bool is_around_1 = !one.name.ends_with(".bias") && !one.name.ends_with(".running_mean");
        at::Tensor(one.tensor).uniform_(is_around_1 ? 0.7 : -0.2, is_around_1 ? 1.3 : 0.2, generator);
      }
    }
}

// Running statistics of these images, so that features stay of one size from layer to layer and depend on the image.
void calibrate(Network& network, const at::Tensor& images) {
  const at::NoGradGuard no_grad;
  network.set_mode({true, true, 0, false});
  for (int i = 0; i < 20; ++i) network.forward(images, {});
}

// Noise, darker from image to image: means over many pixels of noise alone would be almost the same for all.
at::Tensor random_images(const DatasetInfo& info) {
  at::Tensor images = at::empty({kImages, info.channels, info.height, info.width}, at::kByte)
                          .random_(0, 256, at::detail::createCPUGenerator(5));
  for (int64_t i = 0; i < kImages; ++i) images.select(0, i).floor_divide_(2 * i + 1);
  return images;
}

void write_case(const fs::path& folder, Space& space, const std::string& architecture, const DatasetInfo& info) {
  const auto network = space.lean(architecture, at::kFloat);
  perturb(*network);
  SafetensorsFile weights, expected;
  expected.tensors["images"] = random_images(info);
  const at::Tensor input = Normalizer(info, at::kFloat, /*channels_last=*/false)(expected.tensors["images"]);
  calibrate(*network, input);
  network->set_mode({false, false, 0, false});
  for (const auto& list : {network->parameters(), network->buffers()})
    for (const NamedTensor& one : list) weights.tensors[one.name] = one.tensor;
  fs::create_directories(folder);
  save_safetensors(folder / "weights.safetensors", weights);
  const auto* layers = static_cast<const NetworkLayers*>(space.capability(NetworkLayers::kCapability));
  const LayerGraph graph = checked_graph(layers->layers(architecture), weights.tensors, info.classes);
  const auto problems =
      write_exported_files(folder, {graph, weights.tensors, info, std::nullopt, "of no file", "1.2.3"});
  for (const std::string& problem : problems) throw std::runtime_error(problem);
  const std::string refused = onnx_problem(read_file(folder / kOnnxFile));
  if (!refused.empty()) throw std::runtime_error(refused);
  const at::NoGradGuard no_grad;
  expected.tensors["logits"] = network->forward(input, {}).logits;
  save_safetensors(folder / "expected.safetensors", expected);
}

template <class SpaceKind>
class Cases {
 public:
  Cases(fs::path folder, const std::string& params, const DatasetInfo& info)
      : folder_(std::move(folder)), info_(info), space_(complete_params<SpaceKind>(params), context_) {
    space_.prepare(info_);
  }

  void write(const std::string& name, const std::string& architecture) {
    try {
      write_case(folder_ / name, space_, architecture, info_);
    } catch (const std::exception& error) {
      throw std::runtime_error(name + ": " + error.what());
    }
  }

  void write_random(const std::string& name, int count) {
    for (int i = 0; i < count; ++i)
      write(name + std::to_string(i), space_.sample(at::detail::createCPUGenerator(static_cast<uint64_t>(i))));
  }

 private:
  fs::path folder_;
  DatasetInfo info_;
  TestContext context_;
  SpaceKind space_;
};

std::string small_cells(const std::string& more) { return R"({"channels": 4, "cells": 3, )" + more + "}"; }

void write_cells(const fs::path& folder) {
  using cell::CellSpace;
  Cases<CellSpace> published(folder, small_cells(R"("extra_batch_norm": false)"), image_set(10, 3, 32, 32));
  for (const auto& entry : fs::directory_iterator(source_dir() / "examples" / "architectures"))
    published.write("cell_" + entry.path().stem().string(), read_file(entry.path()));
  const std::string gates = R"(, "gate_weights": "keep", "nodes": 3)";
  Cases<CellSpace>(folder, small_cells(kEveryOperation + gates), image_set(10, 3, 16, 16))
      .write_random("cell_random", kRandomArchitectures / 2);
  Cases<CellSpace>(folder, small_cells(kEveryOperation + gates + R"(, "extra_batch_norm": false)"),
                   image_set(4, 1, 13, 11))
      .write_random("cell_odd", kRandomArchitectures / 2);
  Cases<CellSpace>(folder, small_cells(R"("stem": "imagenet", "share_cells": false, "concat": "loose_ends")"),
                   image_set(5, 3, 67, 70))
      .write_random("cell_imagenet", 3);
}

void write_others(const fs::path& folder) {
  constexpr const char* kOnly = "{}";
  Cases<nb201::Nb201Space> nb201(folder, R"({"channels": 4, "cells": 2})", image_set(5, 3, 13, 16));
  nb201.write_random("nb201_", 8);
  nb201.write("nb201_none", R"({"cell": "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"})");
  const char* const tiny = R"({"width_multiplier": 0.25, "depths": [2, 1, 1, 2, 1, 1]})";
  Cases<mobilenet::MobileNetSpace>(folder, tiny, image_set(5, 1, 25, 32)).write_random("mobilenet_", 4);
  using resnet::ResNet, resnet::WideResNet;
  Cases<ResNet>(folder, R"({"depth": 18, "stem": "imagenet"})", image_set(5, 3, 65, 64)).write("resnet18", kOnly);
  Cases<ResNet>(folder, R"({"depth": 50})", image_set(5, 1, 17, 16)).write("resnet50", kOnly);
  Cases<ResNet>(folder, R"({"depth": 20})", image_set(5, 3, 31, 32)).write("resnet20", kOnly);
  Cases<WideResNet>(folder, R"({"depth": 16, "width": 2})", image_set(5, 3, 15, 16)).write("wide_resnet", kOnly);
}

}  // namespace
}  // namespace dha::test

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: export_models FOLDER\n";
    return 2;
  }
  try {
    dha::test::write_cells(arguments[1]);
    dha::test::write_others(arguments[1]);
  } catch (const std::exception& error) {
    std::cerr << "export_models: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
