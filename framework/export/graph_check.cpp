#include "export/graph_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "dha/error.hpp"

namespace dha {

namespace {

using Kind = GraphLayer::Kind;
using Pair = std::array<int64_t, 2>;

// Of a layer's output for one image.
struct Shape {
  int64_t channels = 0;
  Pair size{};
  bool operator==(const Shape&) const = default;
};

std::string in_words(const Shape& shape) {
  return fmt::format("{} x {} x {}", shape.channels, shape.size[0], shape.size[1]);
}

class GraphCheck {
 public:
  GraphCheck(const LayerGraph& graph, const std::map<std::string, at::Tensor>& tensors)
      : graph_(graph), tensors_(tensors) {}

  void run(int64_t classes) {
    for (position_ = 0; position_ < graph_.layers.size(); ++position_) {
      check_inputs();
      check_name();
      check_numbers();
      shapes_.push_back(output_shape());
    }
    const auto count = static_cast<int64_t>(graph_.layers.size());
    const bool has_logits = graph_.logits >= 0 && graph_.logits < count;
    if (has_logits && graph_.layers[static_cast<size_t>(graph_.logits)].kind == Kind::kLinear &&
        shapes_[static_cast<size_t>(graph_.logits)].channels == classes)
      return;
    throw Error(ErrorCode::kContractViolation,
                fmt::format("the space describes layers of which none is a linear one with the {} logits", classes));
  }

 private:
  const GraphLayer& layer() const { return graph_.layers[position_]; }

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(
        ErrorCode::kContractViolation,
        fmt::format("the space describes a layer that cannot be: layer {}, '{}', {}", position_, layer().name, what));
  }

  void check_inputs() const {
    const size_t count = layer().inputs.size();
    const bool takes_several = layer().kind == Kind::kAdd || layer().kind == Kind::kConcatenate;
    if (count == 0 || (count > 1 && !takes_several)) refuse(fmt::format("has {} inputs", count));
    for (const int64_t input : layer().inputs)
      if (input < LayerGraph::kImages || input >= static_cast<int64_t>(position_))
        refuse(fmt::format("reads layer {}, which is not before it", input));
  }

  void check_name() {
    const std::string& name = layer().name;
    const auto is_allowed = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    };
    if (!std::all_of(name.begin(), name.end(), is_allowed) || name.starts_with('.') || name.ends_with('.') ||
        name.find("..") != std::string::npos)
      refuse("has a name that does not consist of letters, digits and '_' between dots");
    if (has_tensors(layer().kind) && layer().kind != Kind::kGate && (name.empty() || !names_.insert(name).second))
      refuse("has weights, but no name of its own");
  }

  void check_numbers() const {
    const GraphLayer& one = layer();
    for (size_t i = 0; i < 2; ++i)
      if (one.kernel[i] < 1 || one.stride[i] < 1 || one.dilation[i] < 1 || one.padding[i] < 0 || one.start[i] < 0)
        refuse("has a kernel, stride, dilation, padding or start that is out of range");
    const bool is_pool = one.kind == Kind::kMaxPool || one.kind == Kind::kAveragePool;
    if (is_pool && (one.padding[0] > one.kernel[0] / 2 || one.padding[1] > one.kernel[1] / 2))
      refuse("is a pool whose padding is more than half its kernel");
    for (size_t i = 0; i < 3; ++i)
      if (one.before[i] < 0 || one.after[i] < 0) refuse("adds a negative number of zeros");
    if (one.groups < 1 || one.in % one.groups != 0 || one.out % one.groups != 0)
      refuse(fmt::format("has {} groups for {} and {} channels", one.groups, one.in, one.out));
  }

  void check_tensor(const char* name, const std::vector<int64_t>& sizes) const {
    const auto found = tensors_.find(layer().name + "." + name);
    if (found == tensors_.end()) refuse(fmt::format("has no tensor '{}' in the network", name));
    if (found->second.sizes() != at::IntArrayRef(sizes))
      refuse(fmt::format("has a tensor '{}' of shape [{}], expected [{}]", name, fmt::join(found->second.sizes(), ", "),
                         fmt::join(sizes, ", ")));
  }

  Shape shape_of(int64_t input) const {
    if (input == LayerGraph::kImages) return {graph_.channels, {graph_.height, graph_.width}};
    return shapes_[static_cast<size_t>(input)];
  }

  void check_in(int64_t channels) const {
    if (layer().in != channels) refuse(fmt::format("reads {} channels, but its input has {}", layer().in, channels));
  }

