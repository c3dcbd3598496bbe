#include "storage/run_end.hpp"

#include <nlohmann/json.hpp>
#include <system_error>

#include "dha/error.hpp"
#include "storage/atomic_file.hpp"
#include "storage/local_time.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kFormat = "dha.stopped/1";

}  // namespace

void write_run_end(const std::filesystem::path& run, const RunEnd& end) {
  const Json json{{"format", kFormat}, {"reason", end.reason}, {"message", end.message}, {"date", iso_time_now()}};
  write_file_atomically(run / kRunEndFile, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

void remove_run_end(const std::filesystem::path& run) noexcept {
  std::error_code not_there;
  std::filesystem::remove(run / kRunEndFile, not_there);
}

std::optional<RunEnd> read_run_end(const std::filesystem::path& run) {
  const std::filesystem::path file = run / kRunEndFile;
  std::error_code failure;
  if (!std::filesystem::is_regular_file(file, failure)) return std::nullopt;
  try {
    const Json json = Json::parse(read_file(file));
    return RunEnd{json.at("reason").get<std::string>(), json.at("message").get<std::string>()};
  } catch (const Json::exception&) {
    return std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace dha
