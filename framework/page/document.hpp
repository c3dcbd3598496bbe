// The frame of every page: one HTML file that needs no other, with style and script inside.
#pragma once

#include <string>
#include <vector>

namespace dha::page {

struct Section {
  std::string id, heading;
  std::string content;  // HTML; empty: the section is left out
};

struct Document {
  std::string title;    // of the window
  std::string heading;  // HTML
  std::vector<Section> sections;
  int refresh_seconds = 0;  // a browser loads the page again after so many; 0: never
};

// HTML that is well-formed XML too, with a navigation to the sections that have content.
std::string html_of(const Document& document);

// In the head of every page, so that a file can be recognised as one.
inline constexpr const char* kPageMark = "<meta name=\"generator\" content=\"dha\"/>";

}  // namespace dha::page
