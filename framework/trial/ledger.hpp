// The ledger of a stage of trials: every call of ask(), keep_going() and tell() in order, from which a resumed run
// restores its trial searcher.
//
// The file trials.jsonl has a header line and one JSON object per call. Lines are only appended, each by one write that
// is flushed to disk before append() returns, so a crash can damage only the last line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "dha/trial_searcher.hpp"

namespace dha {

inline constexpr const char* kLedgerFile = "trials.jsonl";

// The trial that ask() returned.
struct TrialAsked {
  Trial trial;
  std::string time = "";  // ISO 8601 with offset; empty in a ledger that has no times
};

// An epoch that was passed to keep_going(), and the answer.
struct TrialKept {
  int64_t id = 0;
  EpochOutcome epoch;
  bool go = true;
};

// The outcome that was passed to tell().
struct TrialTold {
  TrialOutcome outcome;
  std::string time = "";  // as above
};

using LedgerEvent = std::variant<TrialAsked, TrialKept, TrialTold>;

// Takes a sentence for the run's log.
using LedgerNote = std::function<void(const std::string&)>;

class Ledger {
 public:
  // Opens the ledger in `directory` for appending, or creates one. An incomplete last line is removed with a note.
  // Throws Error{kData} if the file is damaged elsewhere or not a ledger, kIo if it cannot be read or written.
  Ledger(const std::filesystem::path& directory, const LedgerNote& note);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // All events, including those of earlier runs.
  const std::vector<LedgerEvent>& events() const { return events_; }

  // Returns once the event is on disk. Throws Error{kIo}, and kContractViolation if a trial has text that is not UTF-8;
  // the file is then unchanged.
  void append(const LedgerEvent& event);

 private:
  void write_line(const std::string& line);

  std::filesystem::path file_;
  int descriptor_ = -1;
  int64_t size_ = 0;  // bytes of whole lines
  std::vector<LedgerEvent> events_;
};

// The events of the ledger in `directory`, without changing the file: an incomplete last line is skipped with a note.
// Throws Error{kData}.
std::vector<LedgerEvent> read_ledger(const std::filesystem::path& directory, const LedgerNote& note);

}  // namespace dha
