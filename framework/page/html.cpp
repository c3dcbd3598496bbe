#include "page/html.hpp"

#include <fmt/format.h>

#include <cmath>

namespace dha::page {

namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// Bytes of the code point at the front of `text`; 0 if they are not UTF-8 or XML does not allow the character.
size_t code_point_length(std::string_view text) {
  const auto byte = [&](size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
  const auto continues = [&](size_t at) { return (byte(at) & 0xc0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return first >= 0x20 || first == '\t' || first == '\n' || first == '\r' ? 1 : 0;
  if (first >= 0xc2 && first < 0xe0) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first < 0xf0) {
    const unsigned second = byte(1);
    const bool is_overlong = first == 0xe0 && second < 0xa0, is_surrogate = first == 0xed && second >= 0xa0;
    const bool is_noncharacter = first == 0xef && second == 0xbf && byte(2) >= 0xbe;
    return continues(1) && continues(2) && !is_overlong && !is_surrogate && !is_noncharacter ? 3 : 0;
  }
  if (first >= 0xf0 && first < 0xf5) {
    const unsigned second = byte(1);
    const bool is_beyond = (first == 0xf0 && second < 0x90) || (first == 0xf4 && second >= 0x90);
    return continues(1) && continues(2) && continues(3) && !is_beyond ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const size_t length = code_point_length(text);
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
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return safe;
}

std::string shortened(std::string_view text, size_t code_points) {
  size_t at = 0, last = 0;
  for (size_t count = 0; at < text.size(); ++count) {
    if (count + 1 == code_points) last = at;
    if (count == code_points) return std::string(text.substr(0, last)) + "…";
    const size_t length = code_point_length(text.substr(at));
    at += length == 0 ? 1 : length;
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

std::string Table::html() const {
  std::string html = "<div class=\"wide\"><table class=\"sortable\">\n<thead><tr>";
  for (const Column& column : columns_)
    html += fmt::format("<th{}>{}</th>", column.is_number ? " class=\"n\"" : "", escaped(column.heading));
  html += "</tr></thead>\n<tbody>\n";
  for (const std::vector<std::string>& row : rows_) {
    html += "<tr>";
    for (size_t i = 0; i < row.size(); ++i)
      html += fmt::format("<td{}>{}</td>", columns_[i].is_number ? " class=\"n\"" : "", escaped(row[i]));
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

}  // namespace dha::page
