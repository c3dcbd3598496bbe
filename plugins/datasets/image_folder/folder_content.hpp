// What lies in a folder, sorted by how a folder set treats it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "image_folder/left_out.hpp"

namespace dha::datasets {

// Names in byte order. Links are followed. Hidden are names that begin with a dot, and folders in which operating
// systems keep data of their own, such as __MACOSX, @eaDir and $RECYCLE.BIN.
struct FolderContent {
  std::vector<std::string> folders, images, others;  // others: regular files that are no images
  std::vector<std::string> dangling;                 // links to nothing, or to themselves
  std::vector<std::string> special;                  // pipes, sockets, devices
  int64_t hidden = 0;

  // Adds all but the folders and the images to `left_out`, as what lies in `folder`, a path below the root.
  void leave_out_rest(const std::filesystem::path& folder, LeftOut& left_out) const;
};

// Reads the first bytes of files whose names do not say that they are images. Throws std::filesystem::filesystem_error.
FolderContent read_folder(const std::filesystem::path& folder);

// A folder with images of its own, however many links lead to it.
struct ImageFolder {
  std::string path;  // below the root
  std::pair<dev_t, ino_t> id;
};

// Images below root/folder, at any depth.
struct FoundImages {
  std::vector<std::string> paths;    // below the root, in byte order; with links to nothing that were images
  std::vector<ImageFolder> folders;  // that they are in
  bool has_runs = false;             // runs of dha lie in it
};

// `folder`: a path below `root`; empty: the root itself. Each folder is read once, however many links lead to it, and
// none of those that hold `folder`; those left out are added to `left_out`, as are files that are no images. Runs of
// dha, up to three levels down, are left out; they are added where the same folder also holds images. `check_cancelled`
// is called for each folder and may throw.
FoundImages find_images_below(const std::filesystem::path& root, const std::filesystem::path& folder,
                              const std::function<void()>& check_cancelled, LeftOut& left_out);

// Whether there are runs of dha in `folder`, up to three levels down, and no image outside them.
bool is_run_folder(const std::filesystem::path& folder);

}  // namespace dha::datasets
