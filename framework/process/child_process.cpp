#include "process/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include "dha/error.hpp"
#include "process/process_end.hpp"

namespace dha {

namespace {

using Clock = std::chrono::steady_clock;

// Follows an answer that is whole: a library that ends the process by exit(), with whatever status, sends none.
constexpr char kEndOfAnswer = '\x04';

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

// What is thrown must not unwind into the parent's code.
[[noreturn]] void call_and_exit(const std::function<std::string()>& function, int answer) noexcept {
  setpgid(0, 0);                     // so that what a plugin starts can be ended with it
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // in a group of its own it gets no Ctrl-C
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const int nowhere = open("/dev/null", O_RDWR);
  answer = fcntl(answer, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);  // where the parent lacks a stream it stands there
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nowhere, stream);
  write_all(answer, function() + kEndOfAnswer);
  _exit(0);
}

class Child {
 public:
  Child(pid_t process, int answer) : process_(process), answer_(answer) { setpgid(process, process); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Its processes end with it; only then is its number given to another.
  ~Child() {
    kill(process_, SIGKILL);  // it may have left its group
    kill(-process_, SIGKILL);
    while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) continue;
    close(answer_);
  }

  // Whether it ends before `deadline`. Its answer is not waited for: a process that a plugin forks may hold the pipe
  // open for ever.
  bool wait(Clock::time_point deadline) {
    constexpr int kPauseMilliseconds = 2;
    bool has_ended = false;
    while (!has_ended && Clock::now() < deadline) {
      pollfd readable{is_open_ ? answer_ : -1, POLLIN, 0};
      poll(&readable, 1, kPauseMilliseconds);
      has_ended = ended();
      read_available();
    }
    return has_ended;
  }

  const std::string& text() const { return text_; }
  const siginfo_t& end() const { return end_; }

 private:
  bool ended() {
    end_ = {};
    const int failed = waitid(P_PID, static_cast<id_t>(process_), &end_, WEXITED | WNOHANG | WNOWAIT);
    if (failed != 0 && errno != EINTR) fail("wait for");
    return end_.si_pid != 0;
  }

  void read_available() {
    std::array<char, 4096> part;
    while (is_open_) {
      const ssize_t count = read(answer_, part.data(), part.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return;
      is_open_ = count > 0;
      text_.append(part.data(), static_cast<size_t>(count));
    }
  }

  const pid_t process_;
  const int answer_;
  bool is_open_ = true;
  std::string text_;
  siginfo_t end_{};
};

}  // namespace

ChildOutcome call_in_child(const std::function<std::string()>& function, unsigned patience_s) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("make a pipe to");
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  std::signal(SIGCHLD, SIG_DFL);  // ignored, as some parents leave it, nothing tells how the child ended
  const pid_t process = fork();
  if (process < 0) fail("start");
  if (process == 0) call_and_exit(function, ends[1]);
  close(ends[1]);
  Child child(process, ends[0]);
  if (!child.wait(Clock::now() + std::chrono::seconds(patience_s)))
    return {"", fmt::format("does not end within {} s", patience_s)};
  const std::string& text = child.text();
  if (!text.ends_with(kEndOfAnswer)) return {"", "ends the process " + process_end(child.end()).text()};
  return {text.substr(0, text.size() - 1), ""};
}

}  // namespace dha
