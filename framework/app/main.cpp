// The program `dha`: a verb and its arguments in, an exit status out.
#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "app/commands.hpp"
#include "app/exit_status.hpp"
#include "dha/error.hpp"
#include "dha/version.hpp"
#include "process/freed_memory.hpp"
#include "process/inherited_state.hpp"
#include "process/program_name.hpp"
#include "report/printable.hpp"

namespace {

using namespace dha::app;

void print_help() {
  std::cout << "usage: " << dha::program_name()
            << " VERB [ARGUMENTS]\n\n"
               "Trains an image classifier while learning its augmentation, its hyper-parameters and its\n"
               "architecture. Every component is a plugin; a JSON file selects them.\n\n";
  for (const Command* command : commands()) std::cout << fmt::format("  {:<10}{}\n", command->name, command->summary);
  std::cout << "\n'" << dha::program_name()
            << " help VERB' shows a verb's options.\n"
               "Exit status: 0 success, 1 run failed, 2 usage or pipeline, 3 plugin, 4 verification failed, 5 data,\n"
               "130 interrupted.\n";
}

int dispatch(const std::vector<std::string>& arguments) {
  const std::string verb = arguments.empty() ? "help" : arguments[0];
  if (verb == "--version") {
    std::cout << fmt::format("dha {}.{}.{}\n", DHA_SDK_VERSION_MAJOR, DHA_SDK_VERSION_MINOR, DHA_SDK_VERSION_PATCH);
    return kDone;
  }
  if (verb == "help" && arguments.size() > 1) return find_command(arguments[1]).run({"--help"});
  if (verb == "help" || verb == "--help" || verb == "-h") {
    print_help();
    return arguments.empty() ? kUsage : kDone;
  }
  return find_command(verb).run({arguments.begin() + 1, arguments.end()});
}

void print_failure(const std::string& message) {
  std::istringstream lines(message);
  std::cout.flush();
  for (std::string line; std::getline(lines, line);) fmt::print(stderr, "dha: {}\n", dha::printable_line(line));
}

}  // namespace

int main(int argc, char** argv) {
  dha::repair_inherited_state();
  dha::set_program_name(argv[0]);
  dha::keep_freed_memory();
  try {
    const int status = dispatch({argv + 1, argv + argc});
    if (!std::cout.flush()) throw dha::Error(dha::ErrorCode::kIo, "cannot write to standard output");
    return status;
  } catch (...) {
    const Failure failure = describe_failure();
    print_failure(failure.message);
    return failure.status;
  }
}
