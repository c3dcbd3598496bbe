// Which trials of a searcher are open, with ids from 0 in the order of ask(): for tell() to refuse other ids, and for
// searchers whose answers must not depend on the order in which trials end.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "dha/context.hpp"
#include "dha/stage.hpp"

namespace dha::nas {

class OpenTrials {
 public:
  // `searcher`: its id, for messages.
  explicit OpenTrials(std::string searcher) : searcher_(std::move(searcher)) {}

  // Opens the next trial and returns its id.
  int64_t open();

  // Throws Error{kContractViolation} unless trial `id` is open.
  void close(int64_t id);

  // The number of trials opened so far, which is the next trial's id.
  int64_t opened() const { return opened_; }

  // All trials with a lower id are closed.
  int64_t closed_below() const { return open_.empty() ? opened_ : *open_.begin(); }

 private:
  std::string searcher_;
  int64_t opened_ = 0;
  std::set<int64_t> open_;
};

// Warns if the stage trains more trials at a time than a searcher with the parameter "max_open" asks for.
void warn_of_idle_workers(const Stage& stage, int64_t max_open, Context& context);

}  // namespace dha::nas
