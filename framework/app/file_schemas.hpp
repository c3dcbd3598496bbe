// The JSON Schemas of docs/reference/schemas, which describe files of a run.
#pragma once

#include <string_view>

namespace dha::app {

extern const std::string_view kSummarySchema;  // of summary.json
extern const std::string_view kMetricsSchema;  // of a line of metrics.jsonl

}  // namespace dha::app