  Pair size_after_windows(Pair size) const {
    const GraphLayer& one = layer();
    const bool is_dilated = one.kind == Kind::kConvolution;
    for (size_t i = 0; i < 2; ++i) {
      const int64_t reach = (is_dilated ? one.dilation[i] : 1) * (one.kernel[i] - 1) + 1;
      const int64_t room = size[i] + 2 * one.padding[i] - reach;
      if (room < 0) refuse(fmt::format("has a window of {} px over features of {} px", reach, size[i]));
      size[i] = room / one.stride[i] + 1;
    }
    return size;
  }

  Shape output_shape() const {
    const GraphLayer& one = layer();
    const Shape input = shape_of(one.inputs.front());
    switch (one.kind) {
      case Kind::kConvolution:
        check_in(input.channels);
        check_tensor("weight", {one.out, one.in / one.groups, one.kernel[0], one.kernel[1]});
        if (one.has_bias) check_tensor("bias", {one.out});
        return {one.out, size_after_windows(input.size)};
      case Kind::kBatchNorm:
        check_in(input.channels);
        for (const char* name : {"running_mean", "running_var"}) check_tensor(name, {one.in});
        if (one.affine)
          for (const char* name : {"weight", "bias"}) check_tensor(name, {one.in});
        return input;
      case Kind::kLinear:
        check_in(input.channels * input.size[0] * input.size[1]);
        check_tensor("weight", {one.out, one.in});
        if (one.has_bias) check_tensor("bias", {one.out});
        return {one.out, {1, 1}};
      case Kind::kGate:
        check_tensor("gate", {});
        return input;
      case Kind::kRelu:
      case Kind::kRelu6:
        return input;
      case Kind::kMaxPool:
      case Kind::kAveragePool:
        return {input.channels, size_after_windows(input.size)};
      case Kind::kGlobalAveragePool:
        return {input.channels, {1, 1}};
      case Kind::kAdd:
      case Kind::kConcatenate:
        return joined_shape(input);
      case Kind::kPad:
        return {input.channels + one.before[0] + one.after[0],
                {input.size[0] + one.before[1] + one.after[1], input.size[1] + one.before[2] + one.after[2]}};
      case Kind::kSubsample:
        return subsampled_shape(input);
      case Kind::kZeros:
        return {one.out, one.size};
    }
    refuse("is of a kind that this version of dha does not know");
  }

  Shape joined_shape(Shape first) const {
    const bool adds = layer().kind == Kind::kAdd;
    Shape sum = first;
    for (size_t i = 1; i < layer().inputs.size(); ++i) {
      const Shape next = shape_of(layer().inputs[i]);
      if (next.size != first.size || (adds && next.channels != first.channels))
        refuse(fmt::format("joins features of {} and {}", in_words(first), in_words(next)));
      if (!adds) sum.channels += next.channels;
    }
    return sum;
  }

  Shape subsampled_shape(Shape shape) const {
    for (size_t i = 0; i < 2; ++i) {
      if (layer().start[i] >= shape.size[i])
        refuse(fmt::format("starts at pixel {} of {}", layer().start[i], shape.size[i]));
      shape.size[i] = (shape.size[i] - layer().start[i] - 1) / layer().stride[i] + 1;
    }
    return shape;
  }

  const LayerGraph& graph_;
  const std::map<std::string, at::Tensor>& tensors_;
  size_t position_ = 0;
  std::vector<Shape> shapes_;
  std::set<std::string> names_;
};

LayerGraph without_unused_layers(const LayerGraph& graph) {
  std::vector<char> used(graph.layers.size(), 0);
  used[static_cast<size_t>(graph.logits)] = 1;
  for (size_t i = graph.layers.size(); i-- > 0;)
    if (used[i] != 0)
      for (const int64_t input : graph.layers[i].inputs)
        if (input != LayerGraph::kImages) used[static_cast<size_t>(input)] = 1;
  LayerGraph result{graph.channels, graph.height, graph.width, {}, 0};
  std::vector<int64_t> places(graph.layers.size(), 0);
  for (size_t i = 0; i < graph.layers.size(); ++i) {
    if (used[i] == 0) continue;
    places[i] = static_cast<int64_t>(result.layers.size());
    result.layers.push_back(graph.layers[i]);
    for (int64_t& input : result.layers.back().inputs)
      if (input != LayerGraph::kImages) input = places[static_cast<size_t>(input)];
  }
  result.logits = places[static_cast<size_t>(graph.logits)];
  return result;
}

}  // namespace

bool has_tensors(GraphLayer::Kind kind) {
  return kind == Kind::kConvolution || kind == Kind::kBatchNorm || kind == Kind::kLinear || kind == Kind::kGate;
}

LayerGraph checked_graph(const LayerGraph& graph, const std::map<std::string, at::Tensor>& tensors, int64_t classes) {
  GraphCheck(graph, tensors).run(classes);
  return without_unused_layers(graph);
}

}  // namespace dha
