#include "report/printable.hpp"

#include <utf8proc.h>

#include <algorithm>

namespace dha {

namespace {

// U+0080 to U+009F, of which a terminal may obey some.
bool is_second_control(std::string_view text) {
  return text.size() > 1 && text[0] == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0;
}

struct Character {
  size_t bytes = 1, columns = 1;
};

// Takes the first character off `text`, which is not empty.
Character take_character(std::string_view& text) {
  constexpr utf8proc_int32_t kEmojiVariation = 0xfe0f;  // makes the character before it wide on many terminals
  utf8proc_int32_t code = 0;
  const auto bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                      static_cast<utf8proc_ssize_t>(text.size()), &code);
  Character character;
  if (bytes > 0) {
    character.bytes = static_cast<size_t>(bytes);
    character.columns = code == kEmojiVariation ? 1 : static_cast<size_t>(std::max(utf8proc_charwidth(code), 0));
  }
  text.remove_prefix(character.bytes);
  return character;
}

}  // namespace

bool is_bidi_control(std::string_view text) {
  if (text.size() < 3 || text[0] != '\xe2') return false;
  const auto last = static_cast<unsigned char>(text[2]);
  return (text[1] == '\x80' && last >= 0xaa && last <= 0xae) || (text[1] == '\x81' && last >= 0xa6 && last <= 0xa9);
}

std::string printable(std::string_view text, std::string_view indent) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::string safe;
  safe.reserve(text.size());
  for (size_t at = 0; at < text.size(); ++at) {
    const char character = text[at];
    const auto byte = static_cast<unsigned char>(character);
    if (is_second_control(text.substr(at))) {
      safe += '?';
      ++at;
    } else if (is_bidi_control(text.substr(at))) {
      safe += '?';
      at += 2;
    } else if (character == '\n') {
      safe.append("\n").append(indent);
    } else if (character == '\t') {
      safe += ' ';
    } else {
      safe += byte < 0x20 || byte == 0x7f ? '?' : character;
    }
  }
  return safe;
}

std::string printable_line(std::string_view text) {
  std::string line = printable(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

size_t columns_of(std::string_view text) {
  size_t columns = 0;
  while (!text.empty()) columns += take_character(text).columns;
  return columns;
}

std::string_view first_columns(std::string_view text, size_t columns) {
  std::string_view rest = text;
  for (size_t seen = 0; !rest.empty();) {
    const Character next = take_character(rest);
    if ((seen += next.columns) > columns) return text.substr(0, text.size() - rest.size() - next.bytes);
  }
  return text;
}

std::string broken_into_lines(std::string_view text, size_t columns, std::string_view indent) {
  std::string broken;
  size_t used = 0;
  char before = '\n';  // the word
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of(" \n", at), text.size());
    const std::string_view word = text.substr(at, end - at);
    if (before == ' ' && used + 1 + columns_of(word) > columns) {
      broken.append("\n").append(indent);
      used = columns_of(indent);
    } else if (at > 0) {
      broken += before;
      used = before == '\n' ? 0 : used + 1;
    }
    broken += word;
    used += columns_of(word);
    if (end < text.size()) before = text[end];
    at = end + 1;
  }
  return broken;
}

}  // namespace dha
