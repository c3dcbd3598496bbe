#include "shared/archive.hpp"

#include <algorithm>
#include <cctype>

namespace dha::datasets {

namespace {

std::string quoted(const std::string& text) {
  const auto is_plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '/' || c == '.' || c == '-' || c == '_';
  };
  if (std::all_of(text.begin(), text.end(), is_plain)) return text;
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? "'\\''" : std::string(1, c);
  return result + "'";
}

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : ".";
}

}  // namespace

std::string unpack_command(const std::filesystem::path& archive) {
  std::string name = archive.filename().string();
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  const std::string file = quoted(archive.string()), folder = quoted(folder_of(archive).string());
  if (name.ends_with(".zip")) return "unzip " + file + " -d " + folder;
  for (const char* ending : {".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"})
    if (name.ends_with(ending)) return "tar -xf " + file + " -C " + folder;
  return "";
}

std::string unpack_advice(const std::filesystem::path& archive, const std::filesystem::path& path) {
  const std::filesystem::path folder = folder_of(archive);
  return "unpack it with `" + unpack_command(archive) + "`" +
         (folder / "" == path / "" ? "" : " and set 'path' to " + folder.string());
}

}  // namespace dha::datasets
