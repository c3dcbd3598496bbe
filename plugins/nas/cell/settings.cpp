#include "settings.hpp"

#include <algorithm>

#include "dha/error.hpp"

namespace dha::cell {

namespace {

constexpr int64_t kMostReductions = 8;  // which leave one pixel of 256

std::vector<Operation> read_operations(const Params& params) {
  std::vector<Operation> operations;
  for (const std::string& text : params.strings("operations")) {
    const auto operation = find_operation(text);
    if (!operation)
      throw Error(ErrorCode::kInvalidParameter,
                  "parameter 'operations' names '" + text + "', which is not an operation" + suggestion(text));
    if (std::find(operations.begin(), operations.end(), *operation) != operations.end())
      throw Error(ErrorCode::kInvalidParameter,
                  "parameter 'operations' names '" + text + "' twice; remove one of the two");
    operations.push_back(*operation);
  }
  return operations;
}

// As published: floor(L/3) and floor(2L/3). Of two cells only the second, and a single cell never, so that a network of
// two cells and more has both types.
std::vector<int64_t> published_reductions(int64_t cells) {
  if (cells == 1) return {};
  if (cells == 2) return {1};
  return {cells / 3, 2 * cells / 3};
}

std::vector<int64_t> read_reductions(const Params& params, int64_t cells) {
  if (!params.has("reduction_cells")) return published_reductions(cells);
  const std::vector<int64_t> positions = params.integers("reduction_cells");
  const auto refuse = [](const std::string& what) {
    throw Error(ErrorCode::kInvalidParameter, "parameter 'reduction_cells' " + what);
  };
  for (size_t i = 0; i < positions.size(); ++i) {
    if (positions[i] >= cells)
      refuse("names cell " + std::to_string(positions[i]) + ", but the " + std::to_string(cells) +
             " cells are counted from 0; name cells below " + std::to_string(cells) + " or set the parameter 'cells'");
    if (i > 0 && positions[i] <= positions[i - 1])
      refuse("names cell " + std::to_string(positions[i]) + " after cell " + std::to_string(positions[i - 1]) +
             "; name each cell once, in ascending order");
  }
  return positions;
}

Stem read_stem(const std::string& text) {
  return text == "auto" ? Stem::kAuto : text == "cifar" ? Stem::kCifar : Stem::kImageNet;
}

CandidateAffine read_affine(const std::string& text) {
  return text == "none"      ? CandidateAffine::kNone
         : text == "trained" ? CandidateAffine::kTrained
                             : CandidateAffine::kFrozenUntilDecided;
}

}  // namespace

Settings::Settings(const Params& params)
    : channels(params.integer("channels")),
      cells(params.integer("cells")),
      reduction_cells(read_reductions(params, cells)),
      nodes(params.integer("nodes")),
      operations(read_operations(params)),
      stem(read_stem(params.string("stem"))),
      auxiliary_weight(params.real("auxiliary_weight")),
      auxiliary_batch_norm(params.boolean("auxiliary_batch_norm")),
      candidate_affine(read_affine(params.string("candidate_affine"))),
      gate_weights(params.string("gate_weights") == "keep" ? GateWeights::kKeep : GateWeights::kAbsorb),
      share_cells(params.boolean("share_cells")),
      distinct_inputs(params.boolean("distinct_inputs")),
      skip_dropout{params.real("skip_dropout"), params.integer("skip_dropout_warm_up_epochs"),
                   params.real("skip_dropout_decay")},
      concat(params.string("concat") == "loose_ends" ? Concat::kLooseEnds : Concat::kAll) {
  extra_norm = !params.boolean("extra_batch_norm")          ? ExtraNorm::kNone
               : candidate_affine == CandidateAffine::kNone ? ExtraNorm::kPools
                                                            : ExtraNorm::kPoolsAndSkips;
}

bool Settings::is_reduction(int64_t cell) const {
  return std::binary_search(reduction_cells.begin(), reduction_cells.end(), cell);
}

int64_t Settings::auxiliary_cell() const { return reduction_cells.empty() ? 2 * cells / 3 : reduction_cells.back(); }

Schema Settings::schema() {
  return Schema("Cells of DARTS, ISTA-NAS and DHA: every node of a cell keeps two (operation, input) pairs.")
      .integer("channels", "channels of a cell before the first reduction; each reduction doubles them")
      .range(2, 1024)
      .def(16)
      .integer("cells", "cells in the network")
      .range(1, 100)
      .def(8)
      .integers(
          "reduction_cells",
          "positions of the reduction cells, counted from 0, ascending; the auxiliary head reads the last of them; "
          "default: those at a third and two thirds of the cells",
          0, kMostReductions)
      .range(0, 99)
      .optional()
      .strings("operations", "candidates of an edge, in order", 1, 10)
      .def(std::vector<std::string>{"max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5",
                                    "dil_conv_3x3", "dil_conv_5x5"})
      .integer("nodes", "searched nodes per cell")
      .range(1, 8)
      .def(4)
      .choice("stem", "layers before the first cell; auto: imagenet (scales by 8) for sides of 128 px and more",
              {"auto", "cifar", "imagenet"})
      .def("auto")
      .real("auxiliary_weight", "weight of the loss of the auxiliary head; 0: no auxiliary head")
      .range(0, 10)
      .def(0.4)
      .boolean("auxiliary_batch_norm", "batch norm after the auxiliary head's last convolution")
      .def(true)
      .boolean("extra_batch_norm",
               "batch norm after pools and stride-1 skips (one-stage ISTA); after pools only if candidate_affine is "
               "none (DARTS's search); false for retraining as in DARTS")
      .def(true)
      .choice("candidate_affine", "affine weights of the supernet's batch norms; a lean network always trains them",
              {"frozen_until_decided", "trained", "none"})
      .def("frozen_until_decided")
      .choice("gate_weights",
              "gate weights in a decided network: keep them as factors, so that training continues as in the search, "
              "or absorb them into affine weights, which multiplies their gradients by one over the gate",
              {"keep", "absorb"})
      .def("keep")
      .boolean("share_cells", "all cells of a type share their choices; false: each cell has its own")
      .def(true)
      .boolean("distinct_inputs", "the two candidates that a node keeps read different inputs")
      .def(true)
      .real("skip_dropout",
            "initial rate of the dropout after the supernet's stride-1 skip connections (P-DARTS); 0: no dropout")
      .range(0, 0.99)
      .def(0.0)
      .integer(
          "skip_dropout_warm_up_epochs",
          "first epochs, in which the rate of skip_dropout falls linearly to its value of the stage's end; then it "
          "starts again and decays exponentially")
      .range(0, 100000)
      .unit("epochs")
      .def(10)
      .real("skip_dropout_decay", "exponent per epoch of the decay of skip_dropout after its warm-up")
      .range(0, 100)
      .def(0.2)
      .choice(
          "concat",
          "nodes that make a cell's output: all, or those that no other node reads (NASNet, ENAS, NSGA-Net); a given "
          "architecture says so itself",
          {"all", "loose_ends"})
      .def("all");
}

}  // namespace dha::cell
