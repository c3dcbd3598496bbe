// trials.journal: the ledgers of a run's stages of trials as studies of Optuna, whose tools show and analyse them.
//
// The file is a journal of Optuna's JournalFileBackend: one JSON object per line, an operation each. It follows from
// the ledgers, and is cut back and written again when a run is resumed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "report/metrics_writer.hpp"
#include "trial/ledger.hpp"

namespace dha {

// What trials are compared by.
struct StudyObjective {
  std::string quantity;  // a measurement or a cost of TrialOutcome
  bool is_maximised = true;
};

// The "objectives" of a trial searcher's report: [{"quantity": …, "better": "greater" or "smaller"}, …]; a report
// without such a list stands for the greatest validation accuracy.
std::vector<StudyObjective> study_objectives(const nlohmann::ordered_json& report);

struct Study {
  std::string name;
  std::filesystem::path folder;  // of the trials' runs, relative to the run directory
  std::string tunable;           // Stage::tunable()
  std::vector<StudyObjective> objectives;
};

class StudyJournal {
 public:
  // Appends the study to `file`, behind those that it has. Throws Error{kIo}.
  StudyJournal(const std::filesystem::path& file, const Study& study);

  // Appends what `event` says. `error`: of an outcome, why the trial failed or was rejected. Throws Error{kIo}.
  void write(const LedgerEvent& event, const std::string& error);

 private:
  void write(const TrialAsked& asked);
  void write(const TrialKept& kept);
  void write(const TrialTold& told, const std::string& error);
  void put(int operation, const nlohmann::ordered_json& fields);
  void put_attribute(int64_t trial, const std::string& name, const nlohmann::ordered_json& value);

  MetricsWriter lines_;
  const Study study_;
  int64_t number_ = 0;                 // of the study in the file
  int64_t next_trial_ = 0;             // its number in the file
  std::map<int64_t, int64_t> trials_;  // id to number
};

}  // namespace dha
