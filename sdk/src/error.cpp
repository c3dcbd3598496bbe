#include "dha/error.hpp"

#include <c10/util/Exception.h>

#include <new>
#include <string_view>

namespace dha {

namespace {

constexpr std::string_view kCpuAllocator = "DefaultCPUAllocator: ";

// The CPU's allocator has no type of its own for what it throws.
bool is_out_of_memory(const c10::Error& error) {
  return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
         error.msg().find(kCpuAllocator) != std::string::npos;
}

Error out_of_memory(const std::string& details) {
  return {ErrorCode::kResource,
          "out of memory" + (details.empty() ? "" : " (" + details + ")") +
              "; lower batch_size, the size of the network or the share of memory that the data set may take"};
}

// How much was asked for, without where in LibTorch that was.
std::string details_of(const c10::Error& error) {
  const std::string& text = error.msg();
  const size_t allocator = text.find(kCpuAllocator);
  const size_t begin = allocator == std::string::npos ? 0 : allocator + kCpuAllocator.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

Error::Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
Error::~Error() = default;

Error Error::within(const std::string& context) const {
  Error wider(code_, context + ": " + what());
  wider.context_ = context_;
  wider.context_.insert(wider.context_.begin(), context);
  return wider;
}

Error caught_error(ErrorCode otherwise) {
  try {
    throw;
  } catch (const Error& e) {
    return e;
  } catch (const std::bad_alloc&) {
    return out_of_memory("");
  } catch (const c10::Error& e) {
    if (is_out_of_memory(e)) return out_of_memory(details_of(e));
    return {otherwise, e.what_without_backtrace()};
  } catch (const std::exception& e) {
    return {otherwise, e.what()};
  } catch (...) {
    return {otherwise, "an exception that is not a std::exception"};
  }
}

}  // namespace dha
