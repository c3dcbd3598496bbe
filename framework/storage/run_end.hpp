// stopped.json of a run directory: why a run ended before it had finished.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace dha {

inline constexpr const char* kRunEndFile = "stopped.json";

// Values of `reason`.
namespace run_end {
inline constexpr std::string_view kInterrupted = "interrupted";  // by the user or the system
inline constexpr std::string_view kTime = "time";                // --max-minutes
inline constexpr std::string_view kDiverged = "diverged";        // it would do so again
inline constexpr std::string_view kFailed = "failed";
}  // namespace run_end

struct RunEnd {
  std::string reason;
  std::string message;  // one sentence
};

// Throws Error{kIo}.
void write_run_end(const std::filesystem::path& run, const RunEnd& end);

// For a run that continues. Does nothing where there is no file.
void remove_run_end(const std::filesystem::path& run) noexcept;

// Empty where there is no file, or it cannot be read: the run has finished, is under way, or was killed.
std::optional<RunEnd> read_run_end(const std::filesystem::path& run);

}  // namespace dha
