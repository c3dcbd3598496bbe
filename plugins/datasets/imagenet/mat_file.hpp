// Struct arrays in a MAT-file of MATLAB 5 to 7.2, as far as ImageNet's table of classes needs them.
//
// Such a file is a header of 128 bytes and data elements: a tag of type and size, and bytes. An array is an element
// that contains elements: flags, lengths, name, then the values, which for a struct array are arrays again; it may be
// compressed as a whole. Format: MathWorks, MAT-File Format (Level 5).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dha::datasets {

// An array, read from front to back. Every function throws Error{kData} where the file is damaged or has something
// else.
class MatArray {
 public:
  // `bytes`: those of an element of type array; `path`: the file's name, for messages. Both must outlive this.
  MatArray(std::string_view bytes, const std::filesystem::path& path);

  bool is_struct() const;
  const std::string& name() const { return name_; }

  // Of a struct array: the names of its fields, then, element by element and field by field, the bytes of arrays.
  std::vector<std::string> read_field_names();
  bool has_more() const { return !rest_.empty(); }
  std::string_view next_array();
  MatArray open(std::string_view bytes) const { return {bytes, *path_}; }

  // The first value of an array of whole numbers; the characters of an array of text in ASCII.
  int64_t read_number();
  std::string read_text();

  [[noreturn]] void fail(const std::string& what) const;

 private:
  std::string_view next(uint32_t& type);

  std::string_view rest_;
  const std::filesystem::path* path_;
  uint32_t class_ = 0;
  std::string name_;
};

class MatFile {
 public:
  // Throws Error{kData} where the file cannot be read, is larger than 64 MiB or is no such file.
  explicit MatFile(const std::filesystem::path& path);
  MatFile(const MatFile&) = delete;
  MatFile& operator=(const MatFile&) = delete;

  // Refers to this object. Decompresses at most 64 MiB. Throws Error{kData}, also where there is no such array.
  MatArray find_struct(std::string_view name) const;

 private:
  std::filesystem::path path_;
  std::vector<char> bytes_;
  mutable std::vector<std::vector<char>> decompressed_;
};

}  // namespace dha::datasets
