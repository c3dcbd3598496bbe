#include "page/html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "pipeline/utf8.hpp"

namespace dha::page {

namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// That at the front of `text`, with 0 bytes where it is not UTF-8 or XML does not allow the character.
CodePoint xml_character_at(std::string_view text) {
  const CodePoint point = code_point_at(text);
  const uint32_t value = point.value;
  const bool is_control = value < 0x20 && value != '\t' && value != '\n' && value != '\r';
  return is_control || value == 0xfffe || value == 0xffff ? CodePoint() : point;
}

// Hebrew, Arabic and their relatives, and the characters that set a direction.
bool is_directed(uint32_t point) {
  const auto is_in = [&](uint32_t first, uint32_t last) { return point >= first && point <= last; };
  return is_in(0x590, 0x8ff) || is_in(0x200e, 0x200f) || is_in(0x202a, 0x202e) || is_in(0x2066, 0x2069) ||
         is_in(0xfb1d, 0xfdff) || is_in(0xfe70, 0xfeff) || is_in(0x10800, 0x10fff) || is_in(0x1e800, 0x1efff);
}

}  // namespace

std::string isolated(std::string_view text) {
  for (std::string_view rest = text; !rest.empty();) {
    const CodePoint point = code_point_at(rest);
    if (is_directed(point.value)) return fmt::format("\u2068{}\u2069", text);
    rest.remove_prefix(std::max<size_t>(1, point.bytes));
  }
  return std::string(text);
}

std::string escaped(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const size_t length = xml_character_at(text).bytes;
    if (length == 0)
      safe += kReplacement;
    else if (text[0] == '&')
      safe += "&amp;";
    else if (text[0] == '<')
      safe += "&lt;";
    else if (text[0] == '>')
      safe += "&gt;";
    else if (text[0] == '"')
      safe += "&quot;";
    else
      safe += text.substr(0, length);
    text.remove_prefix(std::max<size_t>(1, length));
  }
  return safe;
}

std::string shortened(std::string_view text, size_t code_points) {
  size_t at = 0, last = 0;
  for (size_t count = 0; at < text.size(); ++count) {
    if (count + 1 == code_points) last = at;
    if (count == code_points) return std::string(text.substr(0, last)) + "…";
    at += std::max<size_t>(1, xml_character_at(text.substr(at)).bytes);
  }
  return std::string(text);
}

std::string percent(double share, int digits) {
  return std::isfinite(share) ? fmt::format("{:.{}f} %", 100 * share, digits) : "-";
}

std::string whole(int64_t number) {
  std::string digits = std::to_string(number);
  const ptrdiff_t sign = number < 0 ? 1 : 0;
  for (auto at = static_cast<ptrdiff_t>(digits.size()) - 3; at > sign; at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

std::string real(double value) { return std::isfinite(value) ? fmt::format("{:.4g}", value) : "-"; }

std::string amount(double value) {
  if (!std::isfinite(value)) return "-";
  if (value >= 1e10) return fmt::format("{:.2f} G", value / 1e9);
  if (value >= 1e5) return fmt::format("{:.2f} M", value / 1e6);
  return whole(std::llround(value));
}

std::string section(std::string_view id, std::string_view heading, const std::string& content) {
  return fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n{}</section>\n", id, escaped(heading), content);
}

std::string figure(std::string_view title, const std::string& content, std::string_view css_class) {
  return fmt::format("<figure{}>\n<figcaption>{}</figcaption>\n{}</figure>\n",
                     css_class.empty() ? "" : fmt::format(" class=\"{}\"", css_class), escaped(title), content);
}

std::string Table::attribute(size_t column) const {
  const std::string_view css_class = columns_[column].is_number ? "n" : columns_[column].css_class;
  return css_class.empty() ? "" : fmt::format(" class=\"{}\"", css_class);
}

std::string Table::html() const {
  std::string html = "<div class=\"wide\"><table class=\"sortable\">\n<thead><tr>";
  for (size_t i = 0; i < columns_.size(); ++i)
    html += fmt::format("<th{}>{}</th>", attribute(i), escaped(columns_[i].heading));
  html += "</tr></thead>\n<tbody>\n";
  for (const std::vector<std::string>& row : rows_) {
    html += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) html += fmt::format("<td{}>{}</td>", attribute(i), escaped(row[i]));
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

}  // namespace dha::page
