#include "export/onnx_file.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "export/graph_check.hpp"
#include "export/onnx_writer.hpp"

namespace dha {

namespace {

using Kind = GraphLayer::Kind;
using Json = nlohmann::ordered_json;
using Sizes = std::vector<int64_t>;

constexpr int64_t kIrVersion = 7, kOpset = 13;
constexpr int64_t kBatch = -1;
constexpr size_t kLargestFile = (size_t{1} << 31) - 1;  // of a protobuf message

// Field numbers of onnx.proto, by message.
namespace model_field {
constexpr uint32_t kIrVersion = 1, kProducer = 2, kProducerVersion = 3, kGraph = 7, kOpset = 8, kMetadata = 14;
}
namespace opset_field {
constexpr uint32_t kVersion = 2;
}
namespace entry_field {
constexpr uint32_t kKey = 1, kValue = 2;
}
namespace graph_field {
constexpr uint32_t kName = 2;
}

Sizes twice(const std::array<int64_t, 2>& padding) { return {padding[0], padding[1], padding[0], padding[1]}; }

Sizes list(const std::array<int64_t, 2>& pair) { return {pair[0], pair[1]}; }

class GraphWriting {
 public:
  explicit GraphWriting(const ExportedModel& model)
      : model_(model), graph_(model.graph), uses_(graph_.layers.size(), 0), outputs_(graph_.layers.size()) {
    for (const auto& [name, tensor] : model.tensors) writer_.reserve(name);
    for (const char* name : {"images", "logits", "probabilities"}) writer_.reserve(name);
    for (const GraphLayer& layer : graph_.layers)
      for (const int64_t input : layer.inputs)
        if (input != LayerGraph::kImages) ++uses_[static_cast<size_t>(input)];
  }

  std::string bytes() && {
    writer_.input("images", OnnxType::kUint8, {kBatch, graph_.channels, graph_.height, graph_.width});
    write_normalisation();
    for (size_t i = 0; i < graph_.layers.size(); ++i) outputs_[i] = write_layer(i);
    writer_.node("Softmax", {"logits"}, "probabilities", {{"axis", int64_t{1}}});
    const int64_t classes = graph_.layers[static_cast<size_t>(graph_.logits)].out;
    for (const char* name : {"logits", "probabilities"}) writer_.output(name, OnnxType::kFloat, {kBatch, classes});
    return writer_.bytes();
  }

 private:
  // As Normalizer does: pixel / (255 SD) - mean / SD.
  void write_normalisation() {
    std::vector<double> factor, offset;
    for (size_t i = 0; i < model_.info.mean.size(); ++i) {
      factor.push_back(1 / (255 * model_.info.standard_deviation[i]));
      offset.push_back(-model_.info.mean[i] / model_.info.standard_deviation[i]);
    }
    const auto constant = [&](const char* name, const std::vector<double>& values) {
      return writer_.floats(writer_.unique(name), at::tensor(values, at::kDouble).view({1, -1, 1, 1}));
    };
    const std::string pixels = writer_.node("Cast", {"images"}, writer_.unique("images.float"),
                                            {{"to", static_cast<int64_t>(OnnxType::kFloat)}});
    const std::string scaled =
        writer_.node("Mul", {pixels, constant("images.factor", factor)}, writer_.unique("images.scaled"));
    images_ = writer_.node("Add", {scaled, constant("images.offset", offset)}, writer_.unique("images.normalised"));
  }

  const std::string& value(int64_t input) const {
    return input == LayerGraph::kImages ? images_ : outputs_[static_cast<size_t>(input)];
  }

  const at::Tensor& tensor(const GraphLayer& layer, const char* name) const {
    return model_.tensors.at(layer.name + "." + name);
  }

  std::string weight(const GraphLayer& layer, const char* name) {
    return writer_.floats(layer.name + "." + name, tensor(layer, name));
  }

  // Writes the last node of a layer.
  std::string node(size_t position, const std::string& operation, std::vector<std::string> inputs,
                   std::vector<OnnxAttribute> attributes = {}) {
    const bool is_logits = static_cast<int64_t>(position) == graph_.logits;
    return writer_.node(operation, inputs, is_logits ? "logits" : name_of(position, operation), attributes);
  }

