// ResNets and wide ResNets: counts, and logits equal to torchvision and plain torch.
#include "resnet.hpp"

#include <boost/test/unit_test.hpp>

#include "dha/error.hpp"
#include "support/error_checks.hpp"
#include "support/golden_networks.hpp"
#include "support/run_layer_graph.hpp"
#include "test_network.hpp"
#include "wide_resnet.hpp"

namespace dha::resnet {
namespace {

using Json = test::GoldenJson;

constexpr const char* kOnly = "{}";  // the architecture of a space without choices

int64_t parameters(const Space& space) { return static_cast<int64_t>(space.cost(kOnly).at(quantity::kParameters)); }

int64_t weights_of(const Network& network) {
  int64_t count = 0;
  for (const NamedTensor& one : network.parameters()) count += one.tensor.numel();
  return count;
}

template <class FixedNetwork>
double distance_of_layers(const std::string& params, int64_t channels, int64_t height, int64_t width) {
  const TestSpace<FixedNetwork> space(params, 5, channels, height, width);
  const auto network = space->lean(kOnly, at::kDouble);
  test::fill_by_name(*network);
  return test::distance_of_layers(*space.space, kOnly, *network, test::wave("images", {2, channels, height, width}));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(residual_networks)

BOOST_AUTO_TEST_CASE(resnets_equal_torchvisions) {
  const Json golden = test::golden_network_file("residual.json")["torchvision"];
  for (const std::string depth : {"18", "34", "50"}) {
    BOOST_TEST_CONTEXT(depth) {
      const Json& one = golden[depth];
      const TestSpace<ResNet> space(R"({"stem": "imagenet", "depth": )" + depth + "}", 7, 3, one["shape"][2],
                                    one["shape"][3]);
      BOOST_TEST(parameters(*space.space) == one["parameters"].get<int64_t>());
      const auto network = space->lean(kOnly, at::kDouble);
      BOOST_TEST(network->parameters().size() + network->buffers().size() + one["counters"].get<size_t>() ==
                 one["tensors"].get<size_t>());
      BOOST_TEST(weights_of(*network) == one["parameters"].get<int64_t>());
      test::fill_by_name(*network);
      const at::Tensor images = test::golden_images(one["shape"], false);
      network->set_mode({false, false, 0, false});
      test::check_logits(network->forward(images, {}).logits, one["evaluated"], "logits in evaluation");
      network->set_mode({true, true, 0, true});
      test::check_logits(network->forward(images, {}).logits, one["logits"], "logits in training");
    }
  }
}

BOOST_AUTO_TEST_CASE(networks_for_small_images_equal_plain_torch) {
  const Json golden = test::golden_network_file("residual.json");
  const TestSpace<ResNet> cifar(R"({"depth": 20})", 5, 3, 16, 13);
  test::check_golden(*cifar->lean(kOnly, at::kDouble), golden["cifar"]);
  const TestSpace<WideResNet> wide(R"({"depth": 16, "width": 2})", 4, 1, 12, 9);
  test::check_golden(*wide->lean(kOnly, at::kDouble), golden["wide"]);
}

BOOST_AUTO_TEST_CASE(networks_are_described_by_their_layers) {
  BOOST_TEST(distance_of_layers<ResNet>(R"({"depth": 18, "stem": "imagenet"})", 3, 70, 67) < 1e-12);
  BOOST_TEST(distance_of_layers<ResNet>(R"({"depth": 50, "stem": "cifar"})", 1, 17, 16) < 1e-12);
  BOOST_TEST(distance_of_layers<ResNet>(R"({"depth": 20})", 3, 15, 16) < 1e-12);
  BOOST_TEST(distance_of_layers<WideResNet>(R"({"depth": 16, "width": 2})", 3, 13, 12) < 1e-12);
}

// Published: torchvision's documentation; the counts that implementations of the papers print.
BOOST_AUTO_TEST_CASE(counts_equal_the_published_ones) {
  BOOST_TEST(parameters(*TestSpace<ResNet>(R"({"depth": 18})", 1000, 3, 224, 224).space) == 11689512);
  BOOST_TEST(parameters(*TestSpace<ResNet>(R"({"depth": 34})", 1000, 3, 224, 224).space) == 21797672);
  BOOST_TEST(parameters(*TestSpace<ResNet>(R"({"depth": 50})", 1000, 3, 224, 224).space) == 25557032);
  BOOST_TEST(parameters(*TestSpace<ResNet>(R"({"depth": 18})", 10, 3, 32, 32).space) == 11173962);
  BOOST_TEST(parameters(*TestSpace<ResNet>(R"({"depth": 20})", 10, 3, 32, 32).space) == 269722);
  BOOST_TEST(parameters(*TestSpace<WideResNet>(R"({"depth": 40, "width": 2})", 10, 3, 32, 32).space) == 2243546);
  BOOST_TEST(parameters(*TestSpace<WideResNet>("{}", 10, 3, 32, 32).space) == 36479194);
  const TestSpace<ResNet> imagenet(R"({"depth": 50})", 1000, 3, 224, 224);
  BOOST_TEST(imagenet->cost(kOnly).at(quantity::kMultiplyAdds) == 4089184256);  // 4.09 G
}

BOOST_AUTO_TEST_CASE(there_is_one_architecture) {
  const TestSpace<ResNet> space("{}", 10, 3, 32, 32);
  BOOST_TEST(space->choices().empty());
  BOOST_TEST(space->sample(space.context->host_generator()) == kOnly);
  for (const char* text : {"[]", R"({"depth": [18]})"}) BOOST_CHECK_THROW(space->lean(text, at::kFloat), Error);
  BOOST_CHECK_THROW(space->cost("[]"), Error);
  BOOST_CHECK_THROW(space->supernet(at::kFloat), Error);
}

BOOST_AUTO_TEST_CASE(depths_that_do_not_exist_are_refused) {
  BOOST_CHECK_EXCEPTION(TestSpace<WideResNet>(R"({"depth": 29})", 10, 3, 32, 32), Error,
                        test::error_with(ErrorCode::kInvalidParameter, "6n + 4, found 29; the nearest is 28"));
  BOOST_CHECK_EXCEPTION(TestSpace<ResNet>(R"({"depth": 20, "stem": "imagenet"})", 10, 3, 32, 32), Error,
                        test::error_with(ErrorCode::kInvalidParameter, "depth 20 has no stem 'imagenet'"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::resnet
