#include "settings.hpp"

#include <algorithm>

#include "dha/error.hpp"

namespace dha::cell {

namespace {

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
      nodes(params.integer("nodes")),
      operations(read_operations(params)),
      stem(read_stem(params.string("stem"))),
      auxiliary_weight(params.real("auxiliary_weight")),
      auxiliary_batch_norm(params.boolean("auxiliary_batch_norm")),
      candidate_affine(read_affine(params.string("candidate_affine"))),
      gate_weights(params.string("gate_weights") == "keep" ? GateWeights::kKeep : GateWeights::kAbsorb),
      share_cells(params.boolean("share_cells")),
      distinct_inputs(params.boolean("distinct_inputs")) {
  extra_norm = !params.boolean("extra_batch_norm")          ? ExtraNorm::kNone
               : candidate_affine == CandidateAffine::kNone ? ExtraNorm::kPools
                                                            : ExtraNorm::kPoolsAndSkips;
}

Schema Settings::schema() {
  return Schema("Cells of DARTS, ISTA-NAS and DHA: every node of a cell keeps two (operation, input) pairs.")
      .integer("channels", "channels of a cell before the first reduction; each reduction doubles them")
      .range(2, 1024)
      .def(16)
      .integer("cells", "cells in the network; those at a third and two thirds of it are reduction cells")
      .range(1, 100)
      .def(8)
      .strings("operations", "candidates of an edge, in order", 1, 10)
      .def(std::vector<std::string>{"max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5",
                                    "dil_conv_3x3", "dil_conv_5x5"})
      .integer("nodes", "nodes of a cell that are searched over")
      .range(1, 8)
      .def(4)
      .choice("stem", "layers before the first cell; auto: imagenet (scales by 8) for sides of 128 px and more",
              {"auto", "cifar", "imagenet"})
      .def("auto")
      .real("auxiliary_weight", "weight of the loss of the auxiliary head; 0: no such head")
      .range(0, 10)
      .def(0.4)
      .boolean("auxiliary_batch_norm", "batch norm after the auxiliary head's last convolution")
      .def(true)
      .boolean("extra_batch_norm",
               "batch norm after pools and stride-1 skips (one-stage ISTA); after pools only where candidate_affine is "
               "none (DARTS's search); false for retraining as DARTS does")
      .def(true)
      .choice("candidate_affine", "affine weights of the supernet's batch norms; a lean network always trains them",
              {"frozen_until_decided", "trained", "none"})
      .def("frozen_until_decided")
      .choice("gate_weights", "gate weights in a decided network: absorb them into affine weights or keep as factors",
              {"absorb", "keep"})
      .def("absorb")
      .boolean("share_cells", "all cells of a type share their choices; false: each cell has its own")
      .def(true)
      .boolean("distinct_inputs", "the two candidates that a node keeps read different inputs")
      .def(true);
}

}  // namespace dha::cell
