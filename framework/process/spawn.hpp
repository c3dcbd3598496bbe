// Starts a program as a child process with a channel to it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace dha {

struct SpawnedProcess {
  pid_t process;
  int channel;  // this end of a stream socket; non-blocking, closed on exec
};

// Starts `arguments` (the first is the program's file) with `environment` ("NAME=value") over that of this process and
// kWorkerVariable set to the child's end of the channel. Standard input is empty; standard output and error are
// appended to `output`, or discarded if that is empty. The child has its own process group, default signal handling, no
// other descriptor of this process, and gets SIGTERM when the calling thread ends. Safe with other threads running.
// Throws Error{kIo} if the program or `output` cannot be opened, kResource where no process can be started.
SpawnedProcess spawn(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
                     const std::filesystem::path& output);

}  // namespace dha
