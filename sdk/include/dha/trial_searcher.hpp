// The interface of searchers that never train: ask() for a trial, tell() its outcome; the host trains each trial as a
// run of its own, several at once where the pipeline file says so.
//
// The host keeps a ledger of all calls of ask(), keep_going() and tell(). A run that is resumed creates the searcher
// again and repeats those calls, so the answers of a searcher may depend on nothing but its parameters, the calls so
// far, and draws from its context's generators (Stage::trials() may have grown since, where a study is extended);
// state() and restore() are not called. A searcher whose answer to the n-th ask() does not depend on outcomes gives the
// same trials however many run at once.
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

// Where a trial's starting state comes from: either a trial of this stage that was told, or an earlier stage.
struct TrialStart {
  std::optional<int64_t> trial;
  std::string stage;  // name of an earlier stage of the pipeline, a search with shared weights included
  // What to take: of "weights" (those that both networks share, by name and shape), "momentum", "hyper" (learned
  // hyper-parameters) and "augment". What the trial's settings set is not taken.
  std::vector<std::string> carry = {"weights"};
};

struct Trial {
  int64_t id = 0;                   // unique within the searcher, >= 0
  std::string architecture;         // JSON text; empty: the stage's own
  std::string settings = "{}";      // JSON object: JSON pointer below the stage ("/hyper/learning_rate") to value
  std::optional<TrialStart> start;  // empty: from new weights
  // The part of the stage's epochs to train: from first_epoch (schedules continue there) until before last_epoch;
  // empty: to the stage's end (successive halving, population-based training).
  int64_t first_epoch = 0;
  std::optional<int64_t> last_epoch;
};

enum class TrialStatus {
  kFinished,
  kFailed,    // threw, crashed, ran out of time or memory, or its loss was not finite
  kStopped,   // keep_going() said no
  kRejected,  // not trained: its architecture violates the stage's constraints
};

struct TrialOutcome {
  int64_t id = 0;
  TrialStatus status = TrialStatus::kFinished;
  Quantities measurements;  // of the last epoch; validation_accuracy and validation_loss where it was validated
  Quantities cost;          // of the architecture; empty for a failed trial whose architecture could not be counted
  int64_t epochs = 0;       // trained
  double seconds = 0;
};

// A file that a searcher leaves in the stage's folder.
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

  // Once, before everything else. `space` is prepared; both outlive the searcher. Stage::tunable() has the parameters
  // that a trial may set, Stage::margins() the constraints.
  virtual void attach(const Space& space, const Stage& stage) = 0;

  // The next trial; empty while outcomes must come first, or when the search is over. Many may be open at once. An
  // empty answer is not in the ledger: it draws nothing and changes nothing.
  virtual std::optional<Trial> ask() = 0;

  // Whether a running trial should continue after an epoch; by default always.
  virtual bool keep_going(int64_t id, const EpochOutcome& outcome);

  // Throws Error{kContractViolation} for an id that is not open.
  virtual void tell(const TrialOutcome& outcome) = 0;

  // Whether the search is over before the stage's number of trials; by default never.
  virtual bool finished() const;

  // Whether the weights of a trial that was told may still be asked for by Trial::start; by default not. Those of
  // outcomes() are kept anyway.
  virtual bool needs_weights(int64_t id) const;

  // The trials that the search comes to, of those that were told, the preferred one first: the best by validation data,
  // or a whole Pareto front. Empty before the first finished one.
  virtual std::vector<int64_t> outcomes() const = 0;

  // Files about the whole search, such as its front; written after each outcome. By default none.
  virtual std::vector<Artefact> artefacts() const;

  // What a reader of metrics wants to see, as a JSON object. By default empty.
  virtual std::string report() const;
};

}  // namespace dha
