// Parameters and multiply-adds of published networks, by formula and as built.
#include <ATen/CPUGeneratorImpl.h>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "test_space.hpp"

namespace dha::cell {
namespace {

using Json = nlohmann::json;

const char* const kCifar = R"({"channels": 36, "cells": 20, "extra_batch_norm": false})";
const char* const kCifarNorm = R"({"channels": 36, "cells": 20})";
const char* const kImageNet = R"({"channels": 48, "cells": 14, "extra_batch_norm": false})";
const char* const kImageNetNorm = R"({"channels": 48, "cells": 14})";

std::string uniform_cell(const char* normal, const char* reduce) {
  Json json{{"normal_concat", {2, 3, 4, 5}}, {"reduce_concat", {2, 3, 4, 5}}};
  for (int i = 0; i < 8; ++i) {
    json["normal"].push_back(Json::array({normal, i % 2}));
    json["reduce"].push_back(Json::array({reduce, i % 2}));
  }
  return json.dump();
}

int64_t parameters(const Quantities& cost) { return static_cast<int64_t>(cost.at(quantity::kParameters)); }
int64_t multiply_adds(const Quantities& cost) { return static_cast<int64_t>(cost.at(quantity::kMultiplyAdds)); }
int64_t auxiliary_parameters(const Quantities& cost) {
  return static_cast<int64_t>(cost.at(quantity::kAuxiliaryParameters));
}

struct Row {
  const char* name;
  int64_t cifar10, cifar10_norm, cifar100, imagenet, imagenet_norm;
};

constexpr Row kRows[] = {
    {"darts_v1", 3169414, 3181942, 3221344, 4510432, 4523104},
    {"darts_v2", 3349342, 3358846, 3401272, 4718752, 4728736},
    {"pdarts", 3433798, 3440710, 3485728, 4944352, 4950880},
    {"ista_two_stage", 3316726, 3323638, 3368656, 4820608, 4827136},
    {"ista_one_stage", 3363598, 3371806, 3415528, 4783168, 4791424},
    {"ista_imagenet", 4017862, 4021750, 4069792, 5651392, 5655232},
    {"snas_mild", 2661382, 2676502, 2713312, 3939328, 3954112},
    {"snas_moderate", 2847358, 2860318, 2899288, 4312576, 4324480},
    {"largest", 5144086, 5144086, 5196016, 6966112, 6966112},
    {"smallest", 1370134, 1397782, 1422064, 2427232, 2453344},
};

std::string architecture(const std::string& name) {
  if (name == "largest") return uniform_cell("sep_conv_5x5", "sep_conv_5x5");
  if (name == "smallest") return uniform_cell("skip_connect", "max_pool_3x3");
  return published(name);
}

void check_built(TestSpace& space, const std::string& text) {
  const auto network = space->lean(text, at::kFloat);
  const Quantities cost = space->cost(text);
  BOOST_TEST(count_of(*network, false) == parameters(cost));
  BOOST_TEST(count_of(*network, true) == auxiliary_parameters(cost));
}

}  // namespace

BOOST_AUTO_TEST_CASE(counts_of_published_networks) {
  const DatasetInfo cifar10 = image_set(10, 32), cifar100 = image_set(100, 32), imagenet = image_set(1000, 224);
  const TestSpace plain10(kCifar, cifar10), norm10(kCifarNorm, cifar10), plain100(kCifar, cifar100);
  const TestSpace plain1000(kImageNet, imagenet), norm1000(kImageNetNorm, imagenet);
  for (const Row& row : kRows) {
    BOOST_TEST_CONTEXT(row.name) {
      const std::string text = architecture(row.name);
      BOOST_TEST(parameters(plain10->cost(text)) == row.cifar10);
      BOOST_TEST(parameters(norm10->cost(text)) == row.cifar10_norm);
      BOOST_TEST(parameters(plain100->cost(text)) == row.cifar100);
      BOOST_TEST(parameters(plain1000->cost(text)) == row.imagenet);
      BOOST_TEST(parameters(norm1000->cost(text)) == row.imagenet_norm);
    }
  }
}

BOOST_AUTO_TEST_CASE(counts_of_auxiliary_heads) {
  const std::string text = published("darts_v2");
  const char* const without = R"({"channels": 48, "cells": 14, "auxiliary_batch_norm": false})";
  BOOST_TEST(auxiliary_parameters(TestSpace(kCifar, image_set(10, 32))->cost(text)) == 476426);
  BOOST_TEST(auxiliary_parameters(TestSpace(kCifar, image_set(100, 32))->cost(text)) == 545636);
  BOOST_TEST(auxiliary_parameters(TestSpace(kImageNet, image_set(1000, 224))->cost(text)) == 1262312);
  BOOST_TEST(auxiliary_parameters(TestSpace(without, image_set(1000, 224))->cost(text)) == 1260776);
  const char* const none = R"({"channels": 48, "cells": 14, "auxiliary_weight": 0})";
  BOOST_TEST(auxiliary_parameters(TestSpace(none, image_set(1000, 224))->cost(text)) == 0);
}

BOOST_AUTO_TEST_CASE(counts_of_built_networks_equal_the_formula) {
  for (const bool norm : {false, true}) {
    TestSpace cifar(norm ? kCifarNorm : kCifar, image_set(10, 32));
    TestSpace imagenet(norm ? kImageNetNorm : kImageNet, image_set(1000, 224));
    check_built(cifar, published("ista_one_stage"));
    check_built(cifar, published("nsganet"));
    check_built(cifar, published("nasnet_a"));
    check_built(imagenet, published("enas_script"));
  }
}

BOOST_AUTO_TEST_CASE(counts_of_supernets) {
  const char* const darts = R"({"channels": 16, "cells": 8, "candidate_affine": "none", "operations": ["none",
    "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"]})";
  const auto count = [](const char* params, const DatasetInfo& info) {
    TestSpace space(params, info);
    return count_of(*space->supernet(at::kFloat), false);
  };
  BOOST_TEST(count(darts, image_set(10, 32)) == 1930618);
  BOOST_TEST(count(kCifarNorm, image_set(10, 32)) == 20374678);
  BOOST_TEST(count(kImageNetNorm, image_set(1000, 224)) == 25665376);
}

