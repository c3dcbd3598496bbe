#include "cifar/cifar_files.hpp"

#include <ATen/ops/empty.h>

#include <cstring>
#include <fstream>

#include "dha/error.hpp"
#include "shared/byte_order_mark.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

// Number of records in a file. Throws where it is missing, empty or ends within a record.
int64_t count_records(const fs::path& path, const CifarLayout& layout) {
  std::error_code failed;
  const auto bytes = static_cast<int64_t>(fs::file_size(path, failed));
  if (failed)
    throw Error(ErrorCode::kData, path.string() + " cannot be read (" + failed.message() +
                                      "); a CIFAR set consists of all its files, unpack the archive again");
  const int64_t records = bytes / layout.record_bytes(), rest = bytes % layout.record_bytes();
  if (rest != 0 || records == 0)
    throw Error(ErrorCode::kData, path.string() + " is truncated: record " + std::to_string(records) + " at offset " +
                                      std::to_string(records * layout.record_bytes()) + " has " + std::to_string(rest) +
                                      " bytes, expected " + std::to_string(layout.record_bytes()) +
                                      "; unpack the archive again");
  return records;
}

// Reads `records` records into rows of images and labels.
void read_records(const fs::path& path, int64_t records, const CifarLayout& layout, uint8_t* images, int64_t* labels) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> record(static_cast<size_t>(layout.record_bytes()));
  for (int64_t i = 0; i < records; ++i) {
    if (!file.read(record.data(), layout.record_bytes()))
      throw Error(ErrorCode::kData, path.string() + " cannot be read at record " + std::to_string(i) +
                                        "; check its permissions and its disk");
    const auto label = static_cast<uint8_t>(record[static_cast<size_t>(layout.label_at)]);
    if (label >= layout.classes)
      throw Error(ErrorCode::kData, path.string() + " has label " + std::to_string(label) + " in record " +
                                        std::to_string(i) + " (offset " +
                                        std::to_string(i * layout.record_bytes() + layout.label_at) +
                                        "), expected [0, " + std::to_string(layout.classes - 1) +
                                        "]; the file is damaged or of another set, unpack the archive again");
    labels[i] = label;
    std::memcpy(images + i * kCifarPixelBytes, record.data() + layout.label_bytes, kCifarPixelBytes);
  }
}

}  // namespace

CifarLayout cifar_layout(int64_t classes) {
  if (classes == 10)
    return {"CIFAR-10",
            10,
            1,
            0,
            "cifar-10-batches-bin",
            {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
            {"test_batch.bin"},
            {"batches.meta.txt"},
            50000,
            10000,
            "cifar-10-batches-py",
            "batches.meta",
            "labels",
            "label_names"};
  const std::string kind = classes == 20 ? "coarse" : "fine", names = kind + "_label_names.txt";
  return {"CIFAR-100",
          classes,
          2,
          classes == 20 ? 0 : 1,
          "cifar-100-binary",
          {"train.bin"},
          {"test.bin"},
          {names, "cifar-100-" + names},
          50000,
          10000,
          "cifar-100-python",
          "meta",
          kind + "_labels",
          kind + "_label_names"};
}

ImageTensors read_cifar_files(const fs::path& folder, const std::vector<std::string>& files,
                              const CifarLayout& layout) {
  std::vector<int64_t> records;
  int64_t total = 0;
  for (const std::string& file : files) {
    records.push_back(count_records(folder / file, layout));
    total += records.back();
  }
  ImageTensors split{at::empty({total, 3, kCifarSide, kCifarSide}, at::kByte), at::empty({total}, at::kLong)};
  auto* images = split.images.data_ptr<uint8_t>();
  auto* labels = split.labels.data_ptr<int64_t>();
  for (size_t i = 0; i < files.size(); ++i) {
    read_records(folder / files[i], records[i], layout, images, labels);
    images += records[i] * kCifarPixelBytes;
    labels += records[i];
  }
  return split;
}

std::vector<std::string> read_cifar_names(const fs::path& folder, const CifarLayout& layout) {
  std::vector<std::string> names;
  for (const std::string& candidate : layout.names) {
    std::ifstream file(folder / candidate);
    if (!file) continue;
    for (std::string line; std::getline(file, line);) {
      if (names.empty()) remove_byte_order_mark(line);
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (!line.empty()) names.push_back(line);
    }
    check_name_count(folder / candidate, names, layout);
    return names;
  }
  return numbered_names(layout.classes);
}

std::vector<std::string> numbered_names(int64_t classes) {
  std::vector<std::string> names;
  for (int64_t label = 0; label < classes; ++label) names.push_back(std::to_string(label));
  return names;
}

void check_name_count(const fs::path& path, const std::vector<std::string>& names, const CifarLayout& layout) {
  if (static_cast<int64_t>(names.size()) == layout.classes) return;
  throw Error(ErrorCode::kData, path.string() + " has " + std::to_string(names.size()) + " class names, expected " +
                                    std::to_string(layout.classes) +
                                    "; unpack the archive again, or remove the file to use numbers");
}

}  // namespace dha::datasets