  std::string name_of(size_t position, std::string operation) {
    const GraphLayer& layer = graph_.layers[position];
    if (has_tensors(layer.kind) && layer.kind != Kind::kGate && !layer.name.empty()) return writer_.unique(layer.name);
    std::transform(operation.begin(), operation.end(), operation.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return writer_.unique(layer.name.empty() ? operation : layer.name + "." + operation);
  }

  // The gate that alone reads the output of batch norm `position`, or null.
  const GraphLayer* gate_behind(size_t position) const {
    const auto& layers = graph_.layers;
    if (uses_[position] != 1) return nullptr;
    for (size_t i = position + 1; i < layers.size(); ++i)
      if (layers[i].inputs.front() == static_cast<int64_t>(position))
        return layers[i].kind == Kind::kGate ? &layers[i] : nullptr;
    return nullptr;
  }

  std::string write_batch_norm(size_t position) {
    const GraphLayer& layer = graph_.layers[position];
    const at::Tensor& mean = tensor(layer, "running_mean");
    at::Tensor scale = layer.affine ? tensor(layer, "weight") : at::ones_like(mean);
    at::Tensor shift = layer.affine ? tensor(layer, "bias") : at::zeros_like(mean);
    const GraphLayer* gate = gate_behind(position);
    if (gate != nullptr) {
      scale = scale * tensor(*gate, "gate");
      shift = shift * tensor(*gate, "gate");
    }
    const bool is_own = layer.affine && gate == nullptr;
    const auto named = [&](const char* name, const char* changed) {
      return is_own ? layer.name + "." + name : writer_.unique(layer.name + "." + changed);
    };
    return node(position, "BatchNormalization",
                {value(layer.inputs.front()), writer_.floats(named("weight", "gated_weight"), scale),
                 writer_.floats(named("bias", "gated_bias"), shift), weight(layer, "running_mean"),
                 weight(layer, "running_var")},
                {{"epsilon", layer.epsilon}});
  }

  std::string write_gate(size_t position) {
    const GraphLayer& layer = graph_.layers[position];
    const int64_t input = layer.inputs.front();
    const bool is_folded = input != LayerGraph::kImages &&
                           graph_.layers[static_cast<size_t>(input)].kind == Kind::kBatchNorm &&
                           gate_behind(static_cast<size_t>(input)) == &layer;
    if (is_folded) return value(input);
    return node(position, "Mul", {value(input), weight(layer, "gate")});
  }

  std::string write_linear(size_t position) {
    const GraphLayer& layer = graph_.layers[position];
    const std::string flat =
        writer_.node("Flatten", {value(layer.inputs.front())}, writer_.unique(layer.name + ".flatten"));
    std::vector<std::string> inputs{flat, weight(layer, "weight")};
    if (layer.has_bias) inputs.push_back(weight(layer, "bias"));
    return node(position, "Gemm", inputs, {{"transB", int64_t{1}}});
  }

  std::string write_convolution(size_t position) {
    const GraphLayer& layer = graph_.layers[position];
    std::vector<std::string> inputs{value(layer.inputs.front()), weight(layer, "weight")};
    if (layer.has_bias) inputs.push_back(weight(layer, "bias"));
    return node(position, "Conv", inputs,
                {{"kernel_shape", list(layer.kernel)},
                 {"strides", list(layer.stride)},
                 {"pads", twice(layer.padding)},
                 {"dilations", list(layer.dilation)},
                 {"group", layer.groups}});
  }

  std::string write_pool(size_t position) {
    const GraphLayer& layer = graph_.layers[position];
    std::vector<OnnxAttribute> attributes{
        {"kernel_shape", list(layer.kernel)}, {"strides", list(layer.stride)}, {"pads", twice(layer.padding)}};
    const bool is_mean = layer.kind == Kind::kAveragePool;
    if (is_mean) attributes.push_back({"count_include_pad", int64_t{0}});
    return node(position, is_mean ? "AveragePool" : "MaxPool", {value(layer.inputs.front())}, attributes);
  }

  std::string write_sum(size_t position) {
    const GraphLayer& layer = graph_.layers[position];
    std::string sum = value(layer.inputs.front());
    for (size_t i = 1; i < layer.inputs.size(); ++i) sum = node(position, "Add", {sum, value(layer.inputs[i])});
    return sum;
  }

  std::string write_concatenation(size_t position) {
    std::vector<std::string> inputs;
    for (const int64_t input : graph_.layers[position].inputs) inputs.push_back(value(input));
    return node(position, "Concat", inputs, {{"axis", int64_t{1}}});
  }

  std::string write_pad(size_t position) {
    const GraphLayer& layer = graph_.layers[position];
    const auto& [before, after] = std::pair(layer.before, layer.after);
    return node(position, "Pad",
                {value(layer.inputs.front()),
                 writer_.integers({0, before[0], before[1], before[2], 0, after[0], after[1], after[2]})});
  }

  std::string write_subsample(size_t position) {
    const GraphLayer& layer = graph_.layers[position];
    constexpr int64_t kEnd = int64_t{1} << 31;
    return node(position, "Slice",
                {value(layer.inputs.front()), writer_.integers(list(layer.start)), writer_.integers({kEnd, kEnd}),
                 writer_.integers({2, 3}), writer_.integers(list(layer.stride))});
  }

  std::string write_zeros(size_t position) {
    const GraphLayer& layer = graph_.layers[position];
    const std::string sizes = writer_.node("Shape", {"images"}, writer_.unique("images.shape"));
    const std::string batch =
        writer_.node("Slice", {sizes, writer_.integers({0}), writer_.integers({1})}, writer_.unique("images.batch"));
    const std::string wanted =
        writer_.node("Concat", {batch, writer_.integers({layer.out, layer.size[0], layer.size[1]})},
                     name_of(position, "shape"), {{"axis", int64_t{0}}});
    return node(position, "ConstantOfShape", {wanted});
  }

  // A constant that is written once.
  const std::string& number(const std::string& name, double value) {
    std::string& written = numbers_[name];
    if (written.empty()) written = writer_.floats(writer_.unique(name), at::scalar_tensor(value, at::kFloat));
    return written;
  }

  std::string write_layer(size_t position) {
    const std::string& input = value(graph_.layers[position].inputs.front());
    switch (graph_.layers[position].kind) {
      case Kind::kConvolution:
        return write_convolution(position);
      case Kind::kBatchNorm:
        return write_batch_norm(position);
      case Kind::kLinear:
        return write_linear(position);
      case Kind::kGate:
        return write_gate(position);
      case Kind::kRelu:
        return node(position, "Relu", {input});
      case Kind::kRelu6:
        return node(position, "Clip", {input, number("zero", 0), number("six", 6)});
      case Kind::kMaxPool:
      case Kind::kAveragePool:
        return write_pool(position);
      case Kind::kGlobalAveragePool:
        return node(position, "GlobalAveragePool", {input});
      case Kind::kAdd:
        return write_sum(position);
      case Kind::kConcatenate:
        return write_concatenation(position);
      case Kind::kPad:
        return write_pad(position);
      case Kind::kSubsample:
        return write_subsample(position);
      case Kind::kZeros:
        return write_zeros(position);
    }
    return input;
  }

  const ExportedModel& model_;
  const LayerGraph& graph_;
  OnnxWriter writer_;
  std::string images_;
  std::map<std::string, std::string> numbers_;
  std::vector<int64_t> uses_;         // per layer: how often others read its output
  std::vector<std::string> outputs_;  // per layer: the name of its output
};

void write_metadata(protozero::pbf_writer& model, const std::string& key, const std::string& value) {
  protozero::pbf_writer entry(model, model_field::kMetadata);
  entry.add_string(entry_field::kKey, key);
  entry.add_string(entry_field::kValue, value);
}

}  // namespace

std::string onnx_file(const ExportedModel& model) {
  std::string graph = GraphWriting(model).bytes();
  protozero::pbf_writer(graph).add_string(graph_field::kName, "network");
  std::string file;
  protozero::pbf_writer writer(file);
  writer.add_int64(model_field::kIrVersion, kIrVersion);
  writer.add_string(model_field::kProducer, "dha");
  writer.add_string(model_field::kProducerVersion, model.version);
  {
    protozero::pbf_writer opset(writer, model_field::kOpset);
    opset.add_int64(opset_field::kVersion, kOpset);
  }
  write_metadata(writer, "class_names", Json(model.info.class_names).dump());
  write_metadata(writer, "channels", std::to_string(model.graph.channels));
  write_metadata(writer, "height", std::to_string(model.graph.height));
  write_metadata(writer, "width", std::to_string(model.graph.width));
  if (model.crop_fraction) write_metadata(writer, "crop_fraction", Json(*model.crop_fraction).dump());
  write_metadata(writer, "mean", Json(model.info.mean).dump());
  write_metadata(writer, "standard_deviation", Json(model.info.standard_deviation).dump());
  write_metadata(writer, "dha", model.version);
  write_metadata(writer, "weights_sha256", model.weights_sha256);
  if (file.size() + graph.size() + 16 > kLargestFile)
    throw Error(ErrorCode::kInvalidConfig,
                fmt::format("the network takes {} bytes in the format of ONNX, which allows 2 GiB; use model.py",
                            file.size() + graph.size()));
  writer.add_message(model_field::kGraph, graph);
  return file;
}

}  // namespace dha
