#include "image_folder/left_out.hpp"

#include <algorithm>
#include <utility>

#include "image_folder/file_names.hpp"
#include "image_folder/image_kind.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMostNamed = 5;
constexpr size_t kMostExtensions = 10;

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : std::string(between)) + part;
  return text;
}

// "a, b and 3 more".
std::string named(const std::vector<fs::path>& paths) {
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(paths.size(), kMostNamed); ++i) names.push_back(shown(paths[i]));
  const std::string more =
      paths.size() > kMostNamed ? " and " + std::to_string(paths.size() - kMostNamed) + " more" : "";
  return joined(names, ", ") + more;
}

}  // namespace

std::string counted(int64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

void LeftOut::add_file(std::string_view name) {
  ++by_extension_[extension_of(name)];
  ++files_;
}

void LeftOut::add_files(const LeftOut& other) {
  for (const auto& [extension, count] : other.by_extension_) by_extension_[extension] += count;
  files_ += other.files_;
  hidden_ += other.hidden_;
}

void LeftOut::add_loose(const fs::path& folder, int64_t images) {
  if (images > 0)
    unused_images_.push_back(counted(images, "image") + " directly in " +
                             (folder.empty() ? "the root folder" : shown(folder)) + ", in no class folder");
}

void LeftOut::add_folder(const fs::path& folder, int64_t images) {
  if (images > 0)
    unused_images_.push_back(counted(images, "image") + " in " + shown(folder) + ", which is not the name of a split");
}

std::string LeftOut::about_files() const {
  std::vector<std::pair<std::string, int64_t>> kinds(by_extension_.begin(), by_extension_.end());
  std::stable_sort(kinds.begin(), kinds.end(),
                   [](const auto& left, const auto& right) { return left.second > right.second; });
  std::vector<std::string> parts;
  int64_t rest = files_;
  for (size_t i = 0; i < std::min(kinds.size(), kMostExtensions); ++i) {
    const auto& [extension, count] = kinds[i];
    parts.push_back(std::to_string(count) + " " + (extension.empty() ? "without an extension" : shown(extension)));
    rest -= count;
  }
  if (rest > 0) parts.push_back(std::to_string(rest) + " others");
  const std::string hidden =
      hidden_ > 0 ? std::to_string(hidden_) + (hidden_ == 1 ? " hidden file or folder" : " hidden files or folders")
                  : "";
  if (files_ == 0) return hidden.empty() ? "" : "left out " + hidden;
  return "left out " + counted(files_, "file") + (files_ == 1 ? " that is not an image: " : " that are not images: ") +
         joined(parts, ", ") + (hidden.empty() ? "" : "; and " + hidden);
}

std::string LeftOut::about_runs() const {
  if (runs_.empty()) return "";
  return "left out " + counted(static_cast<int64_t>(runs_.size()), "folder") + " with runs of dha: " + named(runs_);
}

std::string LeftOut::warning() const {
  std::vector<std::string> parts = unused_images_;
  const auto add = [&parts](const std::vector<fs::path>& paths, const char* noun, const char* reason) {
    if (!paths.empty())
      parts.push_back(counted(static_cast<int64_t>(paths.size()), noun) + reason + " (" + named(paths) + ")");
  };
  add(second_ways_, "folder", " reached a second time through a link");
  add(dangling_, "link", " to nothing");
  add(special_, "file", " of a kind that is never opened: pipe, socket or device");
  return parts.empty() ? "" : "left out " + joined(parts, "; ");
}

}  // namespace dha::datasets
