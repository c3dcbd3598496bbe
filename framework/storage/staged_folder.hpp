// Files that belong together and replace those of a folder at once: all are written elsewhere before the first is moved
// in its place.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dha/error.hpp"

namespace dha {

// [one thread]
class StagedFolder {
 public:
  // Makes `folder` where it is not there, and a temporary folder in it, which remove_abandoned_temporaries() knows.
  // Throws Error{kIo}.
  explicit StagedFolder(std::filesystem::path folder);
  ~StagedFolder();  // removes what was not moved, and without commit() a folder that it made
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;

  // Where to write.
  const std::filesystem::path& path() const { return staging_; }

  // `error`, of writing there, with the name of the folder instead of the temporary one.
  Error named(const Error& error) const;

  // Moves the files of path() to the folder, and removes those of `names` there that path() lacks. Without it, the
  // folder keeps its files. Call once, last. Throws Error{kIo}.
  void commit(const std::vector<std::string>& names);

 private:
  std::filesystem::path folder_, staging_;
  int descriptor_ = -1;
  bool is_new_ = false;  // made here, and not committed yet
};

}  // namespace dha
