#include "image_folder/readable_images.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "dha/error.hpp"
#include "image_folder/file_names.hpp"
#include "image_folder/image_check.hpp"
#include "image_folder/image_check_cache.hpp"
#include "image_folder/left_out.hpp"
#include "image_folder/unreadable_image.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMostThreads = 16;
constexpr size_t kImagesAtOnce = 32;
constexpr size_t kMostNamed = 5;
constexpr std::array<const char*, 3> kSplitNames = {"training", "validation", "test"};

// Why an image cannot be read.
struct Damage {
  std::string reason;  // follows the file's name
  bool is_missing_end = false;
};

// All images of an index in a row: by split, then in their order.
class Check {
 public:
  Check(ImageIndex& index, const fs::path& root, const CheckOptions& options, Context& context)
      : index_(index), root_(root), options_(options), context_(context), cache_(root, options.reading.orient) {
    for (std::vector<ImageEntry>& split : index.splits)
      for (ImageEntry& entry : split) entries_.push_back(&entry);
    stamps_.resize(entries_.size());
  }

  int64_t run() {
    check_all();
    save();
    if (damages_.empty()) return 0;
    const std::string emptied = find_emptied();
    if (!options_.skip_unreadable) refuse(emptied.empty());
    if (!emptied.empty())
      throw Error(ErrorCode::kData, emptied + "; the first: " + sentence(*damages_.begin()) +
                                        "; replace the files, or leave the class or split out altogether");
    report();
    remove();
    return static_cast<int64_t>(damages_.size());
  }

 private:
  using Damaged = std::pair<const size_t, Damage>;

  void check_all();
  void check_some();
  void check_one(size_t position);
  void save();
  std::string sentence(const Damaged& damaged) const {
    return shown(root_ / entries_[damaged.first]->path) + " " + damaged.second.reason;
  }
  std::string first_sentences() const;
  [[noreturn]] void refuse(bool may_skip) const;
  std::string find_emptied() const;
  void report() const;
  void remove();

  ImageIndex& index_;
  const fs::path& root_;
  const CheckOptions options_;
  Context& context_;
  ImageCheckCache cache_;
  std::vector<ImageEntry*> entries_;
  std::vector<std::optional<FileStamp>> stamps_;  // of images that are whole
  std::atomic<size_t> next_ = 0, checked_ = 0;
  std::mutex mutex_;
  std::map<size_t, Damage> damages_;  // by position, guarded by mutex_ as what follows
  std::exception_ptr failure_;
};

void Check::check_all() {
  const size_t cores = std::clamp<size_t>(std::thread::hardware_concurrency(), 1, kMostThreads);
  const size_t count = std::min(cores, entries_.size() / kImagesAtOnce + 1);
  {
    std::vector<std::jthread> threads;
    try {
      for (size_t i = 1; i < count; ++i) threads.emplace_back([this] { check_some(); });
    } catch (const std::system_error&) {
      // Where the system has no more threads, those that there are do the work.
    }
    check_some();
  }
  if (failure_) std::rethrow_exception(failure_);
}

// Takes images until there are no more or another thread has failed.
void Check::check_some() {
  try {
    for (size_t begin = 0; (begin = next_.fetch_add(kImagesAtOnce)) < entries_.size();) {
      if (context_.cancelled()) throw Error(ErrorCode::kCancelled, "stopped while checking images");
      const size_t end = std::min(begin + kImagesAtOnce, entries_.size());
      for (size_t i = begin; i < end; ++i) check_one(i);
      checked_ += end - begin;
      if (options_.progress)
        options_.progress(static_cast<int64_t>(checked_.load()), static_cast<int64_t>(entries_.size()));
    }
  } catch (...) {
    next_ = entries_.size();
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
  }
}

