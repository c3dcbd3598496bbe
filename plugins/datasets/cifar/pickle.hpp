// The values in a file that Python pickled, as far as the files of CIFAR's Python version need them.
//
// A pickle is a program for a stack machine, and may name any function for the machine to call. Nothing is called here:
// the names by which numpy rebuilds an array of bytes are recognised, and every other name is refused, as is every
// instruction that the files of CIFAR do without. Format: protocols 2 to 5, documented in CPython's pickletools module.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dha::datasets {

struct PickleValue {
  enum class Kind { kNone, kBoolean, kInteger, kText, kList, kTuple, kDictionary, kName, kType, kArray };

  Kind kind = Kind::kNone;
  int64_t integer = 0;          // kBoolean, kInteger; kName: which of the known ones
  std::string_view text;        // kText: str, or bytes of any kind; kArray: the elements, unsigned bytes row by row
  std::vector<uint32_t> items;  // kList, kTuple; kDictionary: keys and values in turn; kArray: the lengths of its shape
};

// Values refer to each other by number, so that no depth of nesting costs stack, and a list may contain itself.
struct PickleValues {
  std::vector<PickleValue> values;
  std::deque<std::string> texts;  // those that are not contained in the file as they are
  uint32_t root = 0;
};

// `texts` of the result refer to `program`. `path` is the file's name for messages. Memory and time are bounded by a
// small multiple of the program's size. Throws Error{kData}.
PickleValues run_pickle(std::string_view program, const std::filesystem::path& path);

// A file whose outermost value is a dictionary with names as keys.
class Pickle {
 public:
  // Throws Error{kData} where the file cannot be read, is larger than 512 MiB, or has other content.
  explicit Pickle(const std::filesystem::path& path);
  Pickle(const Pickle&) = delete;
  Pickle& operator=(const Pickle&) = delete;

  // The value of a key, which is str or bytes; null where there is none of this kind.
  const PickleValue* find(std::string_view key, PickleValue::Kind kind) const;
  const PickleValue& operator[](uint32_t number) const { return content_.values[number]; }

 private:
  std::vector<char> bytes_;
  PickleValues content_;
};

}  // namespace dha::datasets
