// The page that tells the story of a run: report.html, one file that needs no other.
#pragma once

#include <filesystem>
#include <string>

#include "page/run_record.hpp"
#include "page/sections.hpp"

namespace dha::page {

inline constexpr const char* kPageFile = "report.html";

// HTML that is well-formed XML too, with style, script, drawings and images inside; it depends on nothing but its
// arguments. A browser loads the page of a running run again every few seconds.
std::string page_of(const RunRecord& record, RunState state);

}  // namespace dha::page
