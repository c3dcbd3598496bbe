// The parameters of the cell space, read once.
#pragma once

#include <cstdint>
#include <vector>

#include "dha/params.hpp"
#include "operation.hpp"
#include "skip_dropout.hpp"

namespace dha::cell {

enum class Stem { kAuto, kCifar, kImageNet };

// How the batch norms inside the supernet's candidates treat their affine weights.
enum class CandidateAffine {
  kFrozenUntilDecided,  // 1 and 0, not trained until the choice is frozen (one-stage ISTA)
  kTrained,
  kNone,  // no affine weights in operations and preprocessing (DARTS, two-stage ISTA)
};

// What becomes of a gate weight when a supernet's weights are carried into a decided network.
enum class GateWeights {
  kAbsorb,  // multiplied into the operation's last affine layer; a factor where it has none
  kKeep,    // a factor of every operation's output
};

// Which operations without a batch norm of their own get one.
enum class ExtraNorm { kNone, kPools, kPoolsAndSkips };

// Which nodes make a cell's output.
enum class Concat {
  kAll,
  kLooseEnds,  // those that no node of the cell reads, other than by `none` (NASNet, ENAS, NSGA-Net)
};

struct Settings {
  // Throws Error{kInvalidParameter} where `operations` names an unknown operation or one twice, or `reduction_cells` is
  // not ascending or names a cell that is not there.
  explicit Settings(const Params& params);

  static Schema schema();

  bool is_reduction(int64_t cell) const;

  // The cell whose output the auxiliary head reads: the last reduction cell, or where there is none the cell at two
  // thirds. The head pools any size to 2 x 2, so that every cell will do.
  int64_t auxiliary_cell() const;

  int64_t channels;  // of a normal cell before the first reduction
  int64_t cells;
  std::vector<int64_t> reduction_cells;  // ascending
  int64_t nodes;                         // of a cell in the choices
  std::vector<Operation> operations;
  Stem stem;
  double auxiliary_weight;
  bool auxiliary_batch_norm;
  ExtraNorm extra_norm;
  CandidateAffine candidate_affine;
  GateWeights gate_weights;
  bool share_cells;
  bool distinct_inputs;
  SkipDropoutSchedule skip_dropout;
  Concat concat;  // of decided choices
};

}  // namespace dha::cell
