#include "image_folder/image_check_cache.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <type_traits>

#include "image_folder/fnv_hash.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

// To be raised where a check finds more, or sizes mean something else, than before.
constexpr std::string_view kFormat = "dha image checks 2\n";

fs::path cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && fs::path(cache).is_absolute()) return fs::path(cache) / "dha";
  const char* home = std::getenv("HOME");
  if (home != nullptr && fs::path(home).is_absolute()) return fs::path(home) / ".cache" / "dha";
  return {};
}

std::string hexadecimal(uint64_t value) {
  std::array<char, 17> text;
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
  return text.data();
}

}  // namespace

std::optional<FileStamp> stamp_of(const fs::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileStamp{static_cast<uint64_t>(status.st_size),
                   int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

ImageCheckCache::ImageCheckCache(const fs::path& root, bool orient) {
  static_assert(sizeof(Record) == 32 && std::is_trivially_copyable_v<Record>);
  std::error_code unknown;
  root_ = fs::weakly_canonical(root, unknown).native();
  if (!orient) root_ += "\nas stored";
  const fs::path folder = cache_folder();
  if (unknown || folder.empty()) return;
  file_ = folder / ("images-" + hexadecimal(fnv_hash(root_)));
  load();
}

std::string ImageCheckCache::beginning() const {
  std::string text(kFormat);
  text += root_;
  text += '\0';
  return text;
}

// The file: beginning(), the records, the hash of both.
void ImageCheckCache::load() {
  std::ifstream stream(file_, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(stream), {}};
  const std::string expected = beginning();
  const size_t around = expected.size() + sizeof(uint64_t);
  if (content.size() < around || (content.size() - around) % sizeof(Record) != 0 || !content.starts_with(expected))
    return;
  const size_t end = content.size() - sizeof(uint64_t);
  uint64_t hash = 0;
  std::memcpy(&hash, content.data() + end, sizeof hash);
  if (hash != fnv_hash(std::string_view(content).substr(0, end))) return;
  records_.resize((content.size() - around) / sizeof(Record));
  if (!records_.empty()) std::memcpy(records_.data(), content.data() + expected.size(), end - expected.size());
}

std::optional<ImageSize> ImageCheckCache::find(std::string_view path, FileStamp stamp) const {
  const uint64_t hash = fnv_hash(path);
  const auto found = std::lower_bound(records_.begin(), records_.end(), hash,
                                      [](const Record& record, uint64_t value) { return record.path_hash < value; });
  if (found == records_.end() || found->path_hash != hash || found->bytes != stamp.bytes ||
      found->changed_ns != stamp.changed_ns)
    return std::nullopt;
  return ImageSize{found->height, found->width};
}

void ImageCheckCache::add(std::string_view path, FileStamp stamp, ImageSize size) {
  added_.push_back({fnv_hash(path), stamp.bytes, stamp.changed_ns, static_cast<uint32_t>(size.height),
                    static_cast<uint32_t>(size.width)});
}

void ImageCheckCache::save() {
  if (file_.empty()) return;
  const auto by_path = [](const Record& left, const Record& right) { return left.path_hash < right.path_hash; };
  const auto is_same_path = [](const Record& left, const Record& right) { return left.path_hash == right.path_hash; };
  std::sort(added_.begin(), added_.end(), by_path);
  added_.erase(std::unique(added_.begin(), added_.end(), is_same_path), added_.end());
  std::vector<Record> others;
  std::set_difference(records_.begin(), records_.end(), added_.begin(), added_.end(), std::back_inserter(others),
                      by_path);
  others.resize(std::min(others.size(), added_.size()));  // files that are gone do not pile up
  std::vector<Record> merged;
  std::merge(added_.begin(), added_.end(), others.begin(), others.end(), std::back_inserter(merged), by_path);
  if (merged == records_) return;

  std::string content = beginning();
  content.append(reinterpret_cast<const char*>(merged.data()), merged.size() * sizeof(Record));
  const uint64_t hash = fnv_hash(content);
  content.append(reinterpret_cast<const char*>(&hash), sizeof hash);
  std::error_code unwritable;
  fs::create_directories(file_.parent_path(), unwritable);
  const fs::path temporary = file_.native() + "." + std::to_string(getpid()) + ".tmp";
  std::ofstream stream(temporary, std::ios::binary);
  stream.write(content.data(), static_cast<std::streamsize>(content.size()));
  stream.close();
  if (stream) fs::rename(temporary, file_, unwritable);
  if (!stream || unwritable) fs::remove(temporary, unwritable);
}

}  // namespace dha::datasets
