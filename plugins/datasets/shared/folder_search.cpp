#include "shared/folder_search.hpp"

#include <algorithm>

#include "dha/error.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

constexpr int kDepth = 3;                  // as in fashion-mnist/data/fashion
constexpr size_t kFoldersOfALevel = 1000;  // a folder of photographs, or "/", was named by mistake

}  // namespace

FolderListing list_folder(const fs::path& path) {
  FolderListing listing{path, {}, {}};
  std::error_code failed;
  fs::directory_iterator entry(path, failed);
  for (; !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
    std::string name = entry->path().filename().string();
    if (name.front() == '.' || name == "__MACOSX") continue;
    std::error_code dangling;
    (entry->is_directory(dangling) ? listing.folders : listing.files).push_back(std::move(name));
  }
  if (failed)
    throw Error(ErrorCode::kData,
                path.string() + " cannot be read (" + failed.message() + "); set 'path' to the folder of the data set");
  std::sort(listing.files.begin(), listing.files.end());
  std::sort(listing.folders.begin(), listing.folders.end());
  return listing;
}

void walk_folders(const fs::path& root, const std::function<bool(const FolderListing&)>& visit) {
  std::vector<fs::path> level{root};
  for (int depth = 0; depth <= kDepth; ++depth) {
    std::vector<fs::path> below;
    for (const fs::path& folder : level) {
      FolderListing listing;
      try {
        listing = list_folder(folder);
      } catch (const Error&) {
        if (depth == 0) throw;
        continue;
      }
      if (visit(listing)) continue;
      for (const std::string& name : listing.folders)
        if (below.size() < kFoldersOfALevel) below.push_back(folder / name);
    }
    level = std::move(below);
  }
}

}  // namespace dha::datasets
