#include "app/commands.hpp"

#include <fmt/format.h>

#include "dha/error.hpp"
#include "dha/nearest_name.hpp"
#include "process/program_name.hpp"

namespace dha::app {

const std::vector<const Command*>& commands() {
  static const std::vector<const Command*> all = {
      &kRunCommand,     &kResumeCommand, &kSweepCommand,    &kTrialCommand,    &kEvalCommand,  &kPredictCommand,
      &kExportCommand,  &kReportCommand, &kCompareCommand,  &kValidateCommand, &kCostCommand,  &kAugmentCommand,
      &kPluginsCommand, &kVerifyCommand, &kDescribeCommand, &kSchemaCommand,   &kDoctorCommand};
  return all;
}

const Command& find_command(std::string_view name) {
  std::vector<std::string> known;
  for (const Command* command : commands()) {
    if (command->name == name) return *command;
    known.emplace_back(command->name);
  }
  const std::string near = nearest(name, known);
  throw Error(ErrorCode::kUsage, near.empty()
                                     ? fmt::format("'{}' is not a verb; '{} help' lists them", name, program_name())
                                     : fmt::format("'{}' is not a verb; did you mean '{}'?", name, near));
}

}  // namespace dha::app
