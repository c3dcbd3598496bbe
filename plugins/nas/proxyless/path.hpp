// Binary gates: the path that a choice takes in one forward pass, and the gradient of its scores (ProxylessNAS, Cai et
// al., ICLR 2019, section 3.2).
//
// A choice that keeps one candidate draws it from the softmax of its scores alpha, as published. One that keeps several
// (a node of a cell) draws them one after another, each from the softmax over the candidates that may still be kept:
// those that are not drawn and, if the choice requires distinct inputs, read none of the drawn ones' inputs. So every
// path is one that a decided architecture can have.
#pragma once

#include <ATen/core/Generator.h>

#include <cstdint>
#include <span>
#include <vector>

#include "dha/architecture.hpp"

namespace dha::proxyless {

// One draw: a candidate out of its competitors, with the probability of their softmax.
struct Draw {
  std::vector<int64_t> competitors;  // ascending positions, the drawn one among them
  int64_t drawn = 0;
};

using Path = std::vector<Draw>;  // of one choice, one draw per kept candidate

// Who competes in a draw.
enum class Competition {
  kAll,  // every candidate that may still be kept
  kTwo,  // two of those, drawn from their softmax first (section 3.2.1: memory of two paths)
};

// Draws a path. `scores`: one per candidate; -infinity for candidates that are never drawn. `generator`: on the CPU.
// Throws Error{kDiverged} if a score is not a number, Error{kInvalidConfig} if too few candidates can be drawn.
Path draw_path(const Choice& choice, std::span<const double> scores, Competition competition, at::Generator generator);

// The drawn candidates, and the competitors that no draw took; ascending.
std::vector<int64_t> drawn(const Path& path);
std::vector<int64_t> rivals(const Path& path);

// dL/dalpha, one per candidate. `gate_gradients`: dL/dg, one per candidate, read for all competitors. Each draw adds
//   dL/dalpha_i = sum_j dL/dg_j p_j (delta_ij - p_i)
// over its competitors, whose softmax p is (equation 4).
std::vector<double> score_gradient(const Path& path, std::span<const double> scores,
                                   std::span<const double> gate_gradients);

// Shifts the updated scores of all competitors alike, so that the sum of their exponentials is that before the update
// and the probabilities of all other candidates stay (section 3.2.1).
void keep_mass(const Path& path, std::span<const double> before, std::span<double> scores);

}  // namespace dha::proxyless
