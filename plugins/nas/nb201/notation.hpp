// Architectures of the NAS-Bench-201 space as data, and their notation, which is the benchmark's own.
//
//   {"cell": "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|avg_pool_3x3~2|"}
//
// Parts between "+" are nodes 1 to 3; an entry is the operation on the output of the node behind "~".
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace dha::nb201 {

enum class Operation { kNone, kSkipConnect, kConvolution1x1, kConvolution3x3, kAveragePool3x3 };

constexpr int64_t kOperations = 5;
constexpr int64_t kNodes = 4;  // node 0 is the cell's input, the last one its output

struct Edge {
  int64_t from, to;
};

// In the benchmark's order.
constexpr std::array<Edge, 6> kEdges{{{0, 1}, {0, 2}, {1, 2}, {0, 3}, {1, 3}, {2, 3}}};

// One operation per edge.
using Cell = std::array<Operation, kEdges.size()>;

// The names of the benchmark, in the order of the enumeration.
const std::vector<std::string>& operation_names();

const std::string& name(Operation operation);

// Throws Error{kInvalidParameter} that says where the text departs from the notation above.
Cell parse_architecture(const std::string& text);

std::string print_architecture(const Cell& cell);

}  // namespace dha::nb201
