#include "process/spawn.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "dha/error.hpp"
#include "process/worker_channel.hpp"
#include "storage/io_error.hpp"

namespace dha {

namespace {

// Where the child has its end of the channel: above the standard streams, and a digit, which every shell can use.
constexpr int kChannel = 3;

// Descriptors of this process that the child needs lie from here on, out of the way of those that it sets.
constexpr int kFirstDescriptor = 10;

[[noreturn]] void fail(const std::string& what, int error_number) {
  throw Error(ErrorCode::kResource, fmt::format("cannot {} a process: {}; close other programs, or run fewer at a time",
                                                what, std::strerror(error_number)));
}

class Descriptor {
 public:
  // Takes `descriptor` over and moves it to kFirstDescriptor or beyond.
  explicit Descriptor(int descriptor) : value_(fcntl(descriptor, F_DUPFD_CLOEXEC, kFirstDescriptor)) {
    const int error_number = errno;
    if (descriptor >= 0) close(descriptor);
    if (value_ < 0) fail("make a channel to", error_number);
  }
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  Descriptor(const Descriptor&) = delete;

  int get() const { return value_; }
  int release() { return std::exchange(value_, -1); }
  void reset() {
    if (value_ >= 0) close(release());
  }

 private:
  int value_;
};

int open_output(const std::filesystem::path& output) {
  const int descriptor = output.empty() ? open("/dev/null", O_WRONLY | O_CLOEXEC)
                                        : open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) throw_io_error("write", output, errno);
  return descriptor;
}

// The strings of the new process's environment.
std::vector<std::string> environment_with(std::vector<std::string> own) {
  own.push_back(fmt::format("{}={}", kWorkerVariable, kChannel));
  std::vector<std::string> all = own;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('=') + 1);
    const bool is_replaced =
        std::any_of(own.begin(), own.end(), [&](const std::string& mine) { return mine.starts_with(name); });
    if (!is_replaced) all.emplace_back(text);
  }
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// All that the child needs, made before the fork: between fork and exec only async-signal-safe functions may be called.
struct Plan {
  char** arguments;
  char** environment;
  int input, output, channel, fault;
  pid_t parent;
};

[[noreturn]] void become_program(const Plan& plan) noexcept {
  setpgid(0, 0);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD}) std::signal(signal, SIG_DFL);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != plan.parent) _exit(127);  // the parent died before the line above
  // Descriptors that some library opened without this flag would keep locks and devices of the parent.
  syscall(SYS_close_range, static_cast<unsigned>(kChannel), ~0U, CLOSE_RANGE_CLOEXEC);
  dup2(plan.input, STDIN_FILENO);
  dup2(plan.output, STDOUT_FILENO);
  dup2(plan.output, STDERR_FILENO);
  dup2(plan.channel, kChannel);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(plan.arguments[0], plan.arguments, plan.environment);
  const int error_number = errno;
  const ssize_t ignored = write(plan.fault, &error_number, sizeof error_number);
  static_cast<void>(ignored);
  _exit(127);
}

// Forks without signals in between: a handler of this process must not run in the child.
pid_t start(const Plan& plan) {
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  const pid_t process = _Fork();  // runs no fork handlers of libraries, which take locks
  if (process == 0) become_program(plan);
  const int error_number = errno;
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  if (process < 0) fail("start", error_number);
  return process;
}

// The errno of a failed exec, 0 where the program runs.
int exec_fault(int descriptor) {
  int error_number = 0;
  ssize_t count;
  do count = read(descriptor, &error_number, sizeof error_number);
  while (count < 0 && errno == EINTR);
  return count == sizeof error_number ? error_number : 0;
}

}  // namespace

SpawnedProcess spawn(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
                     const std::filesystem::path& output) {
  std::vector<std::string> argument_texts = arguments, environment_texts = environment_with(environment);
  std::vector<char*> argument_list = pointers_to(argument_texts), environment_list = pointers_to(environment_texts);
  const Descriptor input(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Descriptor log(open_output(output));
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail("make a channel to", errno);
  Descriptor own(ends[0]), theirs(ends[1]);
  if (pipe2(ends, O_CLOEXEC) != 0) fail("make a channel to", errno);
  const Descriptor fault(ends[0]);
  Descriptor their_fault(ends[1]);
  fcntl(own.get(), F_SETFL, O_NONBLOCK);

  const pid_t process = start({argument_list.data(), environment_list.data(), input.get(), log.get(), theirs.get(),
                               their_fault.get(), getpid()});
  setpgid(process, process);  // in case that a signal to the group comes before the child has made it
  theirs.reset();
  their_fault.reset();
  if (const int error_number = exec_fault(fault.get()); error_number != 0) {
    while (waitpid(process, nullptr, 0) < 0 && errno == EINTR) continue;
    throw_io_error("start", arguments.at(0), error_number);
  }
  return {process, own.release()};
}

}  // namespace dha
