// Children and distances of decisions.
#include "genome.hpp"

#include <ATen/CPUGeneratorImpl.h>

#include <boost/test/unit_test.hpp>
#include <map>

#include "support/chi_square.hpp"
#include "support/toy_space.hpp"

namespace {

using namespace dha;

struct Fixture {
  test::ToySpace cell{test::toy_cell()};
  test::ToySpace digits{std::vector<Choice>(4, test::toy_choice("digit", 1, 5, 1, false))};
  at::Generator generator = at::detail::createCPUGenerator(1);

  Decisions sample(const Space& space) { return space.decisions(space.sample(generator)); }
};

BOOST_FIXTURE_TEST_SUITE(genome, Fixture)

// Four genes and five places to cut: of the 25 pairs of cuts, 2 separate a given pair of different places, and 5 are of
// equal places, which leave the parent as it is.
BOOST_AUTO_TEST_CASE(genes_between_two_cuts_come_from_the_other_parent) {
  const Decisions one(4, {0}), other(4, {1});
  std::map<std::string, double> counts;
  constexpr int kChildren = 5000;
  for (int i = 0; i < kChildren; ++i) {
    std::string text;
    for (const std::vector<int64_t>& kept : Genome(digits).cross(one, other, generator))
      text += std::to_string(kept.at(0));
    ++counts[text];
  }
  std::vector<double> found, expected;
  for (const char* text : {"0000", "1000", "0100", "0010", "0001", "1100", "0110", "0011", "1110", "0111", "1111"}) {
    found.push_back(counts[text]);
    expected.push_back(kChildren * (found.size() == 1 ? 5.0 : 2.0) / 25);
  }
  BOOST_TEST(counts.size() == 11u);
  BOOST_TEST(test::chi_square(found, expected) < test::chi_square_limit(11));
}

BOOST_AUTO_TEST_CASE(children_are_valid_and_made_of_their_parents) {
  int64_t mixed = 0;
  for (int i = 0; i < 500; ++i) {
    const Decisions one = sample(cell), other = sample(cell);
    const Decisions child = Genome(cell).cross(one, other, generator);
    cell.validate(cell.architecture(child));
    for (size_t k = 0; k < child.size(); ++k)
      for (const int64_t kept : child[k])
        BOOST_TEST(std::count(one[k].begin(), one[k].end(), kept) + std::count(other[k].begin(), other[k].end(), kept) >
                   0);
    mixed += Genome::distance(child, one) > 0 && Genome::distance(child, other) > 0 ? 1 : 0;
  }
  BOOST_TEST(mixed > 250);
}

// A child differs in as many genes as a binomial law says: 8 genes, each with a probability of 1/8.
BOOST_AUTO_TEST_CASE(mutation_changes_one_gene_on_average) {
  const Decisions parent = sample(cell);
  std::vector<double> found(4);
  constexpr int kChildren = 4000;
  for (int i = 0; i < kChildren; ++i) {
    const Decisions child = Genome(cell).mutate(parent, generator);
    cell.validate(cell.architecture(child));
    ++found[static_cast<size_t>(std::min<int64_t>(3, Genome::distance(child, parent)))];
  }
  std::vector<double> expected{0.343609, 0.392696, 0.196348, 0.067347};
  for (double& share : expected) share *= kChildren;
  BOOST_TEST(test::chi_square(found, expected) < test::chi_square_limit(4));
}

BOOST_AUTO_TEST_CASE(all_other_candidates_are_equally_likely) {
  std::vector<double> found(5);
  for (int i = 0; i < 8000; ++i)
    ++found[static_cast<size_t>(Genome(digits).mutate(Decisions(4, {2}), generator)[1][0])];
  BOOST_TEST(test::chi_square(found, {500, 500, 6000, 500, 500}) < test::chi_square_limit(5));
}

BOOST_AUTO_TEST_CASE(the_distance_is_the_number_of_other_candidates) {
  BOOST_TEST(Genome::distance({{0, 3}, {1, 2}}, {{0, 3}, {1, 2}}) == 0);
  BOOST_TEST(Genome::distance({{0, 3}, {1, 2}}, {{3, 5}, {4, 6}}) == 3);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
