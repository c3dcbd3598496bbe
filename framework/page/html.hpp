// Pieces of the page: escaped text, numbers in words, tables.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dha::page {

// Text for the content of an element or for an attribute in double quotes. Bytes that are not UTF-8, and characters
// that XML does not allow, become U+FFFD.
std::string escaped(std::string_view text);

// The first code points, with "…" in place of the rest.
std::string shortened(std::string_view text, size_t code_points);

// Between the characters that keep its writing direction from changing the order of the text around it; as it is if it
// has no letters of a script that is written from right to left, and no character that sets a direction.
std::string isolated(std::string_view text);

std::string percent(double share, int digits = 1);  // "83.4 %"; "-" where it is not finite
std::string whole(int64_t number);                  // "91,318"
std::string real(double value);                     // four significant digits; "-" where it is not finite
std::string amount(double value);                   // "3.35 M", "512"

// <section> with a heading and an anchor. `content`: HTML.
std::string section(std::string_view id, std::string_view heading, const std::string& content);

// <figure> with a title. `content`: HTML.
std::string figure(std::string_view title, const std::string& content, std::string_view css_class = "");

// A table that the reader can sort by a click on a heading. Cells are plain text.
class Table {
 public:
  struct Column {
    std::string heading;
    bool is_number = false;      // aligned to the right
    const char* css_class = "";  // of text: "label" and "words" need some width, "line" is never broken
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  std::string html() const;

 private:
  std::string attribute(size_t column) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace dha::page
