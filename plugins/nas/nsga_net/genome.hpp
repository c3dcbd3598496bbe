// Crossover, mutation and distance of architectures, as lists of kept candidates: the genome of a genetic search.
//
// A gene is one kept candidate; the genes of a choice are in ascending order.
#pragma once

#include <ATen/core/Generator.h>

#include <cstdint>
#include <string>
#include <vector>

#include "dha/space.hpp"

namespace dha {

class Genome {
 public:
  // `space` outlives the object.
  explicit Genome(const Space& space) : space_(space) {}

  // A child of two parents by two-point crossover: the genes between two random cuts come from `other`, the rest from
  // `one`. Where a cut leads through a choice and the result keeps a candidate twice, or reads an input twice that it
  // must not, the choice is that of the parent with its first gene.
  Decisions cross(const Decisions& one, const Decisions& other, const at::Generator& generator) const;

  // Replaces each gene, with a probability of one in their number, by another candidate that is valid there, all being
  // equally likely.
  Decisions mutate(const Decisions& decisions, const at::Generator& generator) const;

  // The number of candidates that `one` keeps and `other` does not.
  static int64_t distance(const Decisions& one, const Decisions& other);

 private:
  int64_t genes() const;

  const Space& space_;
};

}  // namespace dha
