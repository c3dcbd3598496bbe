// What the tests of IDX files share: files from numbers, and a small set in a folder of its own.
#pragma once

#include <zlib.h>

#include <initializer_list>

#include "idx/idx_dataset.hpp"
#include "shared/dataset_fixture.hpp"

namespace dha::datasets {

using Bytes = std::vector<uint8_t>;

inline Bytes idx(std::initializer_list<uint32_t> lengths, const Bytes& content) {
  Bytes bytes{0, 0, 8, static_cast<uint8_t>(lengths.size())};
  for (const uint32_t length : lengths)
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<uint8_t>(length >> shift));
  bytes.insert(bytes.end(), content.begin(), content.end());
  return bytes;
}

inline Bytes gzip(const Bytes& bytes, const std::filesystem::path& scratch) {
  gzFile file = gzopen(scratch.c_str(), "wb");
  BOOST_REQUIRE(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) == static_cast<int>(bytes.size()));
  gzclose(file);
  return read_bytes(scratch);
}

// Three train and two test images of 2 x 3 px, three classes.
struct IdxFixture {
  test::TemporaryDirectory directory;
  test::TestContext context;
  Bytes train_labels = idx({3}, {2, 0, 1});
  Bytes train_images = idx({3, 2, 3}, {0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 250, 251, 252, 253, 254, 255});

  IdxFixture() {
    put("train-labels-idx1-ubyte", train_labels);
    put("train-images-idx3-ubyte", train_images);
    put("t10k-labels-idx1-ubyte", idx({2}, {1, 1}));
    put("t10k-images-idx3-ubyte", idx({2, 2, 3}, Bytes(12, 7)));
  }
  void put(const std::string& name, const Bytes& bytes) { write_bytes(directory.path() / name, bytes); }
  void move(const std::string& from, const std::string& to) {
    std::filesystem::rename(directory.path() / from, directory.path() / to);
  }
  std::unique_ptr<IdxDataset> make_set(const std::string& more = R"("classes": 3)") {
    return make<IdxDataset>(
        R"({"path": ")" + directory.path().string() + R"(", "height_px": 2, "width_px": 3, )" + more + "}", context);
  }
  std::string open_error() {
    return error_of(ErrorCode::kData, [&] { make_set()->open(); });
  }
};

}  // namespace dha::datasets
