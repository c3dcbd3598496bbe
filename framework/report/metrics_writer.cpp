#include "report/metrics_writer.hpp"

#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "storage/io_error.hpp"

namespace dha {

namespace {

// Cuts off what follows the last line break: a line that an earlier run did not finish.
bool drop_unfinished_line(std::FILE* file) {
  if (std::fseek(file, 0, SEEK_END) != 0) return errno == ESPIPE;
  for (long end = std::ftell(file), at = end; at >= 0; --at) {
    if (at > 0) {
      if (std::fseek(file, at - 1, SEEK_SET) != 0) return false;
      if (std::fgetc(file) != '\n') continue;
    }
    if (at != end && ftruncate(fileno(file), at) != 0) return false;
    return std::fseek(file, 0, SEEK_END) == 0;  // C asks for a seek between reading and writing
  }
  return false;
}

}  // namespace

MetricsWriter::MetricsWriter(const std::filesystem::path& file) : file_(std::fopen(file.c_str(), "a+e")), path_(file) {
  if (!file_ || !drop_unfinished_line(file_.get())) throw_io_error("write", path_, errno);
}

MetricsWriter::~MetricsWriter() = default;

void MetricsWriter::write(const nlohmann::ordered_json& row) {
  const std::string line =
      row.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';  // writes NaN as null
  if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size() || std::fflush(file_.get()) != 0)
    throw_io_error("write", path_, errno);
}

}  // namespace dha
