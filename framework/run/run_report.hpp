// The files for readers that a run keeps up to date while it trains: report.html, metrics.csv and trials.csv.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "page/sections.hpp"
#include "pipeline/pipeline.hpp"
#include "report/log.hpp"
#include "storage/run_directory.hpp"

namespace dha {

// A file that cannot be written costs a warning, not the run.
class RunReport {
 public:
  // References outlive the object.
  RunReport(const RunDirectory& directory, const PipelineConfig& config, Log& log);

  // Writes them, at most every ten seconds, for a run that goes on.
  void advance();

  // Write them for good.
  void finish();
  void interrupt();

 private:
  void write(page::RunState state, LogLevel level);

  const RunDirectory& directory_;
  std::vector<std::string> stages_;
  Log& log_;
  std::optional<std::chrono::steady_clock::time_point> written_;
  bool has_failed_ = false;
};

}  // namespace dha
