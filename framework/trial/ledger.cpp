#include "trial/ledger.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <string_view>

#include "dha/error.hpp"
#include "storage/atomic_file.hpp"
#include "storage/io_error.hpp"
#include "trial/trial_json.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kFormat = "dha.ledger/1";

std::string header() { return Json{{"format", kFormat}}.dump() + "\n"; }

std::string line_of(const LedgerEvent& event) {
  Json json;
  if (const auto* asked = std::get_if<TrialAsked>(&event)) {
    json = {{"event", "asked"}, {"trial", to_json(asked->trial)}, {"time", asked->time}};
  } else if (const auto* kept = std::get_if<TrialKept>(&event)) {
    json = {{"event", "kept"}, {"id", kept->id}, {"epoch", to_json(kept->epoch)}, {"go", kept->go}};
  } else {
    const auto& told = std::get<TrialTold>(event);
    json = {{"event", "told"}, {"outcome", to_json(told.outcome)}, {"time", told.time}};
  }
  return json.dump() + "\n";
}

LedgerEvent event_of(const Json& json) {
  const std::string event = json.at("event");
  if (event == "asked") return TrialAsked{trial_from_json(json.at("trial")), json.value("time", "")};
  if (event == "kept") return TrialKept{json.at("id"), epoch_outcome_from_json(json.at("epoch")), json.at("go")};
  if (event == "told") return TrialTold{trial_outcome_from_json(json.at("outcome")), json.value("time", "")};
  throw Error(ErrorCode::kData, fmt::format("expected the event asked, kept or told, found '{}'", event));
}

// The whole lines of a ledger.
struct Content {
  std::vector<LedgerEvent> events;
  int64_t size = 0;  // bytes
};

void take_line(std::string_view line, bool is_header, std::vector<LedgerEvent>& events) {
  const Json json = Json::parse(line);
  if (!is_header) return events.push_back(event_of(json));
  if (const Json found = json.at("format"); found != kFormat)
    throw Error(ErrorCode::kData, fmt::format("expected the format \"{}\", found {}", kFormat, found.dump()));
}

Content content_of(const std::filesystem::path& file, const LedgerNote& note) {
  const std::string text = read_input_file(file);
  Content content;
  size_t begin = 0;
  for (int64_t number = 1; begin < text.size(); ++number) {
    const size_t end = text.find('\n', begin);
    if (end == text.npos) {
      note(fmt::format("'{}': line {} is incomplete, because a run ended while writing it; the line is ignored",
                       file.string(), number));
      break;
    }
    try {
      take_line(std::string_view(text).substr(begin, end - begin), number == 1, content.events);
    } catch (const std::exception& fault) {
      throw Error(ErrorCode::kData,
                  fmt::format("'{}': line {} cannot be used: {}; restore the file from a copy, or run the pipeline "
                              "again",
                              file.string(), number, fault.what()));
    }
    begin = end + 1;
  }
  content.size = static_cast<int64_t>(begin);
  return content;
}

}  // namespace

Ledger::Ledger(const std::filesystem::path& directory, const LedgerNote& note) : file_(directory / kLedgerFile) {
  if (!std::filesystem::exists(file_)) write_file_atomically(file_, header());
  Content content = content_of(file_, note);
  events_ = std::move(content.events);
  size_ = content.size;
  descriptor_ = open(file_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (descriptor_ < 0) throw_io_error("write", file_, errno);
  try {
    if (ftruncate(descriptor_, size_) != 0) throw_io_error("write", file_, errno);
    if (size_ == 0) write_line(header());
  } catch (...) {
    close(descriptor_);
    throw;
  }
}

Ledger::~Ledger() { close(descriptor_); }

void Ledger::append(const LedgerEvent& event) {
  std::string line;
  try {
    line = line_of(event);
  } catch (const Json::exception& fault) {
    throw Error(
        ErrorCode::kContractViolation,
        fmt::format("the answer of a trial searcher cannot be written to '{}': {}", file_.string(), fault.what()));
  }
  write_line(line);
  events_.push_back(event);
}

void Ledger::write_line(const std::string& line) {
  ssize_t count;
  do count = write(descriptor_, line.data(), line.size());
  while (count < 0 && errno == EINTR);
  const bool is_whole = count == static_cast<ssize_t>(line.size());
  if (is_whole && fsync(descriptor_) == 0) {
    size_ += count;
    return;
  }
  const int error_number = count >= 0 && !is_whole ? ENOSPC : errno;
  // A part of a line in the middle of the file would make all of it unreadable.
  if (ftruncate(descriptor_, size_) != 0) throw_io_error("write", file_, errno);
  throw_io_error("write", file_, error_number);
}

std::vector<LedgerEvent> read_ledger(const std::filesystem::path& directory, const LedgerNote& note) {
  return content_of(directory / kLedgerFile, note).events;
}

}  // namespace dha