void Check::check_one(size_t position) {
  ImageEntry& entry = *entries_[position];
  const fs::path path = root_ / entry.path;
  const std::optional<FileStamp> stamp = stamp_of(path);
  if (stamp) entry.bytes = static_cast<int64_t>(stamp->bytes);
  Damage damage;
  try {
    if (const auto known = stamp ? cache_.find(entry.path, *stamp) : std::nullopt) {
      entry.size = *known;
      stamps_[position] = stamp;
      return;
    }
    ImageCheck check = check_image(path, options_.reading);
    entry.size = check.size;
    if (check.missing_end.empty()) stamps_[position] = stamp;
    if (check.missing_end.empty() || options_.reading.accept_truncated) return;
    damage = {std::move(check.missing_end), true};
  } catch (const UnreadableImage& error) {
    damage = {error.what(), false};
  }
  const std::lock_guard lock(mutex_);
  damages_.emplace(position, std::move(damage));
}

void Check::save() {
  for (size_t i = 0; i < entries_.size(); ++i)
    if (stamps_[i]) cache_.add(entries_[i]->path, *stamps_[i], entries_[i]->size);
  cache_.save();
}

std::string Check::first_sentences() const {
  std::string text;
  size_t count = 0;
  for (const Damaged& damaged : damages_) {
    if (count++ == kMostNamed) break;
    text += (text.empty() ? "" : "; ") + sentence(damaged);
  }
  if (damages_.size() > kMostNamed) text += "; and " + std::to_string(damages_.size() - kMostNamed) + " more";
  return text;
}

void Check::refuse(bool may_skip) const {
  const bool is_one = damages_.size() == 1;
  const bool lack_ends = std::all_of(damages_.begin(), damages_.end(),
                                     [](const Damaged& damaged) { return damaged.second.is_missing_end; });
  std::string text = is_one ? first_sentences()
                            : std::to_string(damages_.size()) + " of " + std::to_string(entries_.size()) +
                                  " images cannot be read: " + first_sentences();
  text += std::string(may_skip ? "; replace or remove the file" : "; replace the file") + (is_one ? "" : "s");
  if (lack_ends)
    text += std::string(may_skip ? ", " : ", or ") + "set 'truncated' to 'accept' to use the available part";
  if (may_skip) text += ", or set 'unreadable' to 'skip' to leave such images out";
  throw Error(ErrorCode::kData, text);
}

// A class or split that has images but none that can be read, as the subject of a sentence; else empty.
std::string Check::find_emptied() const {
  std::vector<size_t> whole(index_.class_names.size()), all(index_.class_names.size());
  std::array<size_t, 3> whole_of_split{};
  size_t position = 0;
  for (size_t split = 0; split < index_.splits.size(); ++split)
    for (const ImageEntry& entry : index_.splits[split]) {
      const bool is_whole = damages_.count(position++) == 0;
      whole_of_split[split] += is_whole ? 1 : 0;
      if (split != static_cast<size_t>(Split::kTrain)) continue;
      ++all[static_cast<size_t>(entry.label)];
      whole[static_cast<size_t>(entry.label)] += is_whole ? 1 : 0;
    }
  const auto none_of = [](size_t count, const std::string& split, const std::string& of_class) {
    if (count == 1) return "the only " + split + " image" + of_class + " cannot be read";
    return "none of the " + counted(static_cast<int64_t>(count), split + " image") + of_class + " can be read";
  };
  for (size_t split = 0; split < index_.splits.size(); ++split)
    if (whole_of_split[split] == 0 && !index_.splits[split].empty())
      return none_of(index_.splits[split].size(), kSplitNames[split], "");
  for (size_t label = 0; label < whole.size(); ++label)
    if (whole[label] == 0) return none_of(all[label], "training", " of class '" + index_.class_names[label] + "'");
  return "";
}

void Check::report() const {
  for (const Damaged& damaged : damages_) context_.log(LogLevel::kDebug, "skipped: " + sentence(damaged));
  context_.log(LogLevel::kWarning, "left out " + counted(static_cast<int64_t>(damages_.size()), "image") +
                                       " that cannot be read: " + first_sentences());
}

void Check::remove() {
  size_t position = 0;
  for (std::vector<ImageEntry>& split : index_.splits) {
    std::vector<ImageEntry> kept;
    for (ImageEntry& entry : split)
      if (damages_.count(position++) == 0) kept.push_back(std::move(entry));
    split = std::move(kept);
  }
}

}  // namespace

int64_t check_images(ImageIndex& index, const fs::path& root, const CheckOptions& options, Context& context) {
  return Check(index, root, options, context).run();
}

}  // namespace dha::datasets
