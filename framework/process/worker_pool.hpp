// Runs child processes in parallel and exchanges lines of text with them.
//
//   WorkerPool pool([](int64_t worker, std::string_view line) { … }, [](int64_t worker, const WorkerEnd& end) { … });
//   pool.start({.arguments = {"/usr/bin/dha", "trial", "…"}, .output = "log.txt"});
//   pool.run([] { … });
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "process/process_end.hpp"

namespace dha {

struct WorkerTask {
  std::vector<std::string> arguments;         // the first is the program's file
  std::filesystem::path output;               // file to which its standard output and error are appended; empty:
                                              // discarded
  std::chrono::milliseconds time_limit{0};    // 0: none
  std::vector<std::string> environment = {};  // "NAME=value", over those of this process
};

struct WorkerEnd {
  ProcessEnd process;
  bool timed_out = false;  // ended by its time limit
};

// Each worker has the descriptor that kWorkerVariable names (WorkerChannel is its end of it), an empty standard input,
// and its own process group, so that Ctrl-C on a terminal reaches it only through stop(). If this process dies, its
// workers get SIGTERM.
//
// All functions are called by one thread, which must live as long as the workers: Linux sends that SIGTERM when the
// thread that started them ends. Other threads may exist. Callbacks run within wait(); they may call start(), send()
// and stop(), and their exceptions propagate from wait().
class WorkerPool {
 public:
  // A line that a worker sent, without its line break.
  using OnLine = std::function<void(int64_t worker, std::string_view line)>;
  // Called once per worker, after its last whole line. It is not running any more.
  using OnEnd = std::function<void(int64_t worker, const WorkerEnd& end)>;

  WorkerPool(OnLine on_line, OnEnd on_end);
  // Ends what still runs, by SIGTERM and after the grace by SIGKILL, without callbacks.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Starts a process and returns its number: 0, 1, and so on. Throws Error{kIo} if the program or its output file
  // cannot be opened, kResource where no process can be started.
  int64_t start(const WorkerTask& task);

  // Sends `line`, which has no line break. Never waits; lost where the worker has ended.
  void send(int64_t worker, std::string_view line);

  // Sends SIGINT to every worker that runs and has not got one yet, so that it leaves a checkpoint and ends.
  void stop();

  size_t running() const { return workers_.size(); }

  // Waits until callbacks were called, a signal arrived, no worker runs, or `patience` is over. Enforces time limits:
  // SIGTERM at the limit, SIGKILL after the grace.
  void wait(std::chrono::milliseconds patience);

  // Calls `start_more`, which may call start(), and waits, in turns, until no worker runs. Once the user asks to stop
  // (process/signals.hpp), calls stop() instead. Exceptions of `start_more` propagate.
  void run(const std::function<void()>& start_more);

  // How long a worker that was asked to end may take.
  static constexpr std::chrono::seconds kGrace{5};

 private:
  class Worker;

  Worker* find(int64_t id) const;
  bool poll_once(std::chrono::milliseconds patience);
  bool serve(int64_t id);
  bool deliver_lines(int64_t id);

  const OnLine on_line_;
  const OnEnd on_end_;
  std::vector<std::unique_ptr<Worker>> workers_;  // those that run
  int64_t next_id_ = 0;
};

}  // namespace dha
