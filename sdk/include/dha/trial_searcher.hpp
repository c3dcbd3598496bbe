// The interface of searchers that never train: ask() for a trial, tell() its outcome; the host trains each trial as a
// stage.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dha/architecture.hpp"
#include "dha/component.hpp"
#include "dha/space.hpp"

namespace dha {

struct Trial {
  int64_t id = 0;                     // unique within the searcher
  std::string architecture;           // JSON text; empty: the stage's own
  std::string settings = "{}";        // JSON object: JSON pointer below the stage ("/hyper/learning_rate") to value
  std::optional<int64_t> start_from;  // a trial that was told and whose state to start from (population-based training)
  // What to take from start_from: of "weights", "hyper", "augment".
  std::vector<std::string> carry = {"weights", "hyper"};
  // The part of the stage's epochs to train: from first_epoch (schedules go on there) until before last_epoch; absent:
  // to the stage's end (successive halving, population-based training).
  int64_t first_epoch = 0;
  std::optional<int64_t> last_epoch;
};

enum class TrialStatus {
  kFinished,
  kFailed,   // threw, or its loss was not finite
  kStopped,  // keep_going() said no
};

struct TrialOutcome {
  int64_t id = 0;
  TrialStatus status = TrialStatus::kFinished;
  std::optional<double> validation_accuracy, validation_loss;
  std::optional<Cost> cost;
  double seconds = 0;
  int64_t epochs = 0;  // trained
};

class DHA_API TrialSearcher : public Component {
 public:
  using Interface = TrialSearcher;
  static constexpr const char* kKind = "trial_searcher";

  // state() may come, and restore() then take up, while trials are open: a run that is interrupted within a trial goes
  // on with it and tells its outcome without asking for it again.
  TrialSearcher();
  ~TrialSearcher() override;

  // `space` is prepared and outlives the searcher. `tunable_json`: the stage's parameters that are declared tunable, a
  // JSON object from JSON pointer to schema, for searchers of settings.
  virtual void attach(const Space& space, const std::string& tunable_json) = 0;

  // The next trial; empty while outcomes must come first, or when the search is over. Many may be open at once.
  virtual std::optional<Trial> ask() = 0;

  // Whether a running trial should go on after an epoch.
  virtual bool keep_going(int64_t id, const EpochOutcome& outcome) = 0;

  // Throws Error{kContractViolation} for an id that is not open.
  virtual void tell(const TrialOutcome& outcome) = 0;

  virtual bool finished() const = 0;

  // Whether the weights of a trial that was told may still be asked for by start_from; those of best() are kept anyway.
  virtual bool needs_weights(int64_t id) const = 0;

  // What a reader of metrics wants to see, as a JSON object.
  virtual std::string report() const = 0;

  // The best trial so far by validation data; empty before the first finished one.
  virtual std::optional<Trial> best() const = 0;
};

}  // namespace dha
