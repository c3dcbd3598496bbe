// The page that tells the story of a run: report.html, one file that needs no other.
#pragma once

#include <filesystem>
#include <string>

#include "page/sections.hpp"
#include "record/run_record.hpp"

namespace dha::page {

inline constexpr const char* kPageFile = "report.html";

// It depends on nothing but its arguments. A browser loads the page of a running run again every few seconds.
std::string page_of(const RunRecord& record, RunState state);

}  // namespace dha::page