// Two architectures that differ in one decision differ in cost by that candidate's.
BOOST_AUTO_TEST_CASE(cost_of_a_candidate) {
  TestSpace space(kCifarNorm, image_set(10, 32));
  const auto generator = at::detail::createCPUGenerator(3);
  std::string before = space->sample(generator);
  for (int step = 0; step < 40; ++step) {
    const std::string after = space->mutate(before, generator);
    const Decisions from = space->decisions(before), to = space->decisions(after);
    int64_t more_parameters = 0, more_multiply_adds = 0;
    for (size_t i = 0; i < from.size(); ++i)
      for (size_t k = 0; k < from[i].size(); ++k) {
        const Quantities removed = space->candidate_cost(static_cast<int64_t>(i), from[i][k]);
        const Quantities added = space->candidate_cost(static_cast<int64_t>(i), to[i][k]);
        more_parameters += parameters(added) - parameters(removed);
        more_multiply_adds += multiply_adds(added) - multiply_adds(removed);
      }
    BOOST_TEST(parameters(space->cost(after)) - parameters(space->cost(before)) == more_parameters);
    BOOST_TEST(multiply_adds(space->cost(after)) - multiply_adds(space->cost(before)) == more_multiply_adds);
    before = after;
  }
}

BOOST_AUTO_TEST_CASE(reductions_stand_at_a_third_and_two_thirds_unless_placed) {
  const std::string architecture = published("darts_v2");
  const auto numbers = [&](const std::string& cells) {
    const Quantities cost =
        TestSpace(R"({"channels": 8, "cells": )" + cells + "}", image_set(10, 32))->cost(architecture);
    return std::vector<int64_t>{parameters(cost), auxiliary_parameters(cost), multiply_adds(cost)};
  };
  const auto placed = [](const char* cells, const char* positions) {
    return std::string(cells) + R"(, "reduction_cells": )" + positions;
  };
  const std::pair<const char*, const char*> published_placements[] = {
      {"1", "[]"}, {"2", "[1]"}, {"3", "[1, 2]"}, {"8", "[2, 5]"}, {"14", "[4, 9]"}, {"20", "[6, 13]"}};
  for (const auto& [cells, positions] : published_placements)
    BOOST_TEST(numbers(cells) == numbers(placed(cells, positions)), boost::test_tools::per_element());
  BOOST_TEST((numbers("8") != numbers(placed("8", "[2, 6]"))));
}

// Counted by hooks in plain torch (tests/golden/cell/count.py).
BOOST_AUTO_TEST_CASE(multiply_adds_equal_an_independent_count) {
  std::ifstream file(test::source_dir() / "tests/golden/cell/count.json");
  const Json golden = Json::parse(file);
  BOOST_TEST_REQUIRE(golden["networks"].size() >= 8U);
  for (const Json& row : golden["networks"]) {
    BOOST_TEST_CONTEXT(row.dump()) {
      Json params{{"channels", row["channels"]},
                  {"cells", row["cells"]},
                  {"stem", row["imagenet"] ? "imagenet" : "cifar"},
                  {"extra_batch_norm", row["extra"]}};
      if (row.contains("reduction_cells")) params["reduction_cells"] = row["reduction_cells"];
      TestSpace space(params.dump(), image_set(row["classes"], row["size"], row.value("image_channels", 3)));
      const std::string architecture = published(row["architecture"]);
      const Quantities cost = space->cost(architecture);
      if (row.contains("reduction_cells")) check_built(space, architecture);
      BOOST_TEST(parameters(cost) == row["parameters"].get<int64_t>());
      BOOST_TEST(auxiliary_parameters(cost) == row["auxiliary_parameters"].get<int64_t>());
      BOOST_TEST(multiply_adds(cost) == row["multiply_adds"].get<int64_t>());
    }
  }
}

}  // namespace dha::cell
