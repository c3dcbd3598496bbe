// A root folder that a test fills, and the index that is made of it.
#pragma once

#include <string>
#include <vector>

#include "image_folder/image_index.hpp"
#include "shared/dataset_fixture.hpp"

namespace dha::datasets::test {

using Texts = std::vector<std::string>;

// Files need not be images: their names say that they are.
struct IndexFixture {
  dha::test::TemporaryDirectory directory;
  ImageSource source;

  IndexFixture() { source.root = directory.path() / "root"; }
  void put(const std::string& path) { write_bytes(source.root / path, {1}); }
  void put_all(const Texts& paths) {
    for (const std::string& path : paths) put(path);
  }
  void put_many(const std::string& folder, int count) {
    for (int i = 0; i < count; ++i) put(folder + "/" + std::to_string(100 + i) + ".jpg");
  }
  void link(const std::string& target, const std::string& path) {
    std::filesystem::create_directories((source.root / path).parent_path());
    std::filesystem::create_symlink(target, source.root / path);
  }
  void list(Split split, const std::string& text) {
    const std::filesystem::path path = directory.path() / ("list" + std::to_string(static_cast<int>(split)));
    std::ofstream(path, std::ios::binary) << text;
    source.lists[static_cast<size_t>(split)] = path;
  }
  ImageIndex build() const {
    ImageIndex index = find_images(source, [] {});
    set_fractions_apart(index, source);
    return index;
  }
  std::string build_error(ErrorCode code = ErrorCode::kData) const {
    return error_of(code, [&] { build(); });
  }
};

// "path:label" of each image.
inline Texts shown_entries(const std::vector<ImageEntry>& entries) {
  Texts texts;
  for (const ImageEntry& entry : entries) texts.push_back(entry.path + ":" + std::to_string(entry.label));
  return texts;
}

// Lines in one text.
inline std::string joined(const Texts& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace dha::datasets::test
