// How a child process ended.
#pragma once

#include <csignal>
#include <string>

namespace dha {

struct ProcessEnd {
  int status = -1;  // exit status; -1 where a signal ended it
  int signal = 0;   // 0 where it left by itself

  bool is_success() const { return status == 0; }
  // For a sentence on what ended: "with status 3", "by signal 9 (Killed)".
  std::string text() const;
};

// `info`: as waitid() fills it in for a process that has ended.
ProcessEnd process_end(const siginfo_t& info);

}  // namespace dha
