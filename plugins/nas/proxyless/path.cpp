#include "path.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/rand.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <utility>

#include "dha/error.hpp"

namespace dha::proxyless {

namespace {

double score_of(std::span<const double> scores, int64_t position) { return scores[static_cast<size_t>(position)]; }

// The logarithm of the sum of exponentials.
double log_mass(const std::vector<int64_t>& positions, std::span<const double> scores) {
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (const int64_t position : positions) largest = std::max(largest, score_of(scores, position));
  for (const int64_t position : positions) sum += std::exp(score_of(scores, position) - largest);
  return largest + std::log(sum);
}

std::vector<double> softmax(const std::vector<int64_t>& positions, std::span<const double> scores) {
  const double mass = log_mass(positions, scores);
  std::vector<double> probabilities;
  for (const int64_t position : positions) probabilities.push_back(std::exp(score_of(scores, position) - mass));
  return probabilities;
}

int64_t draw_one(const std::vector<int64_t>& positions, std::span<const double> scores,
                 const at::Generator& generator) {
  double rest = at::rand({1}, generator, at::TensorOptions(at::kDouble)).item<double>();
  const std::vector<double> probabilities = softmax(positions, scores);
  for (size_t i = 0; i + 1 < positions.size(); ++i) {
    rest -= probabilities[i];
    if (rest < 0) return positions[i];
  }
  return positions.back();
}

// Two different ones, ascending: the second from the softmax without the first.
std::vector<int64_t> draw_two(std::vector<int64_t> positions, std::span<const double> scores,
                              const at::Generator& generator) {
  const int64_t first = draw_one(positions, scores, generator);
  std::erase(positions, first);
  const int64_t second = draw_one(positions, scores, generator);
  return {std::min(first, second), std::max(first, second)};
}

std::vector<int64_t> drawable(const Choice& choice, std::span<const double> scores) {
  std::vector<int64_t> positions;
  for (size_t k = 0; k < choice.candidates.size(); ++k) {
    if (std::isnan(scores[k]))
      throw Error(ErrorCode::kDiverged, "the score of '" + choice.candidates[k].operation + "' in choice '" +
                                            choice.name + "' is not a number; lower the learning rate of the scores");
    if (scores[k] != -std::numeric_limits<double>::infinity()) positions.push_back(static_cast<int64_t>(k));
  }
  return positions;
}

// Takes out what cannot be kept together with `taken`.
void close(std::vector<int64_t>& positions, const Choice& choice, int64_t taken) {
  const int64_t input = choice.candidates[static_cast<size_t>(taken)].input;
  std::erase_if(positions, [&](int64_t position) {
    return position == taken ||
           (choice.distinct_inputs && choice.candidates[static_cast<size_t>(position)].input == input);
  });
}

std::vector<int64_t> competitors_of(const Path& path) {
  std::set<int64_t> all;
  for (const Draw& draw : path) all.insert(draw.competitors.begin(), draw.competitors.end());
  return {all.begin(), all.end()};
}

}  // namespace

Path draw_path(const Choice& choice, std::span<const double> scores, Competition competition, at::Generator generator) {
  std::vector<int64_t> open = drawable(choice, scores);
  Path path;
  while (static_cast<int64_t>(path.size()) < choice.keep) {
    if (open.empty())
      throw Error(ErrorCode::kInvalidConfig, "choice '" + choice.name + "' keeps " + std::to_string(choice.keep) +
                                                 " candidates, but only " + std::to_string(path.size()) +
                                                 (choice.distinct_inputs ? " of distinct inputs" : "") +
                                                 " can be drawn; give the space more inputs or operations");
    const bool selects = competition == Competition::kTwo && open.size() > 2;
    Draw draw{selects ? draw_two(open, scores, generator) : open, 0};
    draw.drawn = draw_one(draw.competitors, scores, generator);
    close(open, choice, draw.drawn);
    path.push_back(std::move(draw));
  }
  return path;
}

std::vector<int64_t> drawn(const Path& path) {
  std::vector<int64_t> positions;
  for (const Draw& draw : path) positions.push_back(draw.drawn);
  std::sort(positions.begin(), positions.end());
  return positions;
}

std::vector<int64_t> rivals(const Path& path) {
  std::vector<int64_t> positions = competitors_of(path);
  for (const Draw& draw : path) std::erase(positions, draw.drawn);
  return positions;
}

std::vector<double> score_gradient(const Path& path, std::span<const double> scores,
                                   std::span<const double> gate_gradients) {
  std::vector<double> gradient(scores.size(), 0);
  for (const Draw& draw : path) {
    const std::vector<double> p = softmax(draw.competitors, scores);
    double mean = 0;
    for (size_t j = 0; j < p.size(); ++j) mean += p[j] * score_of(gate_gradients, draw.competitors[j]);
    for (size_t i = 0; i < p.size(); ++i)
      gradient[static_cast<size_t>(draw.competitors[i])] +=
          p[i] * (score_of(gate_gradients, draw.competitors[i]) - mean);
  }
  return gradient;
}

void keep_mass(const Path& path, std::span<const double> before, std::span<double> scores) {
  const std::vector<int64_t> positions = competitors_of(path);
  const double gained = log_mass(positions, scores) - log_mass(positions, before);
  for (const int64_t position : positions) scores[static_cast<size_t>(position)] -= gained;
}

}  // namespace dha::proxyless
