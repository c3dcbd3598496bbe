// The folder of a run: runs/<name>/<time>-s<seed>/, with fixed file names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace dha {

class RunDirectory {
 public:
  // Makes <parent>/<name>/<time>-s<seed>/ (with -2, -3, … where that exists), checkpoints/ in it, and
  // <parent>/<name>/latest, a link to it (not on file systems without links). <time>: local, 2026-01-31-140509.
  // Throws Error{kIo} that names the folder and the reason if it cannot be written, and Error{kInvalidConfig} for a
  // name that cannot be a folder's.
  static RunDirectory create(const std::filesystem::path& parent, const std::string& name, uint64_t seed);

  // An existing run; path() has no links in it. Throws Error{kUsage} if the folder has no pipeline.json.
  static RunDirectory open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file(const std::string& name) const { return path_ / name; }

  // checkpoints/<stage>-<epoch, 4 digits>.safetensors, with ".<step, 6 digits>" where steps of the next epoch are done
  // too; epoch: number of epochs done. Throws Error{kInvalidConfig} for a stage's name that cannot be part of a file's.
  std::filesystem::path checkpoint(const std::string& stage, int64_t epoch, int64_t step = 0) const;

 private:
  explicit RunDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace dha
