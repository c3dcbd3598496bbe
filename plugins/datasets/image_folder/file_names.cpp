#include "image_folder/file_names.hpp"

#include <utf8proc.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

// Length of the UTF-8 character at the beginning of `text`; 0 where there is none.
size_t character_at(std::string_view text) {
  utf8proc_int32_t code_point = 0;
  const utf8proc_ssize_t length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                                   static_cast<utf8proc_ssize_t>(text.size()), &code_point);
  return length > 0 ? static_cast<size_t>(length) : 0;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// In Unicode's composed form; nothing where `text` is not UTF-8.
std::optional<std::string> composed(std::string_view text) {
  const std::string terminated(text);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> form(
      utf8proc_NFC(reinterpret_cast<const utf8proc_uint8_t*>(terminated.c_str())), &std::free);
  if (!form) return std::nullopt;
  return reinterpret_cast<const char*>(form.get());
}

}  // namespace

bool is_utf8(std::string_view name) {
  while (!name.empty()) {
    const size_t length = character_at(name);
    if (length == 0) return false;
    name.remove_prefix(length);
  }
  return true;
}

std::string shown(const fs::path& path) {
  std::string_view name = path.native();
  std::string text;
  while (!name.empty()) {
    const size_t length = character_at(name);
    if (length == 0 || is_control(name.front())) {
      std::array<char, 5> escape;
      std::snprintf(escape.data(), escape.size(), "\\x%02x", static_cast<unsigned>(static_cast<uint8_t>(name.front())));
      text += escape.data();
      name.remove_prefix(1);
    } else {
      text += name.substr(0, length);
      name.remove_prefix(length);
    }
  }
  return text;
}

bool is_same_text(std::string_view left, std::string_view right) {
  const std::optional<std::string> form = composed(left);
  return form && form == composed(right);
}

std::string case_folded(std::string_view name) {
  utf8proc_uint8_t* folded = nullptr;
  const utf8proc_ssize_t length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(name.data()), static_cast<utf8proc_ssize_t>(name.size()),
                   &folded, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD));
  if (length < 0) return std::string(name);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(folded, &std::free);
  return {reinterpret_cast<const char*>(folded), static_cast<size_t>(length)};
}

std::optional<fs::path> find_same_text(const fs::path& root, const fs::path& path) {
  fs::path found = root;
  for (const fs::path& part : path) {
    std::error_code missing;
    if (fs::exists(found / part, missing)) {
      found /= part;
      continue;
    }
    fs::path match;
    for (fs::directory_iterator entry(found, missing), end; !missing && entry != end; entry.increment(missing))
      if (is_same_text(entry->path().filename().native(), part.native())) match = entry->path().filename();
    if (match.empty()) return std::nullopt;
    found /= match;
  }
  return found;
}

}  // namespace dha::datasets
