// Networks that start from a safetensors file, and files that do not fit them.
#include "weights_file.hpp"

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "resnet.hpp"
#include "support/error_checks.hpp"
#include "support/golden_networks.hpp"
#include "test_network.hpp"

namespace dha::resnet {
namespace {

using Tensors = std::map<std::string, at::Tensor>;
using Json = nlohmann::json;

std::string header_text(const Tensors& tensors) {
  Json header{{"__metadata__", {{"format", "pt"}}}};
  size_t at = 0;
  for (const auto& [name, tensor] : tensors) {
    const std::string type = tensor.scalar_type() == at::kLong     ? "I64"
                             : tensor.scalar_type() == at::kHalf   ? "F16"
                             : tensor.scalar_type() == at::kDouble ? "F64"
                                                                   : "F32";
    header[name] = {{"dtype", type}, {"shape", tensor.sizes().vec()}, {"data_offsets", {at, at + tensor.nbytes()}}};
    at += tensor.nbytes();
  }
  return header.dump();
}

std::string file_text(const std::string& header, const Tensors& tensors) {
  const uint64_t length = header.size();
  std::string text(sizeof length, '\0');
  std::memcpy(text.data(), &length, sizeof length);
  text += header;
  for (const auto& [name, tensor] : tensors)
    text.append(static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes());
  return text;
}

// A ResNet-20 for CIFAR and files with weights.
struct Fixture {
  test::TemporaryDirectory directory;
  std::string file = (directory.path() / "weights.safetensors").string();
  Tensors tensors;

  Fixture() {
    const auto network = TestSpace<ResNet>(R"({"depth": 20})", 10, 3, 8, 8)->lean("{}", at::kFloat);
    test::fill_by_name(*network);
    for (const auto& list : {network->parameters(), network->buffers()})
      for (const NamedTensor& one : list) tensors[one.name] = one.tensor.detach().clone();
    tensors["bn1.num_batches_tracked"] = at::empty({}, at::kLong).fill_(7);
  }

  void write(const std::string& text) const { std::ofstream(file, std::ios::binary) << text; }
  void write() const { write(file_text(header_text(tensors), tensors)); }

  TestSpace<ResNet> space(int64_t classes) const {
    return TestSpace<ResNet>(Json{{"depth", 20}, {"weights", file}}.dump(), classes, 3, 8, 8);
  }

  void refuses(const std::string& word) const {
    const TestSpace<ResNet> fixed = space(10);
    BOOST_CHECK_EXCEPTION(fixed->lean("{}", at::kFloat), Error,
                          test::error_with(ErrorCode::kInvalidParameter, "the weights file '" + file + "'", word));
  }
};

at::Tensor named(const Network& network, const std::string& name) {
  for (const auto& list : {network.parameters(), network.buffers()})
    for (const NamedTensor& one : list)
      if (one.name == name) return one.tensor;
  throw std::runtime_error("there is no tensor '" + name + "'");
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(weights_file, Fixture)

BOOST_AUTO_TEST_CASE(networks_start_with_the_weights) {
  tensors["layer1.0.conv1.weight"] = tensors["layer1.0.conv1.weight"].to(at::kHalf);
  write();
  const TestSpace<ResNet> fixed = space(10);
  const auto network = fixed->lean("{}", at::kDouble);
  for (const auto& list : {network->parameters(), network->buffers()})
    for (const NamedTensor& one : list) BOOST_TEST(one.tensor.equal(tensors.at(one.name).to(at::kDouble)), one.name);
  BOOST_TEST(named(*network, "fc.weight").requires_grad());
  BOOST_TEST(fixed.context->lines.empty());
}

BOOST_AUTO_TEST_CASE(another_number_of_classes_draws_the_last_layer) {
  write();
  const TestSpace<ResNet> fixed = space(4);
  const auto network = fixed->lean("{}", at::kFloat);
  BOOST_TEST((named(*network, "fc.weight").sizes() == at::IntArrayRef({4, 64})));
  BOOST_TEST(named(*network, "conv1.weight").equal(tensors["conv1.weight"]));
  BOOST_TEST_REQUIRE(fixed.context->lines.size() == 1U);
  BOOST_TEST(fixed.context->lines[0].find("'fc', starts from drawn weights") != std::string::npos);
  fixed->lean("{}", at::TensorOptions(at::kFloat).device(at::kMeta));
  BOOST_TEST(fixed.context->lines.size() == 1U);
}

BOOST_AUTO_TEST_CASE(files_of_other_networks_are_refused) {
  Tensors whole = tensors;
  tensors.erase("layer3.2.bn2.bias");
  tensors.erase("layer3.2.bn2.weight");
  write();
  refuses("it lacks 'layer3.2.bn2.weight' and 1 more");
  tensors = whole;
  tensors["layer1.3.conv1.weight"] = tensors["layer1.2.conv1.weight"];
  write();
  refuses("it has 'layer1.3.conv1.weight', which the network lacks");
  tensors = whole;
  tensors["conv1.weight"] = tensors["conv1.weight"].slice(1, 0, 1).contiguous();
  write();
  refuses("its 'conv1.weight' has the shape [16, 1, 3, 3], expected [16, 3, 3, 3]");
  tensors = whole;
  tensors.erase("fc.bias");
  write();
  refuses("it lacks 'fc.bias'");
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_read_are_refused) {
  refuses("it cannot be read");
  const std::string header = header_text(tensors), good = file_text(header, tensors);
  const std::function<std::string(const char*, const char*)> changed = [&](const char* from, const char* to) {
    std::string text = header;
    text.replace(text.find(from), std::strlen(from), to);
    return file_text(text, tensors);
  };
  write(good.substr(0, 5));
  refuses("shorter than 8 bytes");
  write(good.substr(0, 100));
  refuses("its header is longer than the file");
  write(good.substr(0, good.size() - 1));
  refuses("a tensor's place does not match");
  write(changed("\"shape\":[16]", "\"shape\":[17]"));
  refuses("a tensor's place does not match");
  write(changed("\"shape\":[16]", "\"shape\":[-16]"));
  refuses("an impossible shape");
  write(changed("\"F32\"", "\"F8_E4M3\""));
  refuses("the type 'F8_E4M3'");
  write(changed("\"dtype\"", "\"kind\""));
  refuses("not the JSON text");
  write(changed("{", "["));
  refuses("not the JSON text");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::resnet
