// Writes the nodes and constants of an ONNX graph as protobuf messages.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <protozero/pbf_writer.hpp>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace dha {

// The element types of ONNX (TensorProto.DataType) that are used here.
enum class OnnxType : int32_t { kFloat = 1, kUint8 = 2, kInt64 = 7 };

struct OnnxAttribute {
  std::string name;
  std::variant<int64_t, double, std::vector<int64_t>> value;
};

class OnnxWriter {
 public:
  // Keeps `name` from being given away by unique().
  void reserve(const std::string& name) { names_.insert(name); }

  // `name`, or with a number behind it if that is taken already.
  std::string unique(const std::string& name);

  // Writes a node with one output of the node's own name, which it returns.
  std::string node(const std::string& operation, const std::vector<std::string>& inputs, const std::string& name,
                   const std::vector<OnnxAttribute>& attributes = {});

  // Writes a constant and returns its name. Any floating type and device; stored as float.
  std::string floats(const std::string& name, const at::Tensor& values);

  // The constant with these values (size), written once.
  std::string integers(const std::vector<int64_t>& values);

  // `sizes`: -1 is the batch, "N".
  void input(const std::string& name, OnnxType type, const std::vector<int64_t>& sizes);
  void output(const std::string& name, OnnxType type, const std::vector<int64_t>& sizes);

  // The GraphProto.
  const std::string& bytes() const { return bytes_; }
  size_t nodes() const { return nodes_; }

 private:
  void constant(const std::string& name, OnnxType type, at::IntArrayRef sizes, const void* data, size_t size);

  std::string bytes_;
  protozero::pbf_writer graph_{bytes_};
  std::set<std::string> names_;
  std::map<std::vector<int64_t>, std::string> integers_;
  size_t nodes_ = 0;
};

}  // namespace dha
