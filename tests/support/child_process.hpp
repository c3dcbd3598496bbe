// Runs a part of a test in a process of its own, for what ends or maims a process.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace dha::test {

// Status of waitpid() of a child that ran `body` and left with 0 where it returned.
template <class Body>
int in_child(Body body) {
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) {
    try {
      body();
    } catch (...) {
      _exit(99);
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

}  // namespace dha::test
