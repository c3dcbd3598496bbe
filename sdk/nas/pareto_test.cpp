// Ranks, crowding distances, survival and hypervolume against pymoo (tests/golden/pareto).
#include "dha/nas/pareto.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "support/paths.hpp"

namespace {

using dha::nas::Objectives;
using dha::nas::Scored;
using nlohmann::json;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Case {
  json golden;
  std::vector<Scored> points;
};

std::vector<Case> cases() {
  std::ifstream file(dha::test::source_dir() / "tests/golden/pareto/pareto.json");
  std::vector<Case> found;
  const json golden = json::parse(file);
  for (const json& one : golden.at("cases")) {
    Case next{one, {}};
    for (size_t i = 0; i < one["points"].size(); ++i)
      next.points.push_back({one["points"][i].get<Objectives>(), one["violation"][i].get<double>()});
    found.push_back(std::move(next));
  }
  BOOST_TEST_REQUIRE(found.size() == 10u);
  return found;
}

// Infinite where they have null.
void check_distance(double found, const json& expected) {
  if (expected.is_null())
    BOOST_TEST(found == kInfinity);
  else
    BOOST_TEST(found == expected.get<double>(), boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_SUITE(pareto)

BOOST_AUTO_TEST_CASE(ranks_are_those_of_pymoo) {
  for (const Case& one : cases())
    BOOST_TEST(dha::nas::ranks(one.points) == one.golden["ranks"].get<std::vector<int64_t>>(),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(crowding_distances_are_those_of_pymoo) {
  for (const Case& one : cases()) {
    const std::vector<int64_t> ranks = dha::nas::ranks(one.points);
    for (int64_t rank = 0; rank <= *std::max_element(ranks.begin(), ranks.end()); ++rank) {
      std::vector<Objectives> front;
      std::vector<json> expected;
      for (size_t i = 0; i < ranks.size(); ++i) {
        if (ranks[i] != rank || one.points[i].violation > 0) continue;
        front.push_back(one.points[i].objectives);
        expected.push_back(one.golden["crowding"][i]);
      }
      const std::vector<double> found = dha::nas::crowding_distances(front);
      BOOST_TEST_REQUIRE(found.size() == front.size());
      for (size_t i = 0; i < found.size(); ++i) check_distance(found[i], expected[i]);
    }
  }
}

BOOST_AUTO_TEST_CASE(survivors_are_those_of_pymoo) {
  int64_t checked = 0;
  for (const Case& one : cases()) {
    const dha::nas::Survivors found = dha::nas::survivors(one.points, one.golden["count"].get<size_t>());
    BOOST_TEST(found.positions.size() == one.golden["count"].get<size_t>());
    for (size_t i = 0; i < found.positions.size(); ++i) {
      const size_t position = found.positions[i];
      check_distance(found.crowding[i], one.golden["crowding"][position]);
      if (i == 0) continue;
      const auto rank = [&](size_t k) { return one.golden["ranks"][k].get<int64_t>(); };
      BOOST_TEST(rank(found.positions[i - 1]) <= rank(position));
    }
    if (!one.golden.contains("survivors")) continue;
    std::vector<size_t> sorted = found.positions;
    std::sort(sorted.begin(), sorted.end());
    BOOST_TEST(sorted == one.golden["survivors"].get<std::vector<size_t>>(), boost::test_tools::per_element());
    ++checked;
  }
  BOOST_TEST(checked >= 8);
}

BOOST_AUTO_TEST_CASE(hypervolumes_are_those_of_moocore) {
  for (const Case& one : cases()) {
    std::vector<Objectives> points;
    for (const Scored& point : one.points) points.push_back(point.objectives);
    BOOST_TEST(dha::nas::hypervolume(points, one.golden["reference"].get<Objectives>()) ==
                   one.golden["hypervolume"].get<double>(),
               boost::test_tools::tolerance(1e-9));
  }
  BOOST_TEST(dha::nas::hypervolume({{1, 2}}, {3, 2}) == 0);
  BOOST_TEST(dha::nas::hypervolume({}, {3, 2}) == 0);
}

BOOST_AUTO_TEST_CASE(feasible_points_dominate_infeasible_ones) {
  const Scored good{{1, 1}, 0}, trade{{0, 2}, 0}, equal{{1, 1}, 0}, slight{{}, 0.1}, gross{{}, 0.2};
  BOOST_TEST(!dha::nas::dominates(good, trade));
  BOOST_TEST(!dha::nas::dominates(good, equal));
  BOOST_TEST(dha::nas::dominates(good, slight));
  BOOST_TEST(!dha::nas::dominates(slight, good));
  BOOST_TEST(dha::nas::dominates(slight, gross));
  BOOST_TEST(!dha::nas::dominates(slight, slight));
  const dha::nas::Survivors found = dha::nas::survivors({gross, slight, good}, 2);
  BOOST_TEST(found.positions == (std::vector<size_t>{2, 1}), boost::test_tools::per_element());
  BOOST_TEST(found.crowding == (std::vector<double>{kInfinity, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
