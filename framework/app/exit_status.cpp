#include "app/exit_status.hpp"

#include <fmt/format.h>

#include <boost/program_options/errors.hpp>
#include <filesystem>

#include "process/program_name.hpp"

namespace dha::app {

ExitStatus exit_status(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kUsage:
    case ErrorCode::kInvalidConfig:
    case ErrorCode::kInvalidParameter:
    case ErrorCode::kNotFound:
      return kUsage;
    case ErrorCode::kDuplicate:
    case ErrorCode::kLoadFailed:
    case ErrorCode::kIncompatible:
    case ErrorCode::kInvalidDescriptor:
    case ErrorCode::kPluginFault:
    case ErrorCode::kContractViolation:
      return kPluginFailed;
    case ErrorCode::kData:
      return kDataFailed;
    case ErrorCode::kCancelled:
      return kInterrupted;
    case ErrorCode::kDevice:
    case ErrorCode::kDiverged:
    case ErrorCode::kIo:
    case ErrorCode::kResource:
    case ErrorCode::kInternal:
      break;
  }
  return kRunFailed;
}

Failure describe_failure() {
  try {
    throw;
  } catch (const boost::program_options::error& e) {
    return {fmt::format("{}; see '{} help'", e.what(), program_name()), kUsage};
  } catch (const std::filesystem::filesystem_error& e) {
    return {fmt::format("'{}' cannot be used: {}; check that it is there and its permissions", e.path1().string(),
                        e.code().message()),
            kRunFailed};
  } catch (...) {
    const Error error = caught_error(ErrorCode::kInternal);
    const char* prefix = error.code() == ErrorCode::kInternal ? "internal error: " : "";
    return {prefix + std::string(error.what()), exit_status(error.code())};
  }
}

}  // namespace dha::app
