// Files that appear complete or not at all: written next to their destination, flushed to disk, then renamed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace dha {

// Writes a file piece by piece and moves it to its destination at commit(). Without commit(), also after an exception
// or a kill, the destination keeps its content. Follows symbolic links. Writes directly to a file that is not regular
// (a device, a pipe). [one thread at a time]
class AtomicFileWriter {
 public:
  // Throws Error{kIo} that names file and reason (not permitted, no such folder, name too long).
  explicit AtomicFileWriter(std::filesystem::path file);
  ~AtomicFileWriter();  // removes the temporary file if commit() was not reached
  AtomicFileWriter(const AtomicFileWriter&) = delete;
  AtomicFileWriter& operator=(const AtomicFileWriter&) = delete;

  // Throws Error{kIo} (no space left).
  void write(const void* data, size_t size);
  void write(std::string_view text) { write(text.data(), text.size()); }

  // Flushes the content, renames, flushes the folder. Call once, last. Throws Error{kIo}.
  void commit();

 private:
  void open_temporary();
  void open_directly();
  [[noreturn]] void fail(int error_number) const;

  std::filesystem::path file_, temporary_;  // no temporary one if the destination is not a regular file
  int descriptor_ = -1;
};

// Throws Error{kIo} that names file and reason (no space left, not permitted); the temporary file is removed.
void write_file_atomically(const std::filesystem::path& file, std::string_view content);

// Throws Error{kIo}.
std::string read_file(const std::filesystem::path& file);

// Like read_file(), for a file that is a verb's input: throws Error{kData}.
std::string read_input_file(const std::filesystem::path& file);

// Flushes names in `folder` to disk, so that a rename or a new folder survives a power failure. Throws Error{kIo}.
void flush_folder(const std::filesystem::path& folder);

// Removes temporary files that a killed writer left in `folder`; those of living writers stay. Never throws.
void remove_abandoned_temporaries(const std::filesystem::path& folder) noexcept;

}  // namespace dha
