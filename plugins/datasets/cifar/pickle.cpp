#include "cifar/pickle.hpp"

#include <fstream>

#include "dha/error.hpp"

namespace dha::datasets {

namespace {

constexpr uintmax_t kMostBytes = uintmax_t{512} << 20;  // more than three times the largest published file

std::vector<char> read_bytes(const std::filesystem::path& path) {
  std::error_code failed;
  const uintmax_t size = std::filesystem::file_size(path, failed);
  if (failed)
    throw Error(ErrorCode::kData, path.string() + " cannot be read (" + failed.message() +
                                      "); a CIFAR set consists of all its files, unpack the archive again");
  if (size > kMostBytes)
    throw Error(ErrorCode::kData, path.string() + " has " + std::to_string(size) + " bytes, expected at most " +
                                      std::to_string(kMostBytes) + "; unpack the archive again");
  std::vector<char> bytes(size);
  std::ifstream file(path, std::ios::binary);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(size)))
    throw Error(ErrorCode::kData, path.string() + " cannot be read; check its permissions and its disk");
  return bytes;
}

}  // namespace

Pickle::Pickle(const std::filesystem::path& path)
    : bytes_(read_bytes(path)), content_(run_pickle({bytes_.data(), bytes_.size()}, path)) {
  if (content_.values[content_.root].kind != PickleValue::Kind::kDictionary)
    throw Error(ErrorCode::kData, path.string() + " is not a pickled dictionary; unpack the archive again");
}

const PickleValue* Pickle::find(std::string_view key, PickleValue::Kind kind) const {
  const std::vector<uint32_t>& items = content_.values[content_.root].items;
  for (size_t i = items.size(); i >= 2; i -= 2) {  // of equal keys the last one counts
    const PickleValue& name = content_.values[items[i - 2]];
    if (name.kind != PickleValue::Kind::kText || name.text != key) continue;
    const PickleValue& value = content_.values[items[i - 1]];
    return value.kind == kind ? &value : nullptr;
  }
  return nullptr;
}

}  // namespace dha::datasets
