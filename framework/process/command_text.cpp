#include "process/command_text.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>

#include "process/program_name.hpp"

namespace dha {

namespace {

bool is_plain(unsigned char character) {
  return std::isalnum(character) != 0 ||
         std::string("%+,-./:=@_").find(static_cast<char>(character)) != std::string::npos;
}

std::string shell_word(const std::string& argument) {
  if (!argument.empty() && std::all_of(argument.begin(), argument.end(), is_plain)) return argument;
  std::string text = "'";
  for (const char character : argument) text += character == '\'' ? "'\\''" : std::string(1, character);
  return text + "'";
}

}  // namespace

std::string command_text() {
  std::ifstream arguments("/proc/self/cmdline", std::ios::binary);
  std::string argument, text;
  if (!std::getline(arguments, argument, '\0')) return "";
  text = program_name();
  while (std::getline(arguments, argument, '\0')) text += " " + shell_word(argument);
  return text;
}

}  // namespace dha
