#include "cifar/cifar_folder.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "dha/error.hpp"
#include "shared/archive.hpp"
#include "shared/folder_search.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kData, what); }

// What the search met.
struct Found {
  std::vector<fs::path> binary, python;  // folders with training files of the set
  std::vector<fs::path> other_set;       // with those of the other set
  std::vector<fs::path> matlab;          // folders or archives of this set's MATLAB version
  std::vector<fs::path> archives;        // the set's own first
};

bool is_in(const std::vector<std::string>& names, const std::string& name) {
  return std::binary_search(names.begin(), names.end(), name);
}

bool has_binary_files(const FolderListing& listing, const CifarLayout& layout) {
  return std::any_of(layout.train.begin(), layout.train.end(),
                     [&](const std::string& file) { return is_in(listing.files, file); });
}

// The Python and the MATLAB version name their files as the binary one does, with another ending or none. A file that
// is called "train" says little by itself.
bool has_python_files(const FolderListing& listing, const CifarLayout& layout) {
  return (listing.path.filename() == layout.python_folder || is_in(listing.files, layout.python_names)) &&
         std::any_of(layout.train.begin(), layout.train.end(),
                     [&](const std::string& file) { return is_in(listing.files, fs::path(file).stem().string()); });
}

bool has_matlab_files(const FolderListing& listing, const CifarLayout& layout) {
  return is_in(listing.files, fs::path(layout.train.front()).stem().string() + ".mat");
}

// "cifar-10-": how the set's folders and archives start.
std::string stem(const CifarLayout& layout) { return layout.classes == 10 ? "cifar-10-" : "cifar-100-"; }

std::string binary_archive(const CifarLayout& layout) { return stem(layout) + "binary.tar.gz"; }

bool is_matlab(const std::string& archive, const CifarLayout& layout) {
  return archive.starts_with(stem(layout) + "matlab.");
}

void note_archives(const FolderListing& listing, const CifarLayout& layout, const CifarLayout& other, Found& found) {
  for (const std::string& file : listing.files) {
    if (unpack_command(file).empty()) continue;
    const fs::path path = listing.path / file;
    if (is_matlab(file, layout))
      found.matlab.push_back(path);
    else if (file.starts_with(stem(other)))
      found.other_set.push_back(path);
    else
      found.archives.insert(file.starts_with(stem(layout)) ? found.archives.begin() : found.archives.end(), path);
  }
}

Found search(const fs::path& path, const CifarLayout& layout) {
  const CifarLayout other = cifar_layout(layout.classes == 10 ? 100 : 10);
  Found found;
  walk_folders(path, [&](const FolderListing& listing) {
    note_archives(listing, layout, other, found);
    if (has_matlab_files(listing, layout)) found.matlab.push_back(listing.path);
    if (has_binary_files(listing, other) || has_python_files(listing, other)) found.other_set.push_back(listing.path);
    const bool is_binary = has_binary_files(listing, layout), is_python = has_python_files(listing, layout);
    if (is_binary) found.binary.push_back(listing.path);
    if (is_python) found.python.push_back(listing.path);
    return is_binary || is_python;
  });
  return found;
}

// "fetch cifar-10-binary.tar.gz into the folder and unpack it …"
std::string fetch_advice(const fs::path& folder, const fs::path& path, const CifarLayout& layout) {
  return "fetch " + binary_archive(layout) + " into " + folder.string() + " and " +
         unpack_advice(folder / binary_archive(layout), path);
}

[[noreturn]] void refuse_file(const fs::path& path, const CifarLayout& layout) {
  if (is_matlab(path.filename().string(), layout))
    refuse(path.string() + " is the MATLAB version of " + layout.set + ", which is not read; " +
           fetch_advice(path.parent_path(), path, layout));
  if (!unpack_command(path).empty())
    refuse(path.string() + " is an archive, and archives are not read; " + unpack_advice(path, path));
  refuse(path.string() + " is a file, expected a folder; set 'path' to " + path.parent_path().string());
}

[[noreturn]] void refuse_nothing(const fs::path& path, const CifarLayout& layout, const Found& found) {
  const std::string lacks = path.string() + " has no folder " + layout.folder + " with " + layout.train.front() +
                            ", nor " + layout.python_folder + " with " + fs::path(layout.train.front()).stem().string();
  const bool has_archive = !found.archives.empty();
  if (has_archive && found.archives.front().filename().string().starts_with(stem(layout)))
    refuse(lacks + ", but the archive " + found.archives.front().string() + "; " +
           unpack_advice(found.archives.front(), path));
  if (!found.matlab.empty())
    refuse(lacks + ", but the MATLAB version in " + found.matlab.front().string() + ", which is not read; " +
           fetch_advice(path, path, layout));
  if (!found.other_set.empty())
    refuse(lacks + ", but " + (layout.classes == 10 ? "CIFAR-100" : "CIFAR-10") + " in " +
           found.other_set.front().string() + "; set 'classes' to " +
           (layout.classes == 10 ? "100, or to 20 for its coarse labels" : "10"));
  if (has_archive)
    refuse(lacks + ", but the archive " + found.archives.front().string() + "; " +
           unpack_advice(found.archives.front(), path));
  refuse(lacks + ", up to three folders deep; " + fetch_advice(path, path, layout));
}

}  // namespace

CifarFolder find_cifar_folder(const fs::path& path, const CifarLayout& layout) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored)) refuse_file(path, layout);
  const Found found = search(path, layout);
  const bool is_python = found.binary.empty();
  const std::vector<fs::path>& folders = is_python ? found.python : found.binary;
  if (folders.empty()) refuse_nothing(path, layout, found);
  if (folders.size() == 1) return {folders.front(), is_python};
  std::vector<fs::path> named = folders;
  std::erase_if(named, [&](const fs::path& folder) {
    return folder.filename() != (is_python ? layout.python_folder : layout.folder);
  });
  if (named.size() == 1) return {named.front(), is_python};
  std::string text;
  for (const fs::path& folder : folders) text += (text.empty() ? "" : ", ") + folder.string();
  refuse(path.string() + " has " + layout.set + " in " + std::to_string(folders.size()) + " folders: " + text +
         "; set 'path' to one of them");
}

}  // namespace dha::datasets
