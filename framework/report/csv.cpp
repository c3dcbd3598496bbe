#include "report/csv.hpp"

#include <algorithm>

namespace dha {

namespace {

std::string field_text(std::string_view field) {
  if (field.find_first_of(",\"\r\n") == field.npos) return std::string(field);
  std::string text = "\"";
  for (const char character : field) {
    if (character == '"') text += '"';
    text += character;
  }
  return text + '"';
}

// Takes one field off the front of `text`, up to the comma or line break behind it.
std::string take_field(std::string_view& text) {
  if (!text.starts_with('"')) {
    const size_t end = std::min(text.find_first_of(",\r\n"), text.size());
    std::string field(text.substr(0, end));
    text.remove_prefix(end);
    return field;
  }
  std::string field;
  for (text.remove_prefix(1); !text.empty(); text.remove_prefix(1)) {
    if (text[0] == '"') {
      if (!text.starts_with("\"\"")) break;
      text.remove_prefix(1);
    }
    field += text[0];
  }
  if (!text.empty()) text.remove_prefix(1);
  return field;
}

}  // namespace

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) line.append(&field == fields.data() ? "" : ",").append(field_text(field));
  return line + '\n';
}

std::vector<std::vector<std::string>> parse_csv(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  while (!text.empty()) {
    if (text[0] == '\n' || text[0] == '\r') {
      text.remove_prefix(1);
      continue;
    }
    std::vector<std::string> row{take_field(text)};
    while (text.starts_with(',')) {
      text.remove_prefix(1);
      row.push_back(take_field(text));
    }
    // Text behind a closing quote belongs to no field.
    text.remove_prefix(std::min(text.find_first_of("\r\n"), text.size()));
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace dha
