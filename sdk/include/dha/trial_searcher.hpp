// The interface of searchers that do not train: ask() returns a trial, tell() takes its outcome. The host trains each
// trial as a separate run, several at once if the pipeline file says so.
//
// The host keeps a ledger of all calls of ask(), keep_going() and tell(). A resumed run creates the searcher again and
// repeats those calls, so the answers of a searcher may depend only on its parameters, the calls so far, and draws from
// its context's generators (Stage::trials() may be larger if the study was extended); state() and restore() are not
// called. If the answer to the n-th ask() does not depend on outcomes, the trials are the same for any number of
// parallel trials.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dha/architecture.hpp"
#include "dha/component.hpp"
#include "dha/space.hpp"
#include "dha/stage.hpp"

namespace dha {

// The source of a trial's starting state: either a trial of this stage that was told, or an earlier stage.
struct TrialStart {
  std::optional<int64_t> trial;
  std::string stage;  // name of an earlier stage of the pipeline, a search with shared weights included
  // What to take: of "weights" (those that both networks share, by name and shape), "momentum", "hyper" (learned
  // hyper-parameters) and "augment". Values that the trial's settings set are not taken.
  std::vector<std::string> carry = {"weights"};
};

struct Trial {
  int64_t id = 0;                   // unique within the searcher, >= 0
  std::string architecture;         // JSON text; empty: the stage's own
  std::string settings = "{}";      // JSON object: JSON pointer of Stage::tunable() ("/hyper/learning_rate") to value
  std::optional<TrialStart> start;  // empty: from new weights
  // The stage's epochs to train: from first_epoch (schedules continue there) up to but excluding last_epoch, at most
  // the stage's epochs; empty: to the stage's end. For successive halving and population-based training.
  int64_t first_epoch = 0;
  std::optional<int64_t> last_epoch;
};

enum class TrialStatus {
  kFinished,
  kFailed,    // threw, crashed, ran out of time or memory, or its loss was not finite
  kStopped,   // keep_going() returned false
  kRejected,  // not trained: its architecture violates the stage's constraints
};

struct TrialOutcome {
  int64_t id = 0;
  TrialStatus status = TrialStatus::kFinished;
  Quantities measurements;  // of the last epoch; validation_accuracy and validation_loss if it was validated
  Quantities cost;          // of the architecture; empty for a failed trial if its cost could not be counted
  int64_t epochs = 0;       // trained
  double seconds = 0;
};

// A file that a searcher writes to the stage's folder.
struct Artefact {
  std::string file;  // name without folders: "front.json"
  std::string content;
};

class DHA_API TrialSearcher : public Component {
 public:
  using Interface = TrialSearcher;
  static constexpr const char* kKind = "trial_searcher";

  TrialSearcher();
  ~TrialSearcher() override;

  // Called once, before all other functions. `space` is prepared; both outlive the searcher. Stage::tunable() has the
  // parameters that a trial may set, Stage::margins() the constraints.
  virtual void attach(const Space& space, const Stage& stage) = 0;

  // Returns the next trial, or nothing while the searcher waits for outcomes or when the search is over. Many trials
  // may be open at once. An empty answer is not in the ledger, so it must draw nothing and change nothing.
  virtual std::optional<Trial> ask() = 0;

  // Whether a running trial should continue after an epoch; the default returns true.
  virtual bool keep_going(int64_t id, const EpochOutcome& outcome);

  // Throws Error{kContractViolation} for an id that is not open.
  virtual void tell(const TrialOutcome& outcome) = 0;

  // Whether the search is over before the stage's number of trials; the default returns false.
  virtual bool finished() const;

  // Whether a later Trial::start may take the weights of this trial; the default returns false. The weights of
  // outcomes() are always kept.
  virtual bool needs_weights(int64_t id) const;

  // The resulting trials of the search, among those that were told, the preferred one first: the best by validation
  // data, or a whole Pareto front. Empty before the first finished trial.
  virtual std::vector<int64_t> outcomes() const = 0;

  // Files about the whole search, such as its front; written after each outcome. None by default.
  virtual std::vector<Artefact> artefacts() const;

  // Details for readers of metrics, as a JSON object. Empty by default.
  virtual std::string report() const;

  // How the search keeps to the constraints of its stage (Stage::margins()), as the predicate of a sentence for users.
  // The default says that trials which violate them are not trained, which holds whatever the searcher proposes.
  virtual std::string constraint_handling() const;
};

}  // namespace dha
