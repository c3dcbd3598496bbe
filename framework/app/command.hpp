// One verb of the command line: a name, a line of help, and a function.
#pragma once

#include <string>
#include <vector>

namespace dha::app {

// Exit status of the program (design: command line).
enum ExitStatus {
  kDone = 0,
  kRunFailed = 1,
  kUsage = 2,
  kPluginFailed = 3,
  kVerificationFailed = 4,
  kDataFailed = 5,
  kInterrupted = 130,
};

struct Command {
  const char* name;
  const char* synopsis;  // "run FILE [--out DIR] [--set PATH=VALUE]…"
  const char* summary;   // one line
  // `arguments`: those after the verb. Returns an ExitStatus; throws dha::Error, which main converts to a message and a
  // status.
  int (*run)(const std::vector<std::string>& arguments);
  const char* details = "";  // further lines of the verb's own help, each with a line break
};

// Each verb has its own file, framework/app/<name>.cpp.
extern const Command kAugmentCommand;
extern const Command kCompareCommand;
extern const Command kCostCommand;
extern const Command kDescribeCommand;
extern const Command kDoctorCommand;
extern const Command kEvalCommand;
extern const Command kExportCommand;
extern const Command kPluginsCommand;
extern const Command kPredictCommand;
extern const Command kReportCommand;
extern const Command kResumeCommand;
extern const Command kRunCommand;
extern const Command kSchemaCommand;
extern const Command kSweepCommand;
extern const Command kTrialCommand;
extern const Command kValidateCommand;
extern const Command kVerifyCommand;

}  // namespace dha::app
