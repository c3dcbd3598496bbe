#include "weights_file.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <c10/util/StringUtil.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "dha/error.hpp"

namespace dha::resnet {

namespace {

using Json = nlohmann::json;

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kInvalidParameter, what); }

[[noreturn]] void refuse_format(const std::string& why) {
  refuse("it is not a complete safetensors file: " + why + "; write it again or name another");
}

std::string read_bytes(const std::string& file) {
  std::error_code ignored;
  std::ifstream stream;
  if (std::filesystem::is_regular_file(file, ignored)) stream.open(file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open() || stream.bad()) refuse("it cannot be read; 'weights' must name a safetensors file");
  return bytes;
}

at::ScalarType type_of(const std::string& name) {
  if (name == "F64") return at::kDouble;
  if (name == "F32") return at::kFloat;
  if (name == "F16") return at::kHalf;
  if (name == "BF16") return at::kBFloat16;
  if (name == "I64") return at::kLong;
  refuse_format("it has the type '" + name + "', expected F64, F32, F16, BF16 or I64");
}

// `data`: what follows the header.
at::Tensor read_tensor(const Json& entry, const std::string& data, size_t data_begin) {
  const auto shape = entry.at("shape").get<std::vector<int64_t>>();
  const auto offsets = entry.at("data_offsets").get<std::vector<uint64_t>>();
  const at::ScalarType type = type_of(entry.at("dtype").get<std::string>());
  uint64_t bytes = at::elementSize(type);
  for (const int64_t side : shape)
    if (side < 0 || __builtin_mul_overflow(bytes, static_cast<uint64_t>(side), &bytes))
      refuse_format("a tensor has an impossible shape");
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data.size() - data_begin ||
      offsets[1] - offsets[0] != bytes)
    refuse_format("a tensor's place does not match its shape or the length of the file");
  at::Tensor tensor = at::empty(shape, at::TensorOptions().dtype(type));
  if (bytes > 0) std::memcpy(tensor.mutable_data_ptr(), data.data() + data_begin + offsets[0], bytes);
  return tensor;
}

std::map<std::string, at::Tensor> parse(const std::string& bytes) {
  uint64_t length = 0;
  if (bytes.size() < sizeof length) refuse_format("it is shorter than 8 bytes");
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > bytes.size() - sizeof length) refuse_format("its header is longer than the file");
  const size_t data_begin = sizeof length + length;
  std::map<std::string, at::Tensor> tensors;
  try {
    const Json header = Json::parse(bytes.begin() + sizeof length, bytes.begin() + static_cast<int64_t>(data_begin));
    for (const auto& [name, entry] : header.items())
      if (name != "__metadata__") tensors.emplace(name, read_tensor(entry, bytes, data_begin));
  } catch (const Json::exception&) {
    refuse_format("its header is not the JSON text that it should be");
  }
  return tensors;
}

std::string shape_of(const at::Tensor& tensor) { return c10::str(tensor.sizes()); }

std::string and_more(size_t count) { return count > 1 ? " and " + std::to_string(count - 1) + " more" : ""; }

class Match {
 public:
  Match(const std::map<std::string, at::Tensor>& file, const Network& network, const std::string& head)
      : file_(file), head_(head + ".") {
    for (const auto& list : {network.parameters(), network.buffers()})
      for (const NamedTensor& one : list) targets_.push_back(one);
    const auto bias = file.find(head_ + "bias");
    for (const NamedTensor& target : targets_)
      if (target.name == head_ + "bias" && bias != file.end())
        has_head_ = bias->second.sizes() == target.tensor.sizes();
  }

  void check() const {
    std::vector<std::string> missing;
    std::set<std::string> known;
    for (const NamedTensor& target : targets_) {
      known.insert(target.name);
      const auto found = file_.find(target.name);
      if (found == file_.end())
        missing.push_back(target.name);
      else if (is_taken(target) && found->second.sizes() != target.tensor.sizes())
        refuse("its '" + target.name + "' has the shape " + shape_of(found->second) + ", expected " +
               shape_of(target.tensor) + "; name the weights of this network");
    }
    if (!missing.empty())
      refuse("it lacks '" + missing.front() + "'" + and_more(missing.size()) + "; name the weights of this network");
    std::vector<std::string> unknown;
    for (const auto& [name, ignored] : file_)
      if (known.count(name) == 0 && !name.ends_with(".num_batches_tracked")) unknown.push_back(name);
    if (!unknown.empty())
      refuse("it has '" + unknown.front() + "'" + and_more(unknown.size()) +
             ", which the network lacks; name the weights of this network");
  }

  bool take() const {
    const at::NoGradGuard no_grad;
    for (const NamedTensor& target : targets_)
      if (is_taken(target)) target.tensor.copy_(file_.at(target.name));
    return has_head_;
  }

 private:
  bool is_taken(const NamedTensor& target) const { return has_head_ || !target.name.starts_with(head_); }

  const std::map<std::string, at::Tensor>& file_;
  std::string head_;
  std::vector<NamedTensor> targets_;
  bool has_head_ = true;
};

// Gives what `read` throws the file's name.
template <class Read>
auto with_file_name(const std::string& file, Read read) {
  try {
    return read();
  } catch (const Error& error) {
    throw Error(error.code(), "the weights file '" + file + "' does not fit: " + error.what());
  }
}

}  // namespace

std::map<std::string, at::Tensor> read_weights(const std::string& file) {
  return with_file_name(file, [&] { return parse(read_bytes(file)); });
}

bool take_weights(const std::string& file, Network& network, const std::string& head) {
  const std::map<std::string, at::Tensor> tensors = read_weights(file);
  return with_file_name(file, [&] {
    const Match match(tensors, network, head);
    match.check();
    return match.take();
  });
}

}  // namespace dha::resnet
