// Folders below the one that a user names: archives and download tools put the files of a set at different depths.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace dha::datasets {

// The entries of a folder: names, sorted, without hidden ones. A link counts as what it leads to, else as a file.
struct FolderListing {
  std::filesystem::path path;
  std::vector<std::string> files, folders;
};

// Throws Error{kData} where the folder cannot be listed.
FolderListing list_folder(const std::filesystem::path& path);

// Visits `root`, then the folders below it, level by level, at most three levels down. Does not enter a folder for
// which `visit` returns true, nor one that cannot be listed. Throws Error{kData} where `root` is no folder or cannot be
// listed.
void walk_folders(const std::filesystem::path& root, const std::function<bool(const FolderListing&)>& visit);

}  // namespace dha::datasets
