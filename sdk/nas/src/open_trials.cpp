#include "dha/nas/open_trials.hpp"

#include <nlohmann/json.hpp>

#include "dha/error.hpp"

namespace dha::nas {

int64_t OpenTrials::open() {
  open_.insert(opened_);
  return opened_++;
}

void OpenTrials::close(int64_t id) {
  if (open_.erase(id) == 0)
    throw Error(ErrorCode::kContractViolation, searcher_ + " received the outcome of trial " + std::to_string(id) +
                                                   ", which is not open; expected one that was asked for and not told");
}

void warn_of_idle_workers(const Stage& stage, int64_t max_open, Context& context) {
  const auto json = nlohmann::json::parse(stage.json());
  const nlohmann::json::json_pointer pointer("/trials/parallel");
  const int64_t parallel = json.contains(pointer) ? json.at(pointer).get<int64_t>() : 1;
  if (parallel > max_open)
    context.log(LogLevel::kWarning, "'parallel' is " + std::to_string(parallel) + ", but at most " +
                                        std::to_string(max_open) +
                                        " trials are open at once after the first ones; increase 'max_open' to " +
                                        std::to_string(parallel) + " to train as many");
}

}  // namespace dha::nas
