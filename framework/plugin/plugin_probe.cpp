#include "plugin/plugin_probe.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "plugin/plugin_library.hpp"
#include "plugin/plugin_refusal.hpp"

namespace dha {

namespace {

constexpr unsigned kPatienceSeconds = 20;

[[noreturn]] void open_and_exit(const std::filesystem::path& file) {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const int nowhere = open("/dev/null", O_WRONLY);
  if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);  // the runtime's words on its way out
  std::signal(SIGALRM, SIG_DFL);
  alarm(kPatienceSeconds);
  try {
    const PluginLibrary library(file);
    _exit(0);
  } catch (const PluginRefusal&) {
    _exit(0);  // the host will see the same and say why
  }
}

}  // namespace

void probe_plugin(const std::filesystem::path& file) {
  const auto refuse = [](const std::string& reason) { throw PluginRefusal(PluginState::kLoadFailed, reason); };
  const pid_t child = fork();
  if (child < 0) refuse(fmt::format("cannot start a process to try it in: {}", std::strerror(errno)));
  if (child == 0) open_and_exit(file);
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) refuse(fmt::format("cannot wait for the process that tries it: {}", std::strerror(errno)));
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
    refuse(fmt::format("loading it did not end within {} s", kPatienceSeconds));
  if (WIFSIGNALED(status))
    refuse(fmt::format("loading it ends the process by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status))));
  if (WEXITSTATUS(status) != 0)
    refuse(
        fmt::format("loading it ends the process with status {}; a static initialiser that throws is the usual cause",
                    WEXITSTATUS(status)));
}

}  // namespace dha
