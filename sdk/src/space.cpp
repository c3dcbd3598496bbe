// Key functions and default answers of spaces and networks.
#include "dha/space.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/randint.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "dha/error.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kInvalidParameter, what); }

std::string text_of(const Candidate& candidate) { return candidate.operation + "@" + std::to_string(candidate.input); }

int64_t draw_below(int64_t bound, const at::Generator& generator) {
  return at::randint(bound, {1}, generator, at::TensorOptions(at::kLong)).item<int64_t>();
}

bool reads_distinct_inputs(const Choice& choice, const std::vector<int64_t>& kept) {
  std::set<int64_t> inputs;
  for (const int64_t candidate : kept) inputs.insert(choice.candidates[static_cast<size_t>(candidate)].input);
  return inputs.size() == kept.size();
}

// Throws for what a decided choice cannot keep. `kept` is ascending.
void check(const Choice& choice, const std::vector<int64_t>& kept) {
  const std::string where = "the decision of choice '" + choice.name + "' ";
  if (static_cast<int64_t>(kept.size()) != choice.keep)
    refuse(where + "keeps " + std::to_string(kept.size()) + " candidates, expected " + std::to_string(choice.keep));
  for (size_t i = 0; i < kept.size(); ++i) {
    if (kept[i] < 0 || kept[i] >= static_cast<int64_t>(choice.candidates.size()))
      refuse(where + "names candidate " + std::to_string(kept[i]) + ", but there are " +
             std::to_string(choice.candidates.size()));
    if (i > 0 && kept[i] <= kept[i - 1]) refuse(where + "must be ascending and without repeats");
  }
  if (choice.distinct_inputs && !reads_distinct_inputs(choice, kept)) refuse(where + "reads one input twice");
}

// Uniform over the valid sets of `choice.keep` candidates.
std::vector<int64_t> draw(const Choice& choice, const at::Generator& generator) {
  const auto count = static_cast<int64_t>(choice.candidates.size());
  std::set<int64_t> inputs;
  for (const Candidate& candidate : choice.candidates) inputs.insert(candidate.input);
  if (choice.keep > count || (choice.distinct_inputs && choice.keep > static_cast<int64_t>(inputs.size())))
    refuse("choice '" + choice.name + "' keeps more candidates than it has");
  for (;;) {
    std::set<int64_t> drawn;
    while (static_cast<int64_t>(drawn.size()) < choice.keep) drawn.insert(draw_below(count, generator));
    std::vector<int64_t> kept(drawn.begin(), drawn.end());
    if (!choice.distinct_inputs || reads_distinct_inputs(choice, kept)) return kept;
  }
}

struct Mutation {
  size_t choice;
  std::vector<int64_t> kept;
};

// Every decision that differs from `kept` in one candidate.
void add_mutations(const Choice& choice, size_t index, const std::vector<int64_t>& kept, std::vector<Mutation>& found) {
  for (size_t slot = 0; slot < kept.size(); ++slot)
    for (int64_t candidate = 0; candidate < static_cast<int64_t>(choice.candidates.size()); ++candidate) {
      if (std::find(kept.begin(), kept.end(), candidate) != kept.end()) continue;
      std::vector<int64_t> changed = kept;
      changed[slot] = candidate;
      std::sort(changed.begin(), changed.end());
      if (!choice.distinct_inputs || reads_distinct_inputs(choice, changed)) found.push_back({index, changed});
    }
}

std::map<std::string, at::Tensor> tensors_of(const Network& network) {
  std::map<std::string, at::Tensor> tensors;
  for (const NamedTensor& weight : network.parameters()) tensors[weight.name] = weight.tensor;
  for (const NamedTensor& buffer : network.buffers()) tensors[buffer.name] = buffer.tensor;
  return tensors;
}

// Returns how many of `targets` were set.
int64_t copy_by_name(const std::map<std::string, at::Tensor>& from, const std::vector<NamedTensor>& targets,
                     CarryMode mode) {
  int64_t count = 0;
  for (const NamedTensor& target : targets) {
    const auto source = from.find(target.name);
    const bool fits = source != from.end() && source->second.sizes() == target.tensor.sizes();
    if (fits) {
      target.tensor.copy_(source->second);
      ++count;
    } else if (mode == CarryMode::kExact) {
      throw Error(ErrorCode::kInvalidConfig, "the weights do not fit the network: '" + target.name +
                                                 (source == from.end() ? "' is missing" : "' has another shape") +
                                                 "; give both networks the same space, parameters and architecture");
    }
  }
  return count;
}

}  // namespace

