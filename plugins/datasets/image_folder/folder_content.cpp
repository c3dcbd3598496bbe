#include "image_folder/folder_content.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <utility>

#include "image_folder/image_kind.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

constexpr int kMostRunDepth = 3;  // runs/<name>/<time>

// Of macOS, Synology's and QNAP's systems, Windows, and file systems.
bool is_hidden(std::string_view name) {
  constexpr std::array<std::string_view, 8> kSystem = {
      "__MACOSX",  "@eaDir", "#recycle", "@Recycle", "@Recently-Snapshot", "$RECYCLE.BIN", "System Volume Information",
      "lost+found"};
  return name.starts_with('.') || std::find(kSystem.begin(), kSystem.end(), name) != kSystem.end();
}

bool holds(const std::vector<std::string>& names, const char* name) {
  return std::binary_search(names.begin(), names.end(), name);
}

bool is_run(const FolderContent& content) {
  return holds(content.others, "pipeline.json") &&
         (holds(content.others, "metrics.jsonl") || holds(content.others, "log.txt"));
}

// Of what a link leads to. Reading a folder nearly always tells the types of its files, which status() asks for again.
fs::file_type type_of(const fs::directory_entry& entry, std::error_code& error) {
  if (entry.is_regular_file(error)) return fs::file_type::regular;
  if (entry.is_directory(error)) return fs::file_type::directory;
  return entry.status(error).type();
}

void sort_entry(const fs::directory_entry& entry, FolderContent& content) {
  std::string name = entry.path().filename().native();
  if (is_hidden(name)) {
    ++content.hidden;
    return;
  }
  std::error_code error;
  const fs::file_type type = type_of(entry, error);
  if (type == fs::file_type::not_found || error == std::errc::too_many_symbolic_link_levels)
    content.dangling.push_back(std::move(name));
  else if (error)
    throw fs::filesystem_error("cannot inspect", entry.path(), error);
  else if (type == fs::file_type::directory)
    content.folders.push_back(std::move(name));
  else if (type != fs::file_type::regular)
    content.special.push_back(std::move(name));
  else if (has_image_extension(name) || begins_like_image(entry.path()))
    content.images.push_back(std::move(name));
  else
    content.others.push_back(std::move(name));
}

// Goes through a folder and those below it.
class Walk {
 public:
  Walk(const fs::path& root, const std::function<void()>& check_cancelled, LeftOut& left_out)
      : root_(root), check_cancelled_(check_cancelled), left_out_(left_out) {}

  FoundImages find(const fs::path& folder) {
    // A link in `folder` must not lead back to where it lies.
    fs::path above = root_;
    if (!folder.empty()) visited_.insert(id_of(above));
    for (const fs::path& part : folder.parent_path()) visited_.insert(id_of(above /= part));
    if (!read(folder, 0)) left_out_.add_second_way(folder);
    if (!found_.paths.empty())
      for (const fs::path& run : runs_) left_out_.add_run(run);
    found_.has_runs = !runs_.empty();
    std::sort(found_.paths.begin(), found_.paths.end());
    return std::move(found_);
  }

 private:
  using Id = std::pair<dev_t, ino_t>;

  static Id id_of(const fs::path& folder) {
    struct stat status {};
    if (stat(folder.c_str(), &status) != 0)
      throw fs::filesystem_error("cannot inspect", folder, std::error_code(errno, std::generic_category()));
    return {status.st_dev, status.st_ino};
  }

  // Whether this is the first visit; a folder is read once.
  bool read(const fs::path& folder, int depth) {
    check_cancelled_();
    const Id id = id_of(root_ / folder);
    if (!visited_.insert(id).second) return false;
    FolderContent content = read_folder(root_ / folder);
    if (depth <= kMostRunDepth && is_run(content)) {
      runs_.push_back(folder);
      return true;
    }
    take_dangling_images(content);
    content.leave_out_rest(folder, left_out_);
    if (!content.images.empty()) found_.folders.push_back({folder.native(), id});
    for (const std::string& name : content.images) found_.paths.push_back((folder / name).native());
    // Folders before links to them, so that an image has the path that lies in its class.
    std::stable_partition(content.folders.begin(), content.folders.end(),
                          [&](const std::string& name) { return !fs::is_symlink(root_ / folder / name); });
    for (const std::string& name : content.folders)
      if (!read(folder / name, depth + 1) &&
          !is_run(read_folder(root_ / folder / name)))  // runs/<name>/latest is a link to one
        left_out_.add_second_way(folder / name);
    return true;
  }

  // A link to nothing is an image that cannot be read, unless its name says that it is none.
  static void take_dangling_images(FolderContent& content) {
    std::vector<std::string> others;
    for (std::string& name : content.dangling) {
      if (has_image_extension(name) || extension_of(name).empty())
        content.images.push_back(std::move(name));
      else
        others.push_back(std::move(name));
    }
    content.dangling.clear();
    for (std::string& name : others) content.others.push_back(std::move(name));
  }

  const fs::path& root_;
  const std::function<void()>& check_cancelled_;
  LeftOut& left_out_;
  FoundImages found_;
  std::vector<fs::path> runs_;
  std::set<Id> visited_;
};

// Whether there is an image in `folder` (true), or nothing but runs and other files. `has_runs` is set where there are.
bool has_image_outside_runs(const fs::path& folder, int depth, bool& has_runs) {
  const FolderContent content = read_folder(folder);
  if (is_run(content)) {
    has_runs = true;
    return false;
  }
  if (!content.images.empty()) return true;
  if (depth == kMostRunDepth) return false;
  return std::any_of(content.folders.begin(), content.folders.end(), [&](const std::string& name) {
    return has_image_outside_runs(folder / name, depth + 1, has_runs);
  });
}

}  // namespace

void FolderContent::leave_out_rest(const fs::path& folder, LeftOut& left_out) const {
  for (const std::string& name : others) left_out.add_file(name);
  for (const std::string& name : dangling) left_out.add_dangling(folder / name);
  for (const std::string& name : special) left_out.add_special(folder / name);
  left_out.add_hidden(hidden);
}

FolderContent read_folder(const fs::path& folder) {
  FolderContent content;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) sort_entry(entry, content);
  for (std::vector<std::string>* names :
       {&content.folders, &content.images, &content.others, &content.dangling, &content.special})
    std::sort(names->begin(), names->end());
  return content;
}

FoundImages find_images_below(const fs::path& root, const fs::path& folder,
                              const std::function<void()>& check_cancelled, LeftOut& left_out) {
  return Walk(root, check_cancelled, left_out).find(folder);
}

bool is_run_folder(const fs::path& folder) {
  bool has_runs = false;
  return !has_image_outside_runs(folder, 0, has_runs) && has_runs;
}

}  // namespace dha::datasets
