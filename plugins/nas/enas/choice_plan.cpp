#include "choice_plan.hpp"

#include <algorithm>

namespace dha::enas {

namespace {

std::string cell_of(const Choice& choice) {
  const size_t dot = choice.name.rfind('.');
  return dot == std::string::npos ? "" : choice.name.substr(0, dot);
}

int64_t input_count(const Choice& choice) {
  int64_t count = 0;
  for (const Candidate& candidate : choice.candidates) count = std::max(count, candidate.input + 1);
  return count;
}

bool has_several_inputs(const Choice& choice) {
  return std::any_of(choice.candidates.begin(), choice.candidates.end(),
                     [&](const Candidate& candidate) { return candidate.input != choice.candidates[0].input; });
}

std::vector<std::string> operations_of(const std::vector<Choice>& choices) {
  std::vector<std::string> operations;
  for (const Choice& choice : choices)
    for (const Candidate& candidate : choice.candidates)
      if (std::find(operations.begin(), operations.end(), candidate.operation) == operations.end())
        operations.push_back(candidate.operation);
  return operations;
}

ChoicePlan plan_of(const Choice& choice, const std::vector<std::string>& operations) {
  ChoicePlan plan;
  plan.keep = choice.keep;
  plan.distinct_inputs = choice.distinct_inputs;
  plan.chooses_input = has_several_inputs(choice);
  plan.candidates.assign(static_cast<size_t>(input_count(choice)), std::vector<int64_t>(operations.size(), -1));
  for (size_t k = 0; k < choice.candidates.size(); ++k) {
    const Candidate& candidate = choice.candidates[k];
    const auto operation = std::find(operations.begin(), operations.end(), candidate.operation) - operations.begin();
    plan.candidates[static_cast<size_t>(candidate.input)][static_cast<size_t>(operation)] = static_cast<int64_t>(k);
  }
  return plan;
}

// Fills in the values that the choices of one cell, [first, last), have in common.
void complete_cell(std::vector<ChoicePlan>& plans, size_t first, size_t last, int64_t number) {
  bool chooses = false;
  int64_t given = 0;
  for (size_t i = first; i < last; ++i) {
    chooses = chooses || plans[i].chooses_input;
    given = std::max(given, static_cast<int64_t>(plans[i].candidates.size()) - static_cast<int64_t>(i - first));
  }
  for (size_t i = first; i < last; ++i) {
    plans[i].cell = number;
    plans[i].starts_cell = i == first;
    plans[i].cell_chooses_inputs = chooses;
    plans[i].given_inputs = given;
  }
}

}  // namespace

SpacePlan plan_of(const std::vector<Choice>& choices) {
  SpacePlan plan{operations_of(choices), {}};
  for (const Choice& choice : choices) plan.choices.push_back(plan_of(choice, plan.operations));
  int64_t number = 0;
  for (size_t first = 0; first < choices.size(); ++number) {
    size_t last = first + 1;
    while (last < choices.size() && cell_of(choices[last]) == cell_of(choices[first])) ++last;
    complete_cell(plan.choices, first, last, number);
    first = last;
  }
  return plan;
}

std::vector<int64_t> OpenCandidates::inputs() const {
  std::vector<int64_t> open;
  for (size_t input = 0; input < table_.size(); ++input)
    if (std::any_of(table_[input].begin(), table_[input].end(), [](int64_t candidate) { return candidate >= 0; }))
      open.push_back(static_cast<int64_t>(input));
  return open;
}

std::vector<int64_t> OpenCandidates::operations(int64_t input) const {
  const std::vector<int64_t>& row = table_.at(static_cast<size_t>(input));
  std::vector<int64_t> open;
  for (size_t operation = 0; operation < row.size(); ++operation)
    if (row[operation] >= 0) open.push_back(static_cast<int64_t>(operation));
  return open;
}

int64_t OpenCandidates::take(int64_t input, int64_t operation) {
  std::vector<int64_t>& row = table_.at(static_cast<size_t>(input));
  const int64_t candidate = row.at(static_cast<size_t>(operation));
  row[static_cast<size_t>(operation)] = -1;
  if (plan_.distinct_inputs) std::fill(row.begin(), row.end(), -1);
  return candidate;
}

}  // namespace dha::enas
