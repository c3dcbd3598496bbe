#include "export/onnx_writer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace dha {

namespace {

using protozero::pbf_writer;

// Field numbers of onnx.proto, by message.
namespace graph_field {
constexpr uint32_t kNode = 1, kInitializer = 5, kInput = 11, kOutput = 12;
}
namespace node_field {
constexpr uint32_t kInput = 1, kOutput = 2, kName = 3, kOperation = 4, kAttribute = 5;
}
namespace attribute_field {
constexpr uint32_t kName = 1, kFloat = 2, kInteger = 3, kIntegers = 8, kType = 20;
}
namespace tensor_field {
constexpr uint32_t kDimension = 1, kType = 2, kName = 8, kData = 9;
}
namespace value_field {
constexpr uint32_t kName = 1, kType = 2;
}
namespace type_field {
constexpr uint32_t kTensor = 1;
}
namespace tensor_type_field {
constexpr uint32_t kElement = 1, kShape = 2;
}
namespace shape_field {
constexpr uint32_t kDimension = 1;
}
namespace dimension_field {
constexpr uint32_t kValue = 1, kName = 2;
}

// AttributeProto.AttributeType
constexpr int32_t kFloatType = 1, kIntegerType = 2, kIntegersType = 7;

void write(pbf_writer& node, const OnnxAttribute& attribute) {
  pbf_writer writer(node, node_field::kAttribute);
  writer.add_string(attribute_field::kName, attribute.name);
  if (const auto* integer = std::get_if<int64_t>(&attribute.value)) {
    writer.add_int64(attribute_field::kInteger, *integer);
    writer.add_enum(attribute_field::kType, kIntegerType);
  } else if (const auto* real = std::get_if<double>(&attribute.value)) {
    writer.add_float(attribute_field::kFloat, static_cast<float>(*real));
    writer.add_enum(attribute_field::kType, kFloatType);
  } else {
    for (const int64_t value : std::get<std::vector<int64_t>>(attribute.value))
      writer.add_int64(attribute_field::kIntegers, value);
    writer.add_enum(attribute_field::kType, kIntegersType);
  }
}

void write_value(pbf_writer& graph, uint32_t field, const std::string& name, OnnxType type,
                 const std::vector<int64_t>& sizes) {
  pbf_writer value(graph, field);
  value.add_string(value_field::kName, name);
  pbf_writer any_type(value, value_field::kType);
  pbf_writer tensor(any_type, type_field::kTensor);
  tensor.add_enum(tensor_type_field::kElement, static_cast<int32_t>(type));
  pbf_writer shape(tensor, tensor_type_field::kShape);
  for (const int64_t size : sizes) {
    pbf_writer dimension(shape, shape_field::kDimension);
    if (size < 0)
      dimension.add_string(dimension_field::kName, "N");
    else
      dimension.add_int64(dimension_field::kValue, size);
  }
}

}  // namespace

std::string OnnxWriter::unique(const std::string& name) {
  std::string result = name;
  for (int i = 2; !names_.insert(result).second; ++i) result = fmt::format("{}_{}", name, i);
  return result;
}

std::string OnnxWriter::node(const std::string& operation, const std::vector<std::string>& inputs,
                             const std::string& name, const std::vector<OnnxAttribute>& attributes) {
  pbf_writer writer(graph_, graph_field::kNode);
  for (const std::string& input : inputs) writer.add_string(node_field::kInput, input);
  writer.add_string(node_field::kOutput, name);
  writer.add_string(node_field::kName, name);
  writer.add_string(node_field::kOperation, operation);
  for (const OnnxAttribute& attribute : attributes) write(writer, attribute);
  ++nodes_;
  return name;
}

void OnnxWriter::constant(const std::string& name, OnnxType type, at::IntArrayRef sizes, const void* data,
                          size_t size) {
  pbf_writer writer(graph_, graph_field::kInitializer);
  for (const int64_t side : sizes) writer.add_int64(tensor_field::kDimension, side);
  writer.add_int32(tensor_field::kType, static_cast<int32_t>(type));
  writer.add_string(tensor_field::kName, name);
  writer.add_bytes(tensor_field::kData, static_cast<const char*>(data), size);
}

std::string OnnxWriter::floats(const std::string& name, const at::Tensor& values) {
  const at::Tensor stored = values.detach().to(at::kCPU, at::kFloat).contiguous();
  constant(name, OnnxType::kFloat, stored.sizes(), stored.const_data_ptr(), stored.nbytes());
  return name;
}

std::string OnnxWriter::integers(const std::vector<int64_t>& values) {
  const auto found = integers_.find(values);
  if (found != integers_.end()) return found->second;
  const std::string name = unique(fmt::format("integers.{}", fmt::join(values, "_")));
  constant(name, OnnxType::kInt64, {static_cast<int64_t>(values.size())}, values.data(),
           values.size() * sizeof(int64_t));
  return integers_[values] = name;
}

void OnnxWriter::input(const std::string& name, OnnxType type, const std::vector<int64_t>& sizes) {
  write_value(graph_, graph_field::kInput, name, type, sizes);
}

void OnnxWriter::output(const std::string& name, OnnxType type, const std::vector<int64_t>& sizes) {
  write_value(graph_, graph_field::kOutput, name, type, sizes);
}

}  // namespace dha
