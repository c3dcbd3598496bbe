// Calls a function that may end its process in a child process.
#pragma once

#include <functional>
#include <string>

namespace dha {

struct ChildOutcome {
  std::string text;   // what the function returned; empty where `death` is not
  std::string death;  // how the child ended instead, for a sentence: "ends the process by signal 6 (Aborted)"
};

// Calls `function` in a fork of this process, whose standard streams lead nowhere, and waits for what it returns: at
// most `patience_s` seconds. Processes of its group are ended with it. Other threads of this process do not exist in
// the child, so none may hold a lock that the function needs. What the function throws ends the child. Throws
// Error{kInternal} where no process can be started.
ChildOutcome call_in_child(const std::function<std::string()>& function, unsigned patience_s);

}  // namespace dha
