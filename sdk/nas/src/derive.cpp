#include "dha/nas/derive.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>

#include "dha/error.hpp"

namespace dha::nas {

namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

const Candidate& candidate_of(const Choice& choice, int64_t position) {
  return choice.candidates[static_cast<size_t>(position)];
}

// Positions that can be kept, the strongest first.
std::vector<int64_t> ranking(const Choice& choice, std::span<const double> strengths) {
  if (strengths.size() != choice.candidates.size())
    throw Error(ErrorCode::kContractViolation, "choice '" + choice.name + "' got " + std::to_string(strengths.size()) +
                                                   " strengths, expected one for each of its " +
                                                   std::to_string(choice.candidates.size()) + " candidates");
  std::vector<int64_t> ranked;
  for (size_t k = 0; k < strengths.size(); ++k) {
    if (std::isnan(strengths[k]))
      throw Error(ErrorCode::kDiverged, "the strength of '" + choice.candidates[k].operation + "' in choice '" +
                                            choice.name +
                                            "' is not a number; lower the learning rate of the architecture variables");
    if (strengths[k] != kNever) ranked.push_back(static_cast<int64_t>(k));
  }
  std::stable_sort(ranked.begin(), ranked.end(), [&](int64_t a, int64_t b) {
    return strengths[static_cast<size_t>(a)] > strengths[static_cast<size_t>(b)];
  });
  return ranked;
}

struct Kept {
  size_t choice = 0;
  int64_t candidate = 0;
};

// The kept candidates that count under `limit`.
std::vector<Kept> kept_under(const OperationLimit& limit, const std::vector<Choice>& choices,
                             const Decisions& decisions) {
  const std::string prefix = limit.cell.empty() ? "" : limit.cell + ".";
  std::vector<Kept> found;
  for (size_t i = 0; i < choices.size(); ++i)
    for (const int64_t candidate : decisions[i])
      if (choices[i].name.starts_with(prefix) && candidate_of(choices[i], candidate).operation == limit.operation)
        found.push_back({i, candidate});
  return found;
}

// The weakest kept candidate under `limit` where there are more of them than it allows; the first of equally weak ones.
std::optional<Kept> weakest_beyond(const OperationLimit& limit, const std::vector<Choice>& choices,
                                   const Strengths& strengths, const Decisions& decisions) {
  const std::vector<Kept> found = kept_under(limit, choices, decisions);
  if (static_cast<int64_t>(found.size()) <= limit.maximum) return std::nullopt;
  return *std::min_element(found.begin(), found.end(), [&](const Kept& a, const Kept& b) {
    return strengths[a.choice][static_cast<size_t>(a.candidate)] <
           strengths[b.choice][static_cast<size_t>(b.candidate)];
  });
}

void meet(const OperationLimit& limit, const std::vector<Choice>& choices, Strengths& strengths, Decisions& decisions) {
  while (const std::optional<Kept> weakest = weakest_beyond(limit, choices, strengths, decisions)) {
    strengths[weakest->choice][static_cast<size_t>(weakest->candidate)] = kNever;
    try {
      decisions[weakest->choice] = keep_strongest(choices[weakest->choice], strengths[weakest->choice]);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kInvalidConfig) throw;
      throw Error(ErrorCode::kInvalidConfig,
                  "no architecture has at most " + std::to_string(limit.maximum) + " of '" + limit.operation + "'" +
                      (limit.cell.empty() ? "" : " in cell '" + limit.cell + "'") + ": choice '" +
                      choices[weakest->choice].name +
                      "' has too few other candidates; raise the limit or give the space more operations");
    }
  }
}

bool reads_one_input(const Choice& choice) {
  return std::all_of(choice.candidates.begin(), choice.candidates.end(),
                     [&](const Candidate& candidate) { return candidate.input == choice.candidates[0].input; });
}

}  // namespace

NoneRule none_rule(std::string_view name) {
  return name == "never" ? NoneRule::kNever : name == "always" ? NoneRule::kAlways : NoneRule::kSingleInput;
}

void exclude_none(const std::vector<Choice>& choices, NoneRule rule, Strengths& strengths) {
  if (rule == NoneRule::kAlways) return;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (rule == NoneRule::kSingleInput && reads_one_input(choices[i])) continue;
    for (size_t k = 0; k < choices[i].candidates.size(); ++k)
      if (choices[i].candidates[k].operation == "none") strengths[i][k] = kNever;
  }
}

std::vector<int64_t> keep_strongest(const Choice& choice, std::span<const double> strengths, Preference preference) {
  const auto keep = static_cast<size_t>(choice.keep);
  const bool prefers_distinct = choice.distinct_inputs || preference == Preference::kDistinctInputs;
  std::vector<int64_t> kept, passed_over;
  std::set<int64_t> inputs;
  for (const int64_t position : ranking(choice, strengths)) {
    if (kept.size() == keep) break;
    const bool is_new = inputs.insert(candidate_of(choice, position).input).second;
    (is_new || !prefers_distinct ? kept : passed_over).push_back(position);
  }
  for (size_t i = 0; !choice.distinct_inputs && kept.size() < keep && i < passed_over.size(); ++i)
    kept.push_back(passed_over[i]);
  if (kept.size() < keep)
    throw Error(ErrorCode::kInvalidConfig, "choice '" + choice.name + "' keeps " + std::to_string(keep) +
                                               " candidates, but only " + std::to_string(kept.size()) +
                                               (choice.distinct_inputs ? " of distinct inputs" : "") +
                                               " can be kept; give the space more inputs or operations");
  std::sort(kept.begin(), kept.end());
  return kept;
}

bool is_within(const OperationLimit& limit, const std::vector<Choice>& choices, const Decisions& decisions) {
  return static_cast<int64_t>(kept_under(limit, choices, decisions).size()) <= limit.maximum;
}

Decisions derive_by_edge(const std::vector<Choice>& choices, Strengths strengths,
                         const std::vector<std::string>& excluded, const std::vector<OperationLimit>& limits) {
  if (strengths.size() != choices.size())
    throw Error(ErrorCode::kContractViolation, "there are strengths for " + std::to_string(strengths.size()) +
                                                   " choices, expected " + std::to_string(choices.size()));
  Decisions decisions;
  for (size_t i = 0; i < choices.size(); ++i) {
    for (size_t k = 0; k < choices[i].candidates.size() && k < strengths[i].size(); ++k)
      if (std::count(excluded.begin(), excluded.end(), choices[i].candidates[k].operation)) strengths[i][k] = kNever;
    decisions.push_back(keep_strongest(choices[i], strengths[i]));
  }
  for (const OperationLimit& limit : limits) meet(limit, choices, strengths, decisions);
  return decisions;
}

}  // namespace dha::nas
