// meta.mat as scipy writes it (tests/golden/imagenet), and how damage is reported.
#include "imagenet/synsets.hpp"

#include <zlib.h>

#include <cstring>

#include "shared/dataset_fixture.hpp"

namespace dha::datasets {

namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

fs::path golden(const char* name) { return test::source_dir() / "tests/golden/imagenet" / name; }

struct Fixture {
  test::TemporaryDirectory directory;

  std::string error(const Bytes& bytes) {
    write_bytes(directory.path() / "meta.mat", bytes);
    return error_of(ErrorCode::kData, [&] { read_synsets(directory.path() / "meta.mat"); });
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(synsets, Fixture)

BOOST_AUTO_TEST_CASE(reads_a_table_with_and_without_compression) {
  const SynsetNames expected = {{1, "n02119789"}, {2, "n02100735"}, {3, "n02110185"},
                                {4, "n01440764"}, {5, "n02083346"}, {6, "n00001740"}};
  BOOST_TEST((read_synsets(golden("meta.mat")) == expected));
  BOOST_TEST((read_synsets(golden("meta_plain.mat")) == expected));
}

BOOST_AUTO_TEST_CASE(refuses_a_table_that_ends_early_at_any_byte) {
  for (const char* name : {"meta.mat", "meta_plain.mat"}) {
    const Bytes whole = read_bytes(golden(name));
    for (size_t size = 0; size < whole.size(); size += 5) {
      if (size == 128 || whole.size() - size < 8) continue;
      const std::string message = error(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
      BOOST_TEST_REQUIRE(message.find("unpack the development kit again") != std::string::npos, message);
    }
  }
}

BOOST_AUTO_TEST_CASE(refuses_other_files) {
  check_contains(error({1, 2, 3}), "meta.mat cannot be read: it is not a MAT-file of MATLAB 5 to 7.2");
  Bytes bytes = read_bytes(golden("meta_plain.mat"));
  bytes[126] = 'M';
  bytes[127] = 'I';
  check_contains(error(bytes), "with the byte order of a PC; unpack the development kit again");
  Bytes compressed = read_bytes(golden("meta.mat"));
  compressed[200] ^= 0xff;
  error(compressed);
  check_contains(error(Bytes(compressed.begin(), compressed.begin() + 128)), "it has no struct array 'synsets'");
  check_contains(error_of(ErrorCode::kData, [&] { read_synsets(directory.path() / "nowhere"); }),
                 "nowhere cannot be read: No such file or directory");
}

BOOST_AUTO_TEST_CASE(bounds_what_is_decompressed) {
  const Bytes zeros(size_t{65} << 20);
  uLongf size = compressBound(zeros.size());
  Bytes bytes = read_bytes(golden("meta.mat"));
  bytes.resize(136 + size);
  compress2(bytes.data() + 136, &size, zeros.data(), zeros.size(), 1);
  bytes.resize(136 + size);
  const uint32_t tag[2] = {15, static_cast<uint32_t>(size)};
  std::memcpy(bytes.data() + 128, tag, sizeof tag);
  check_contains(error(bytes), "it has more than 67108864 bytes after decompression");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::datasets
