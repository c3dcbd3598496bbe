// Calls a function that may end its process in a child process.
#pragma once

#include <functional>
#include <string>

namespace dha {

struct ChildOutcome {
  std::string text;   // result of the function; empty if `death` is not
  std::string death;  // how the child ended instead, for a sentence: "ends the process by signal 6 (Aborted)"
};

// Calls `function` in a fork of this process, with standard streams redirected to nothing, and waits at most
// `patience_s` seconds for its result. Processes of its group are ended with it. Other threads of this process do not
// exist in the child, so none may hold a lock that the function needs. An exception of the function ends the child.
// Throws Error{kInternal} if no process can be started.
ChildOutcome call_in_child(const std::function<std::string()>& function, unsigned patience_s);

}  // namespace dha
