// Trains the runs of a sweep, each in a process of its own, and continues those that were interrupted.
//
// A run lies below <sweep>/<number>/: pipeline.json, output.txt (what its processes printed), and its run directory
// <name>/<time>-s<seed>/.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "process/worker_pool.hpp"
#include "report/console.hpp"
#include "run/sweep_plan.hpp"

namespace dha {

// How runs are trained.
struct SweepLaunch {
  std::vector<std::string> run;      // the program and `run`, with options; the pipeline and --out come last
  std::vector<std::string> resume;   // the program and `resume`, with options; the run directory comes last
  std::vector<std::string> devices;  // names that runs take in turn; empty: the pipeline's own
  int64_t parallel = 1;              // runs at a time
};

struct SweepOutcome {
  int64_t finished = 0;                     // now or before
  int64_t out_of_time = 0;                  // by --max-minutes
  std::vector<std::string> failed;          // a sentence on each run that failed
  std::vector<std::filesystem::path> runs;  // the run directories that there are, in the order of the plan
};

class Sweep {
 public:
  // `folder` has the plan (record_sweep()). References outlive the object.
  Sweep(const std::filesystem::path& folder, const SweepPlan& plan, const SweepLaunch& launch, Console& console);
  ~Sweep();

  // Trains what has not finished. A run that fails ends no other; one that diverged is not repeated, as it would
  // diverge again. Throws Error{kCancelled} when the user asks to stop, after every running run has written a
  // checkpoint, Error{kUsage} if another process trains the sweep, and Error{kIo}.
  SweepOutcome run();

 private:
  // What a worker trains, how long its output file was when it began, and when that was.
  struct Training {
    size_t index;
    uintmax_t output_bytes;
    double begun;  // steady_seconds()
    bool is_over = false;
  };

  void fill_slots();
  bool is_over(size_t index);
  void start(size_t index);
  void on_end(int64_t worker, const WorkerEnd& end);
  void fail(size_t index, const std::string& reason);
  void report(size_t index, const std::string& what);
  double seconds_left() const;
  void show_progress();
  std::filesystem::path folder_of(size_t index) const;
  std::filesystem::path output_of(size_t index) const;
  std::optional<std::filesystem::path> directory_of(size_t index) const;

  const std::filesystem::path folder_;
  const SweepPlan& plan_;
  const SweepLaunch& launch_;
  Console& console_;
  size_t next_ = 0;                 // run that is looked at next
  std::vector<Training> training_;  // of each worker
  double seconds_ = 0;              // of the runs that this process has trained to their end, all together
  int64_t ended_ = 0;               // and their number
  SweepOutcome outcome_;
  std::unique_ptr<WorkerPool> pool_;
};

}  // namespace dha