Network::Network() = default;
Network::~Network() = default;
std::vector<at::Tensor> Network::observed_gradients() const { return {}; }
std::vector<NamedTensor> Network::buffers() const { return {}; }
void Network::begin_epoch(const Progress&) {}
double Network::auxiliary_weight() const { return 0; }
void* Network::capability(std::string_view) { return nullptr; }

Space::Space() = default;
Space::~Space() = default;

const std::vector<Choice>& Space::choices() const {
  static const std::vector<Choice> none;
  return none;
}

std::unique_ptr<Network> Space::supernet(const at::TensorOptions&) {
  throw Error(ErrorCode::kInvalidConfig,
              "the space has no choices, so there is nothing to search; use dha.architecture as the searcher");
}

int64_t Space::carry_weights(const Network& from, const Gates& gates, Network& to, CarryMode mode) const {
  if (!gates.choices.empty())
    throw Error(ErrorCode::kInvalidConfig, "the space cannot carry weights of a search to a decided network");
  const at::NoGradGuard no_grad;
  const auto source = tensors_of(from);
  const int64_t count = copy_by_name(source, to.parameters(), mode);
  copy_by_name(source, to.buffers(), mode);
  return count;
}

std::string Space::architecture(const Decisions& decisions) const {
  if (decisions.size() != choices().size())
    refuse("there are decisions for " + std::to_string(decisions.size()) + " choices, expected " +
           std::to_string(choices().size()));
  Json json = Json::object();
  for (size_t i = 0; i < decisions.size(); ++i) {
    const Choice& choice = choices()[i];
    check(choice, decisions[i]);
    json[choice.name] = Json::array();
    for (const int64_t candidate : decisions[i])
      json[choice.name].push_back(text_of(choice.candidates[static_cast<size_t>(candidate)]));
  }
  return json.dump();
}

Decisions Space::decisions(const std::string& architecture) const {
  const Json json = Json::parse(architecture, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) refuse("the architecture is not a JSON object");
  for (const auto& [name, kept] : json.items())
    if (std::none_of(choices().begin(), choices().end(),
                     [&name = name](const Choice& choice) { return choice.name == name; }))
      refuse("the architecture decides '" + name + "', which is not a choice of the space");
  Decisions decisions;
  for (const Choice& choice : choices()) {
    const auto found = json.find(choice.name);
    if (found == json.end() || !found->is_array())
      refuse("the architecture has no list for choice '" + choice.name + "'");
    std::vector<int64_t> kept;
    for (const Json& item : *found) {
      const std::string text = item.is_string() ? item.get<std::string>() : item.dump();
      const auto candidate = std::find_if(choice.candidates.begin(), choice.candidates.end(),
                                          [&](const Candidate& one) { return text_of(one) == text; });
      if (candidate == choice.candidates.end())
        refuse("the architecture has '" + text + "' for choice '" + choice.name + "', which offers no such candidate");
      kept.push_back(candidate - choice.candidates.begin());
    }
    std::sort(kept.begin(), kept.end());
    check(choice, kept);
    decisions.push_back(std::move(kept));
  }
  return decisions;
}

void Space::validate(const std::string& architecture) const { decisions(architecture); }

std::string Space::sample(at::Generator generator) const {
  Decisions drawn;
  for (const Choice& choice : choices()) drawn.push_back(draw(choice, generator));
  return architecture(drawn);
}

std::string Space::mutate(const std::string& architecture, at::Generator generator) const {
  Decisions decided = decisions(architecture);
  std::vector<Mutation> mutations;
  for (size_t i = 0; i < decided.size(); ++i) add_mutations(choices()[i], i, decided[i], mutations);
  if (mutations.empty()) refuse("the space has a single architecture, so none differs from it");
  const Mutation& drawn = mutations[static_cast<size_t>(draw_below(static_cast<int64_t>(mutations.size()), generator))];
  decided[drawn.choice] = drawn.kept;
  return this->architecture(decided);
}

Quantities Space::candidate_cost(int64_t, int64_t) const { return {}; }

std::vector<ArchitectureGraph> Space::graphs(const std::string&) const { return {}; }

}  // namespace dha
