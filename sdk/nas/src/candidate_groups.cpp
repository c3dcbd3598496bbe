#include "dha/nas/candidate_groups.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softmax.h>

#include <algorithm>
#include <limits>
#include <map>

#include "dha/nas/state.hpp"

namespace dha::nas {

CandidateGroups::CandidateGroups(const std::vector<Choice>& choices, Grouping grouping, at::Device device)
    : offsets_{0} {
  std::vector<std::vector<int64_t>> groups;
  for (const Choice& choice : choices) {
    std::map<int64_t, std::vector<int64_t>> of_input;
    for (size_t k = 0; k < choice.candidates.size(); ++k)
      of_input[grouping == Grouping::kEdge ? choice.candidates[k].input : 0].push_back(offsets_.back() +
                                                                                       static_cast<int64_t>(k));
    for (auto& [input, members] : of_input) groups.push_back(std::move(members));
    offsets_.push_back(offsets_.back() + static_cast<int64_t>(choice.candidates.size()));
  }
  size_t widest = 0;
  for (const auto& group : groups) widest = std::max(widest, group.size());
  at::Tensor members = at::full({static_cast<int64_t>(groups.size()), static_cast<int64_t>(widest)}, size(),
                                at::TensorOptions(at::kLong));
  at::Tensor places = at::empty({size()}, at::kLong);
  for (size_t g = 0; g < groups.size(); ++g) {
    for (size_t m = 0; m < groups[g].size(); ++m) {
      const size_t place = g * widest + m;
      members.mutable_data_ptr<int64_t>()[place] = groups[g][m];
      places.mutable_data_ptr<int64_t>()[groups[g][m]] = static_cast<int64_t>(place);
    }
  }
  members_ = members.to(device);
  places_ = places.to(device);
}

// (groups, widest group), padded with -infinity.
at::Tensor CandidateGroups::spread(const at::Tensor& scores, double temperature) const {
  const at::Tensor padding = at::full({1}, -std::numeric_limits<double>::infinity(), scores.options());
  return at::cat({scores.div(temperature), padding}).index_select(0, members_.flatten()).view(members_.sizes());
}

at::Tensor CandidateGroups::softmax(const at::Tensor& scores, double temperature) const {
  return at::softmax(spread(scores, temperature), 1).flatten().index_select(0, places_);
}

at::Tensor CandidateGroups::log_softmax(const at::Tensor& scores, double temperature) const {
  return at::log_softmax(spread(scores, temperature), 1).flatten().index_select(0, places_);
}

at::Tensor CandidateGroups::of_choice(const at::Tensor& values, size_t choice) const {
  return values.narrow(0, offsets_.at(choice), offsets_.at(choice + 1) - offsets_.at(choice));
}

std::vector<std::vector<double>> CandidateGroups::on_host(const at::Tensor& values) const {
  const std::vector<double> all = as_values(values);
  std::vector<std::vector<double>> parts;
  for (size_t i = 0; i + 1 < offsets_.size(); ++i)
    parts.emplace_back(all.begin() + offsets_[i], all.begin() + offsets_[i + 1]);
  return parts;
}

}  // namespace dha::nas
