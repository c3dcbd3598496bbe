#include "app/exit_status.hpp"

#include <c10/util/Exception.h>

#include <boost/program_options/errors.hpp>
#include <new>

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
    case ErrorCode::kInternal:
      break;
  }
  return kRunFailed;
}

Failure describe_failure() {
  try {
    throw;
  } catch (const Error& e) {
    return {e.what(), exit_status(e.code())};
  } catch (const boost::program_options::error& e) {
    return {std::string(e.what()) + "; see 'dha help'", kUsage};
  } catch (const c10::Error& e) {
    return {std::string("LibTorch failed: ") + e.what_without_backtrace(), kRunFailed};
  } catch (const std::bad_alloc&) {
    return {"out of memory", kRunFailed};
  } catch (const std::exception& e) {
    return {std::string("internal error: ") + e.what(), kRunFailed};
  } catch (...) {
    return {"internal error: an exception that is not a std::exception", kRunFailed};
  }
}

}  // namespace dha::app
