// ImageNet in each of its layouts, and what is said where a part of it is missing or does not fit.
#include "imagenet/imagenet_dataset.hpp"

#include <cstdlib>

#include "image_folder/index_fixture.hpp"
#include "image_folder/written_images.hpp"
#include "imagenet/imagenet_index.hpp"

namespace dha::datasets {

namespace {

namespace fs = std::filesystem;
using test::shown_entries;
using test::Texts;

constexpr const char* kKit = "ILSVRC2012_devkit_t12/data/";

// Four classes, of which meta.mat knows n02119789 as 1, n02100735 as 2, n02110185 as 3 and n01440764 as 4.
struct Fixture : test::IndexFixture {
  std::optional<fs::path> labels;

  void put_text(const std::string& path, const std::string& text) {
    write_bytes(source.root / path, {text.begin(), text.end()});
  }
  void put_training(const std::string& train = "train") {
    for (const char* wnid : {"n01440764", "n02100735", "n02110185", "n02119789"})
      put(train + "/" + wnid + "/" + wnid + "_10026.JPEG");
  }
  void put_validation(const std::string& val = "val") {
    for (const char* number : {"1", "2", "3"}) put(val + "/ILSVRC2012_val_0000000" + number + ".JPEG");
  }
  void put_kit(const std::string& folder = kKit, const std::string& truth = "3\n4\n1\n") {
    put_text(folder + "ILSVRC2012_validation_ground_truth.txt", truth);
    fs::copy(dha::test::source_dir() / "tests/golden/imagenet/meta.mat", source.root / folder / "meta.mat",
             fs::copy_options::overwrite_existing);
  }
  ImageIndex index() const {
    return find_imagenet(source.root, labels, [] {});
  }
  std::string index_error(ErrorCode code = ErrorCode::kData) const {
    return error_of(code, [&] { index(); });
  }
  std::string name(const std::string& path) const { return (source.root / path).string(); }
};

const Texts kTest = {"val/ILSVRC2012_val_00000001.JPEG:2", "val/ILSVRC2012_val_00000002.JPEG:0",
                     "val/ILSVRC2012_val_00000003.JPEG:3"};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(imagenet, Fixture)

BOOST_AUTO_TEST_CASE(labels_a_flat_val_by_the_development_kit) {
  put_training();
  put_validation();
  put("train/n01440764/n01440764_10027.JPEG");
  for (const std::string& folder : Texts{kKit, "devkit/data/", "data/", ""}) {
    put_kit(folder);
    const ImageIndex found = index();
    BOOST_TEST(found.class_names == (Texts{"n01440764", "n02100735", "n02110185", "n02119789"}),
               boost::test_tools::per_element());
    BOOST_TEST(shown_entries(found[Split::kTrain]) ==
                   (Texts{"train/n01440764/n01440764_10026.JPEG:0", "train/n01440764/n01440764_10027.JPEG:0",
                          "train/n02100735/n02100735_10026.JPEG:1", "train/n02110185/n02110185_10026.JPEG:2",
                          "train/n02119789/n02119789_10026.JPEG:3"}),
               boost::test_tools::per_element());
    BOOST_TEST(shown_entries(found[Split::kTest]) == kTest, boost::test_tools::per_element());
    BOOST_TEST(found[Split::kValidation].empty());
    BOOST_TEST(found.information ==
                   (Texts{"read the classes of the images in " + name("val") + " from " +
                              name(folder + "ILSVRC2012_validation_ground_truth.txt"),
                          "the test split is ImageNet's 3 validation images: the labels of its test images are not "
                          "public"}),
               boost::test_tools::per_element());
    BOOST_TEST(found.warnings == (Texts{name("").substr(0, name("").size() - 1) +
                                        " has 5 training and 3 validation images of 4 classes, the published set has "
                                        "1281167 and 50000 of 1000"}),
               boost::test_tools::per_element());
    fs::remove(source.root / folder / "ILSVRC2012_validation_ground_truth.txt");
  }
}

BOOST_AUTO_TEST_CASE(reads_class_folders_in_val) {
  put_training();
  put_all({"val/n02110185/ILSVRC2012_val_00000001.JPEG", "val/n01440764/any.JPEG"});
  const Texts expected = {"val/n01440764/any.JPEG:0", "val/n02110185/ILSVRC2012_val_00000001.JPEG:2"};
  BOOST_TEST(shown_entries(index()[Split::kTest]) == expected, boost::test_tools::per_element());
  labels = source.root / "labels";
  check_contains(index_error(ErrorCode::kInvalidParameter),
                 "'validation_labels' is given, but " + name("val") + " has a");
  labels.reset();
  put("val/n00000001/1.JPEG");
  check_contains(index_error(), "class folder " + name("val/n00000001") + " has no counterpart in " + name("train"));
  put_validation();
  check_contains(index_error(), "contains both folders, such as n00000001, and images, such as ILSVRC2012_val_0000000");
}

BOOST_AUTO_TEST_CASE(reads_kaggles_layout) {
  const std::string base = "ILSVRC/Data/CLS-LOC/";
  put_training(base + "train");
  put_validation(base + "val");
  put("ILSVRC/Annotations/CLS-LOC/val/ILSVRC2012_val_00000001.xml");
  put_text("LOC_val_solution.csv",
           "ImageId,PredictionString\r\nILSVRC2012_val_00000003,n02119789 85 1 499 272 n02119789 1 2 3 4\r\n"
           "ILSVRC2012_val_00000001,n02110185 1 2 3 4\r\nILSVRC2012_val_00000002,n01440764 1 2 3 4\r\n");
  Texts expected = kTest;
  for (std::string& entry : expected) entry.insert(0, base);
  BOOST_TEST(shown_entries(index()[Split::kTest]) == expected, boost::test_tools::per_element());
  put_text("LOC_val_solution.csv", "ImageId,PredictionString\nILSVRC2012_val_00000003;n02119789\n");
  check_contains(index_error(), "LOC_val_solution.csv, line 2: 'ILSVRC2012_val_00000003;n02119789' is not the name of");
}

BOOST_AUTO_TEST_CASE(reads_the_labels_that_it_is_told_to) {
  put_training();
  put_validation();
  put_kit(kKit, "1\n1\n1\n");
  labels = directory.path() / "wnids.txt";
  std::ofstream(*labels) << "n02110185\nn01440764\nn02119789\n\n";
  BOOST_TEST(shown_entries(index()[Split::kTest]) == kTest, boost::test_tools::per_element());
  std::ofstream(*labels) << "n02110185\nfish\n";
  check_contains(index_error(), "wnids.txt, line 2: 'fish' is not a wnid such as n01440764; fetch the file again");
  std::ofstream(*labels) << "tench\n";
  check_contains(index_error(), "line 1: 'tench' is not an ILSVRC2012 id, a wnid, or the head");
  std::ofstream(*labels) << "n02110185\nn01440764\n";
  check_contains(index_error(),
                 "wnids.txt has no class for " + name("val/ILSVRC2012_val_00000003.JPEG") + ", and has 2");
  std::ofstream(*labels) << "n02110185\nn00000002\nn01440764\n";
  check_contains(index_error(), "wnids.txt, n00000002, has no counterpart in " + name("train"));
  std::ofstream(*labels) << "\n";
  check_contains(index_error(), "wnids.txt is empty");
  labels = directory.path() / "nowhere";
  check_contains(index_error(), "nowhere cannot be opened");
}

BOOST_AUTO_TEST_CASE(refuses_ids_that_the_table_lacks) {
  put_training();
  put_validation();
  put_kit(kKit, "3\n7\n1\n");
  check_contains(index_error(), "ground_truth.txt, line 2: '7' is not an ILSVRC2012 id in " + name(kKit) + "meta.mat");
  fs::remove(source.root / kKit / "meta.mat");
  check_contains(index_error(), "meta.mat cannot be read: No such file or directory; unpack the development kit again");
}

BOOST_AUTO_TEST_CASE(says_what_is_missing) {
  check_contains(index_error(), "root is not a folder; set 'path'");
  put("ILSVRC2012_img_train.tar");
  check_contains(index_error(), "has no folder train, but the archive " + name("ILSVRC2012_img_train.tar") +
                                    "; unpack it with `mkdir '" + name("train") + "' && tar -xf ");
  fs::remove(source.root / "ILSVRC2012_img_train.tar");
  check_contains(index_error(), "has no folder train; set 'path' to the folder that has train/<wnid>/<image> and val");
  put("train/n01440764.tar");
  check_contains(index_error(), "contains the archive n01440764.tar of a class; unpack all of them with `cd ");
  fs::remove(source.root / "train/n01440764.tar");
  check_contains(index_error(), "contains no class folder; expected one folder of images per class");
  put_training();
  check_contains(index_error(), "has no folder val; unpack ILSVRC2012_img_val.tar into a folder of that name");
  fs::create_directories(source.root / "val");
  check_contains(index_error(), "val contains no image; unpack ILSVRC2012_img_val.tar into it");
  put_validation();
  check_contains(index_error(), "; unpack ILSVRC2012_devkit_t12.tar.gz there, or set 'validation_labels'");
  put("ILSVRC2012_devkit_t12.tar.gz");
  check_contains(index_error(), "; unpack it with `tar -xf " + name("ILSVRC2012_devkit_t12.tar.gz"));
  put_kit();
  put("val/photo.JPEG");
  check_contains(index_error(), "photo.JPEG is not named like ILSVRC2012_val_00000001.JPEG");
  put("train/cats/1.JPEG");
  check_contains(index_error(), "train/cats is not a class of ImageNet, which are named like n01440764");
}

BOOST_AUTO_TEST_CASE(reads_images_as_a_data_set) {
  dha::test::TemporaryDirectory cache;
  setenv("XDG_CACHE_HOME", cache.path().c_str(), 1);
  put_training();
  put_validation();
  put_kit();
  const std::vector<uint8_t> image = jpeg_bytes(waves(40, 60, 3));
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(source.root))
    if (entry.path().extension() == ".JPEG") write_bytes(entry.path(), image);
  for (int i = 0; i < 3; ++i) write_bytes(source.root / "train/n02119789" / (std::to_string(i) + ".JPEG"), image);
  for (const char* wnid : {"n01440764", "n02100735", "n02110185"})
    write_bytes(source.root / "train" / wnid / "more.JPEG", image);
  dha::test::TestContext context;
  const auto set = make<ImagenetDataset>(
      R"({"path": ")" + source.root.string() + R"(", "validation_fraction": 0.25, "size_px": 16})", context);
  BOOST_TEST(set->info().mean == (std::vector<double>{0.485, 0.456, 0.406}), boost::test_tools::per_element());
  set->open();
  BOOST_TEST(set->info().classes == 4);
  BOOST_TEST(set->size(Split::kTrain) == 6);
  BOOST_TEST(set->size(Split::kValidation) == 4);
  BOOST_TEST(set->size(Split::kTest) == 3);
  BOOST_TEST(set->labels(Split::kTest)[1].item<int64_t>() == 0);
  BOOST_TEST(set->image_name(Split::kTest, 0) == "val/ILSVRC2012_val_00000001.JPEG");
  std::vector<uint8_t> pixels(3 * 16 * 16);
  BOOST_TEST(set->read(Split::kTest, 2, {0, 0, 40, 40, 16, 16, false}, pixels.data()));
  const auto larger = make<ImagenetDataset>(R"({"path": ")" + source.root.string() + R"(", "classes": 1000})", context);
  BOOST_TEST(larger->info().classes == 1000);
  check_contains(error_of(ErrorCode::kData, [&] { larger->open(); }), "has 4 classes, but parameter 'classes' is 1000");
  const auto grey = make<ImagenetDataset>(R"({"path": "nowhere", "channels": 1})", context);
  BOOST_TEST(grey->info().mean.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::datasets
