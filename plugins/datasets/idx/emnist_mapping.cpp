#include "idx/emnist_mapping.hpp"

#include <fstream>
#include <sstream>

#include "dha/error.hpp"
#include "idx/idx_name.hpp"
#include "shared/byte_order_mark.hpp"
#include "shared/folder_search.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void refuse(const fs::path& path, const std::string& what) {
  throw Error(
      ErrorCode::kData,
      path.string() + what + "; fetch the file again, set 'class_names', or move the file elsewhere to use numbers");
}

// Of a printable character.
bool is_code_point(int64_t code) {
  return code > 0x20 && code <= 0x10ffff && !(code >= 0x7f && code < 0xa0) && !(code >= 0xd800 && code < 0xe000);
}

std::string utf8(int64_t code) {
  const auto byte = [&](int shift, int64_t lead, int64_t bits) {
    return static_cast<char>(lead | (code >> shift & bits));
  };
  if (code < 0x80) return {byte(0, 0, 0x7f)};
  if (code < 0x800) return {byte(6, 0xc0, 0x1f), byte(0, 0x80, 0x3f)};
  if (code < 0x10000) return {byte(12, 0xe0, 0x0f), byte(6, 0x80, 0x3f), byte(0, 0x80, 0x3f)};
  return {byte(18, 0xf0, 0x07), byte(12, 0x80, 0x3f), byte(6, 0x80, 0x3f), byte(0, 0x80, 0x3f)};
}

// Reads the characters after the label; empty where there is none or one is no number of a character.
std::string characters(std::istringstream& line) {
  std::string name;
  for (int64_t code = 0; line >> code;) {
    if (!is_code_point(code)) return "";
    name += utf8(code);
  }
  return line.eof() ? name : "";
}

}  // namespace

fs::path find_emnist_mapping(const fs::path& folder, const std::string& prefix) {
  if (prefix.empty()) return {};
  for (const std::string& file : list_folder(folder).files)
    if (lower_case(file) == lower_case(prefix) + "-mapping.txt") return folder / file;
  return {};
}

std::vector<std::string> read_emnist_mapping(const fs::path& path, const LabelRange& range) {
  std::ifstream file(path);
  if (!file) refuse(path, " cannot be opened");
  std::vector<std::string> names(static_cast<size_t>(range.classes));
  const std::string labels = std::to_string(range.base) + " to " + std::to_string(range.base + range.classes - 1);
  int64_t number = 0;
  for (std::string text; std::getline(file, text);) {
    if (++number == 1) remove_byte_order_mark(text);
    std::istringstream line(text);
    if ((line >> std::ws).eof()) continue;
    int64_t label = 0;
    const bool has_label = static_cast<bool>(line >> label);
    std::string name = has_label ? characters(line) : "";
    if (name.empty())
      refuse(path, " has '" + text.substr(0, 40) + "' in line " + std::to_string(number) +
                       ", expected a label and the code points of its characters");
    if (label < range.base || label >= range.base + range.classes)
      refuse(path,
             " has label " + std::to_string(label) + " in line " + std::to_string(number) + ", expected " + labels);
    std::string& place = names[static_cast<size_t>(label - range.base)];
    if (!place.empty())
      refuse(path, " has label " + std::to_string(label) + " twice, again in line " + std::to_string(number));
    place = std::move(name);
  }
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i].empty())
      refuse(path, " lacks label " + std::to_string(static_cast<int64_t>(i) + range.base) + ", expected " + labels);
  return names;
}

}  // namespace dha::datasets
