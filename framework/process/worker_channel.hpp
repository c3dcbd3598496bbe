// The child's end of the channel between a WorkerPool and each of its processes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dha {

// The environment variable with the number of the descriptor that leads to the parent.
inline constexpr const char* kWorkerVariable = "DHA_WORKER_CHANNEL";

// Lines in both directions, apart from the standard streams, so that a component that prints cannot break them.
class WorkerChannel {
 public:
  // The channel of this process where a WorkerPool started it, else nothing. Removes the variable from the environment
  // and keeps the descriptor from processes that this one starts. Call once, early, before there are threads.
  static std::optional<WorkerChannel> inherited();

  ~WorkerChannel();
  WorkerChannel(WorkerChannel&& other) noexcept;
  WorkerChannel(const WorkerChannel&) = delete;

  // Sends `line`, which has no line break. Throws Error{kIo} if the parent is gone.
  void send(std::string_view line);

  // Waits for the next line; empty once the parent is gone.
  std::optional<std::string> receive();

 private:
  explicit WorkerChannel(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
  std::string received_;  // not returned yet
};

}  // namespace dha
