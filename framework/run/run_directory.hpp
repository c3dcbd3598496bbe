// The folder that a run leaves: runs/<name>/<time>-s<seed>/, with fixed names inside (design: what a run leaves).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace dha {

class RunDirectory {
 public:
  // Makes <parent>/<name>/<time>-s<seed>/ (with -2, -3, … where that exists) and <parent>/<name>/latest, a link to it.
  // Throws Error{kIo} that names the folder and the reason where it cannot be written.
  static RunDirectory create(const std::filesystem::path& parent, const std::string& name, uint64_t seed);

  // An existing run. Throws Error{kUsage} where the folder has no pipeline.json.
  static RunDirectory open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file(const std::string& name) const { return path_ / name; }
  std::filesystem::path checkpoint(const std::string& stage, int64_t epoch) const;  // epoch: number of epochs done

 private:
  explicit RunDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace dha
