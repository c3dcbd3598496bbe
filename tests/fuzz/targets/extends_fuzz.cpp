// Three documents, apart by bytes of 0: the third extends the others. What is accepted resolves to a file that resolves
// to itself.
#include <array>
#include <cstdlib>
#include <fstream>

#include "dha/error.hpp"
#include "input_file.hpp"
#include "pipeline/pipeline.hpp"
#include "support/static_components.hpp"

namespace {

namespace fs = std::filesystem;

// The files' folder, in memory where the system has such a place.
class Folder {
 public:
  Folder() : path_((fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) / name()) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }

  fs::path write(const char* file, std::string_view text) const {
    std::ofstream(path_ / file, std::ios::binary) << text;
    return path_ / file;
  }

 private:
  static std::string name() { return "dha-extends-" + std::to_string(getpid()); }

  fs::path path_;
};

std::array<std::string_view, 3> split(std::string_view text) {
  std::array<std::string_view, 3> parts;
  for (size_t i = 0; i < parts.size(); ++i) {
    const size_t end = i + 1 < parts.size() ? std::min(text.find('\0'), text.size()) : text.size();
    parts[i] = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const dha::PluginRegistry registry = dha::test::component_registry();
  static const Folder folder;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // Files beside these, and what the system keeps in the place of files, are not the input.
  if (text.find("extends") != std::string_view::npos || text.find("\\u") != std::string_view::npos) return 0;
  const auto [first, second, own] = split(text);
  if (own.empty() || own.front() != '{') return 0;
  folder.write("first.json", first);
  folder.write("second.json", second);
  const fs::path file =
      folder.write("own.json", "{\"extends\": [\"first.json\", \"second.json\"]," + std::string(own.substr(1)));
  std::string resolved;
  try {
    resolved = dha::load_pipeline(file, {}, registry).resolved_json;
  } catch (const dha::Error&) {
    return 0;
  }
  const dha::fuzz::InputFile again(reinterpret_cast<const uint8_t*>(resolved.data()), resolved.size());
  if (dha::load_pipeline(again.path(), {}, registry).resolved_json != resolved) std::abort();
  return 0;
}
