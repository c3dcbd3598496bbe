#include "process/worker_channel.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "dha/error.hpp"

namespace dha {

std::optional<WorkerChannel> WorkerChannel::inherited() {
  const char* variable = std::getenv(kWorkerVariable);
  if (variable == nullptr) return std::nullopt;
  const std::string text = variable;
  unsetenv(kWorkerVariable);
  int descriptor = -1;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), descriptor);
  if (fault != std::errc() || end != text.data() + text.size() || fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0)
    throw Error(ErrorCode::kUsage,
                fmt::format("{}={} names no open descriptor; remove it from the environment", kWorkerVariable, text));
  return WorkerChannel(descriptor);
}

WorkerChannel::~WorkerChannel() {
  if (descriptor_ >= 0) close(descriptor_);
}

WorkerChannel::WorkerChannel(WorkerChannel&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), received_(std::move(other.received_)) {}

void WorkerChannel::send(std::string_view line) {
  const std::string text = std::string(line) + "\n";
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = ::send(descriptor_, text.data() + done, text.size() - done, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0)
      throw Error(ErrorCode::kIo, fmt::format("cannot send to the run that started this process: {}; has it ended?",
                                              std::strerror(errno)));
    done += static_cast<size_t>(count);
  }
}

std::optional<std::string> WorkerChannel::receive() {
  for (;;) {
    if (const size_t end = received_.find('\n'); end != received_.npos) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      return line;
    }
    std::array<char, 4096> part;
    const ssize_t count = recv(descriptor_, part.data(), part.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    received_.append(part.data(), static_cast<size_t>(count));
  }
}

}  // namespace dha
