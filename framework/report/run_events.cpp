#include "report/run_events.hpp"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <protozero/pbf_writer.hpp>

#include "process/command_text.hpp"
#include "report/compared_values.hpp"
#include "storage/folders.hpp"

namespace dha {

using Json = nlohmann::ordered_json;
using protozero::pbf_writer;

namespace {

// Field numbers, by message: event.proto, summary.proto, tensor.proto and plugins/hparams/plugin_data.proto of
// TensorBoard, struct.proto of protobuf.
namespace event_field {
constexpr uint32_t kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5;
}
namespace summary_field {
constexpr uint32_t kValue = 1;
}
namespace value_field {
constexpr uint32_t kTag = 1, kSimpleValue = 2, kTensor = 8, kMetadata = 9;
}
namespace tensor_field {
constexpr uint32_t kType = 1, kStrings = 8;
}
namespace metadata_field {
constexpr uint32_t kPluginData = 1, kPluginName = 1, kContent = 2;
}
namespace hparams_field {
constexpr uint32_t kVersion = 1, kStart = 3, kEnd = 4;
}
namespace start_field {
constexpr uint32_t kValues = 1, kTime = 5;
}
namespace end_field {
constexpr uint32_t kStatus = 1, kTime = 2;
}
namespace entry_field {
constexpr uint32_t kKey = 1, kValue = 2;
}
namespace any_field {
constexpr uint32_t kNumber = 2, kText = 3, kBoolean = 4;
}

constexpr const char* kFileVersion = "brain.Event:2";
constexpr int32_t kTextType = 7;                // DT_STRING
constexpr int32_t kHparamsVersion = 0;          // of the plugin's data
constexpr int32_t kSucceeded = 1, kFailed = 2;  // Status of the plugin

// The bytes of a message whose fields `write` adds.
template <class Write>
std::string message(Write&& write) {
  std::string bytes;
  pbf_writer writer(bytes);
  write(writer);
  return bytes;
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// Metadata that hand a value to a plugin of TensorBoard.
std::string metadata_of(const std::string& plugin, const std::string& content) {
  return message([&](pbf_writer& metadata) {
    metadata.add_message(metadata_field::kPluginData, message([&](pbf_writer& data) {
                           data.add_string(metadata_field::kPluginName, plugin);
                           if (!content.empty()) data.add_bytes(metadata_field::kContent, content);
                         }));
  });
}

void add_scalar(pbf_writer& summary, const std::string& tag, double number) {
  pbf_writer value(summary, summary_field::kValue);
  value.add_string(value_field::kTag, tag);
  value.add_float(value_field::kSimpleValue, static_cast<float>(number));
}

void add_text(pbf_writer& summary, const std::string& tag, const std::string& markdown) {
  pbf_writer value(summary, summary_field::kValue);
  value.add_string(value_field::kTag, tag);
  value.add_message(value_field::kTensor, message([&](pbf_writer& tensor) {
                      tensor.add_enum(tensor_field::kType, kTextType);
                      tensor.add_bytes(tensor_field::kStrings, markdown);
                    }));
  value.add_message(value_field::kMetadata, metadata_of("text", ""));
}

void add_hparams(pbf_writer& summary, const std::string& tag, uint32_t field, const std::string& content) {
  pbf_writer value(summary, summary_field::kValue);
  value.add_string(value_field::kTag, tag);
  value.add_message(value_field::kMetadata, metadata_of("hparams", message([&](pbf_writer& data) {
                                                          data.add_int32(hparams_field::kVersion, kHparamsVersion);
                                                          data.add_message(field, content);
                                                        })));
}

std::string any_value(const Json& value) {
  return message([&](pbf_writer& writer) {
    if (value.is_boolean())
      writer.add_bool(any_field::kBoolean, value.get<bool>());
    else if (value.is_number())
      writer.add_double(any_field::kNumber, value.get<double>());
    else
      writer.add_string(any_field::kText, value.get<std::string>());
  });
}

std::string session_start(const PipelineConfig& config) {
  return message([&](pbf_writer& start) {
    for (const auto& [name, value] : compared_values(config)) {
      pbf_writer entry(start, start_field::kValues);
      entry.add_string(entry_field::kKey, name);
      entry.add_message(entry_field::kValue, any_value(value));
    }
    start.add_double(start_field::kTime, seconds_now());
  });
}

void add_scalars(pbf_writer& summary, const std::string& prefix, const Json& row) {
  for (const auto& [name, value] : row.items()) {
    if (value.is_number())
      add_scalar(summary, prefix + name, value.get<double>());
    else if (value.is_object())
      add_scalars(summary, prefix + name + ".", value);
  }
}

std::filesystem::path event_file(const RunDirectory& directory) {
  std::filesystem::path file = directory.file(kEventFile);
  make_folders(file.parent_path());
  return file;
}

std::string code_block(const std::string& language, const std::string& code) {
  return fmt::format("```{}\n{}{}```\n", language, code, code.ends_with('\n') ? "" : "\n");
}

}  // namespace

RunEvents::RunEvents(const RunDirectory& directory, const PipelineConfig& config) : file_(event_file(directory)) {
  if (file_.empty()) begin(config);
}

void RunEvents::begin(const PipelineConfig& config) {
  file_.append(message([&](pbf_writer& event) {
    event.add_double(event_field::kWallTime, seconds_now());
    event.add_string(event_field::kFileVersion, kFileVersion);
  }));
  append(0, message([&](pbf_writer& summary) {
           add_hparams(summary, "_hparams_/session_start_info", hparams_field::kStart, session_start(config));
           add_text(summary, "pipeline", code_block("json", config.resolved_json));
           add_text(summary, "command", code_block("sh", command_text()));
         }));
}

void RunEvents::write(const std::string& group, int64_t step, const Json& row) {
  Json numbers = row;
  for (const char* place : {"epoch", "step"}) numbers.erase(place);
  append(steps_before_ + step, message([&](pbf_writer& summary) { add_scalars(summary, group + "/", numbers); }));
}

void RunEvents::finish() { end(kSucceeded); }

void RunEvents::fail() noexcept {
  try {
    end(kFailed);
  } catch (...) {
    // The failure that is reported may be the same full disk.
  }
}

void RunEvents::end(int32_t status) {
  const std::string content = message([&](pbf_writer& end) {
    end.add_enum(end_field::kStatus, status);
    end.add_double(end_field::kTime, seconds_now());
  });
  append(0, message([&](pbf_writer& summary) {
           add_hparams(summary, "_hparams_/session_end_info", hparams_field::kEnd, content);
         }));
}

void RunEvents::append(int64_t step, std::string_view summary) {
  file_.append(message([&](pbf_writer& event) {
    event.add_double(event_field::kWallTime, seconds_now());
    event.add_int64(event_field::kStep, step);
    event.add_message(event_field::kSummary, summary.data(), summary.size());
  }));
}

}  // namespace dha
