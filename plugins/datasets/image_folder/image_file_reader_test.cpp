// The ability to read image files that belong to no data set.
#include "image_folder/image_file_reader.hpp"

#include <png.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <vector>

#include "image_folder/image_folder_dataset.hpp"
#include "image_folder/index_fixture.hpp"
#include "image_folder/written_images.hpp"
#include "support/test_context.hpp"

namespace dha::datasets {

namespace {

namespace fs = std::filesystem;
using test::Texts;
using Bytes = std::vector<uint8_t>;

struct Fixture : test::IndexFixture {
  dha::test::TestContext context;
  std::string root = source.root.string();

  std::string at(const std::string& path) const { return root + "/" + path; }
  std::unique_ptr<ImageFolderDataset> closed_set(const std::string& more = "") {
    return make<ImageFolderDataset>(R"({"path": "/gone")" + more + "}", context);
  }
};

const ImageFiles& files_of(Dataset& set) {
  const auto* files = static_cast<const ImageFiles*>(set.capability("dha.image_files/1"));
  BOOST_TEST_REQUIRE(files != nullptr);
  return *files;
}

Bytes pixels_of(const ImageFiles& files, const std::string& path, int64_t channels) {
  const ImageSize size = files.size(path);
  Bytes pixels(static_cast<size_t>(channels * size.height * size.width));
  files.read(path, size, {0, 0, size.height, size.width, size.height, size.width, false}, pixels.data());
  return pixels;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(image_file_reader, Fixture)

BOOST_AUTO_TEST_CASE(lists_the_images_below_a_folder_in_byte_order) {
  put_all({"b/2.jpg", "a.PNG", "b/c/1.webp", "B.jpeg", "notes.txt", ".hidden.jpg", "b/run/pipeline.json",
           "b/run/log.txt", "b/run/x.jpg"});
  link("b", "z");
  const auto set = closed_set();
  const FolderImages found = files_of(*set).find(root);
  BOOST_TEST(found.paths == (Texts{at("B.jpeg"), at("a.PNG"), at("b/2.jpg"), at("b/c/1.webp")}),
             boost::test_tools::per_element());
  BOOST_TEST(
      found.left_out == (Texts{root + ": left out 1 file that is not an image: 1 .txt; and 1 hidden file or folder",
                               root + ": left out 1 folder with runs of dha: b/run",
                               root + ": left out 1 folder reached a second time through a link (z)"}),
      boost::test_tools::per_element());
  BOOST_TEST(files_of(*set).find(root + "/b/").paths == (Texts{at("b/2.jpg"), at("b/c/1.webp")}),
             boost::test_tools::per_element());
  fs::create_directories(at("nothing"));
  BOOST_TEST(files_of(*set).find(at("nothing")).paths.empty());
  check_contains(error_of(ErrorCode::kData, [&] { files_of(*set).find(at("gone")); }), at("gone"));
  context.cancel = true;
  error_of(ErrorCode::kCancelled, [&] { files_of(*set).find(root); });
}

BOOST_AUTO_TEST_CASE(reads_as_the_parameters_of_the_set_say) {
  Picture deep(2, 3, 1);
  for (size_t i = 0; i < deep.pixels.size(); ++i)
    deep.pixels[i] = static_cast<uint8_t>(i + 1);  // of 12 bits: times 256
  write_bytes(at("deep.png"), png_bytes(deep, PNG_COLOR_TYPE_GRAY, 16));
  const Bytes as_16 = pixels_of(files_of(*closed_set(R"(, "channels": 1)")), at("deep.png"), 1);
  const Bytes as_12 = pixels_of(files_of(*closed_set(R"(, "channels": 1, "bits": 12)")), at("deep.png"), 1);
  BOOST_TEST(as_16 == (Bytes{1, 2, 3, 4, 5, 6}), boost::test_tools::per_element());
  BOOST_TEST(as_12 == (Bytes{16, 32, 48, 64, 80, 96}), boost::test_tools::per_element());
  BOOST_TEST(pixels_of(files_of(*closed_set()), at("deep.png"), 3).size() == 18u);
}

BOOST_AUTO_TEST_CASE(names_a_file_that_cannot_be_read) {
  const auto set = closed_set();
  const auto problem = [&](const std::string& path) {
    return error_of(ErrorCode::kData, [&] { files_of(*set).size(at(path)); });
  };
  write_bytes(at("text.jpg"), {'t', 'e', 'x', 't'});
  Bytes cut = jpeg_bytes(waves(64, 48, 3));
  cut.resize(cut.size() - 40);
  write_bytes(at("cut.jpg"), cut);
  link("nowhere", "link.jpg");
  BOOST_TEST_REQUIRE(mkfifo(at("pipe.jpg").c_str(), 0600) == 0);
  BOOST_TEST(problem("gone.jpg") == at("gone.jpg") + " cannot be opened: No such file or directory");
  BOOST_TEST(problem("link.jpg") == at("link.jpg") + " is a link to nowhere, which does not exist");
  BOOST_TEST(problem("pipe.jpg") == at("pipe.jpg") + " is a folder, pipe, socket or device, not a file");
  BOOST_TEST(problem("").starts_with(root));
  BOOST_TEST(problem("text.jpg").starts_with(at("text.jpg") + " is not a JPEG, PNG or WebP image"));
  BOOST_TEST(problem("cut.jpg").starts_with(at("cut.jpg") + " is a truncated JPEG"));
  const auto lenient = closed_set(R"(, "truncated": "accept")");
  BOOST_TEST(files_of(*lenient).size(at("cut.jpg")).height == 64);
}

BOOST_AUTO_TEST_CASE(has_no_other_ability) { BOOST_TEST((closed_set()->capability("dha.image_files/2") == nullptr)); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::datasets
