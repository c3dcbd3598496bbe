#include "image_folder/only_folder.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

constexpr int kMostDepth = 3;  // what lies deeper counts as images, so that a circle of links has an end

// Whether there may be an image in `folder`. `has_files` is set where there are other files.
bool may_hold_image(const fs::path& folder, int depth, bool& has_files) {
  const FolderContent content = read_folder(folder);
  if (!content.images.empty() || !content.dangling.empty()) return true;
  if (!content.others.empty()) has_files = true;
  if (depth == kMostDepth) return !content.folders.empty();
  for (const std::string& name : content.folders)
    if (may_hold_image(folder / name, depth + 1, has_files)) return true;
  return false;
}

bool holds_other_files_alone(const fs::path& folder) {
  bool has_files = false;
  return !may_hold_image(folder, 0, has_files) && has_files;
}

}  // namespace

std::optional<std::string> only_folder(const fs::path& folder, const FolderContent& content) {
  if (!content.images.empty() || !content.dangling.empty()) return std::nullopt;
  std::optional<std::string> only;
  for (const std::string& name : content.folders) {
    if (is_run_folder(folder / name) || holds_other_files_alone(folder / name)) continue;
    if (only) return std::nullopt;
    only = name;
  }
  if (!only) return std::nullopt;
  const FolderContent inner = read_folder(folder / *only);
  if (inner.folders.empty() || !inner.images.empty()) return std::nullopt;
  return only;
}

}  // namespace dha::datasets
