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
  std::vector<fs::path> folders;        // with training files of the set
  std::vector<fs::path> other_set;      // with those of the other set
  std::vector<fs::path> other_version;  // of this set: folders or archives of its Python or MATLAB version
  std::vector<fs::path> archives;       // the set's own first
};

bool is_in(const std::vector<std::string>& names, const std::string& name) {
  return std::binary_search(names.begin(), names.end(), name);
}

bool has_training_files(const FolderListing& listing, const CifarLayout& layout) {
  return std::any_of(layout.train.begin(), layout.train.end(),
                     [&](const std::string& file) { return is_in(listing.files, file); });
}

// "cifar-10-": how the set's folders and archives start.
std::string stem(const CifarLayout& layout) { return layout.classes == 10 ? "cifar-10-" : "cifar-100-"; }

std::string binary_archive(const CifarLayout& layout) { return stem(layout) + "binary.tar.gz"; }

bool is_other_version(const std::string& archive, const CifarLayout& layout) {
  return archive.starts_with(stem(layout) + "python.") || archive.starts_with(stem(layout) + "matlab.");
}

// The Python and the MATLAB version name their files as the binary one does, with another ending or none.
bool has_other_version(const FolderListing& listing, const CifarLayout& layout) {
  const std::string train = fs::path(layout.train.front()).stem().string();
  if (is_in(listing.files, train + ".mat")) return true;
  return is_in(listing.files, train) && is_in(listing.files, layout.classes == 10 ? "batches.meta" : "meta");
}

void note_archives(const FolderListing& listing, const CifarLayout& layout, const CifarLayout& other, Found& found) {
  for (const std::string& file : listing.files) {
    if (unpack_command(file).empty()) continue;
    const fs::path path = listing.path / file;
    if (is_other_version(file, layout))
      found.other_version.push_back(path);
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
    if (has_other_version(listing, layout)) found.other_version.push_back(listing.path);
    if (has_training_files(listing, other)) found.other_set.push_back(listing.path);
    if (!has_training_files(listing, layout)) return false;
    found.folders.push_back(listing.path);
    return true;
  });
  return found;
}

// "fetch cifar-10-binary.tar.gz into the folder and unpack it …"
std::string fetch_advice(const fs::path& folder, const fs::path& path, const CifarLayout& layout) {
  return "fetch " + binary_archive(layout) + " into " + folder.string() + " and " +
         unpack_advice(folder / binary_archive(layout), path);
}

[[noreturn]] void refuse_file(const fs::path& path, const CifarLayout& layout) {
  if (is_other_version(path.filename().string(), layout))
    refuse(path.string() + " is another version of " + layout.set + ", and only the binary one is read; " +
           fetch_advice(path.parent_path(), path, layout));
  if (!unpack_command(path).empty())
    refuse(path.string() + " is an archive, and archives are not read; " + unpack_advice(path, path));
  refuse(path.string() + " is a file, expected a folder; set 'path' to " + path.parent_path().string());
}

[[noreturn]] void refuse_nothing(const fs::path& path, const CifarLayout& layout, const Found& found) {
  const std::string lacks = path.string() + " has no folder " + layout.folder + " with " + layout.train.front();
  const bool has_archive = !found.archives.empty();
  if (has_archive && found.archives.front().filename().string().starts_with(stem(layout)))
    refuse(lacks + ", but the archive " + found.archives.front().string() + "; " +
           unpack_advice(found.archives.front(), path));
  if (!found.other_version.empty())
    refuse(lacks + ", but another version in " + found.other_version.front().string() +
           ", and only the binary one is read; " + fetch_advice(path, path, layout));
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

fs::path find_cifar_folder(const fs::path& path, const CifarLayout& layout) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored)) refuse_file(path, layout);
  Found found = search(path, layout);
  if (found.folders.empty()) refuse_nothing(path, layout, found);
  if (found.folders.size() == 1) return found.folders.front();
  std::vector<fs::path> named = found.folders;
  std::erase_if(named, [&](const fs::path& folder) { return folder.filename() != layout.folder; });
  if (named.size() == 1) return named.front();
  std::string text;
  for (const fs::path& folder : found.folders) text += (text.empty() ? "" : ", ") + folder.string();
  refuse(path.string() + " has " + layout.set + " in " + std::to_string(found.folders.size()) + " folders: " + text +
         "; set 'path' to one of them");
}

}  // namespace dha::datasets
