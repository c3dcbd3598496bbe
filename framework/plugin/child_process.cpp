#include "plugin/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "dha/error.hpp"

namespace dha {

namespace {

// The status of a child that returned; one that a library ends by exit() with another tells so.
constexpr int kReturned = 77;

[[noreturn]] void fail(const char* what) {
  throw Error(ErrorCode::kInternal, fmt::format("cannot {} a child process: {}", what, std::strerror(errno)));
}

void write_all(int file, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = write(file, text.data() + done, text.size() - done);
    if (count < 0 && errno != EINTR) _exit(1);
    if (count > 0) done += static_cast<size_t>(count);
  }
}

std::string read_all(int file) {
  std::string text;
  std::array<char, 4096> part;
  for (;;) {
    const ssize_t count = read(file, part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(part.data(), static_cast<size_t>(count));
  }
}

// What is thrown must not unwind into the parent's code.
[[noreturn]] void call_and_exit(const std::function<std::string()>& function, unsigned patience_s,
                                int answer) noexcept {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const int nowhere = open("/dev/null", O_WRONLY);
  if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);  // the runtime's words on its way out
  std::signal(SIGALRM, SIG_DFL);
  alarm(patience_s);
  write_all(answer, function());
  _exit(kReturned);
}

std::string death_of(int status, unsigned patience_s) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) return fmt::format("does not end within {} s", patience_s);
  if (WIFSIGNALED(status))
    return fmt::format("ends the process by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  return WEXITSTATUS(status) == kReturned ? "" : fmt::format("ends the process with status {}", WEXITSTATUS(status));
}

}  // namespace

ChildOutcome call_in_child(const std::function<std::string()>& function, unsigned patience_s) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("make a pipe to");
  const pid_t child = fork();
  if (child < 0) fail("start");
  if (child == 0) call_and_exit(function, patience_s, ends[1]);
  close(ends[1]);
  ChildOutcome outcome{read_all(ends[0]), ""};
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) fail("wait for");
  outcome.death = death_of(status, patience_s);
  if (!outcome.death.empty()) outcome.text.clear();
  return outcome;
}

}  // namespace dha
