// How folders become splits and classes, and the treatment of other folders, links and files that are not images.
#include "image_folder/class_folders.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "image_folder/image_kind.hpp"
#include "image_folder/index_fixture.hpp"

namespace dha::datasets {

namespace {

namespace fs = std::filesystem;
using test::joined;
using test::shown_entries;
using test::Texts;

struct Fixture : test::IndexFixture {
  void put_bytes(const std::string& path, std::string_view bytes) {
    write_bytes(source.root / path, {bytes.begin(), bytes.end()});
  }
  void put_run(const std::string& folder) { put_all({folder + "/pipeline.json", folder + "/log.txt"}); }
};

size_t images(const ImageIndex& index, Split split) { return index[split].size(); }

bool is_quiet(const ImageIndex& index) { return index.information.empty() && index.warnings.empty(); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(class_folders, Fixture)

BOOST_AUTO_TEST_CASE(knows_splits_in_any_case_and_among_other_words) {
  put_all({"Train/a/1.jpg", "Valid/a/2.jpg", "TEST/a/3.jpg"});
  const ImageIndex index = build();
  BOOST_TEST(index.class_names == (Texts{"a"}), boost::test_tools::per_element());
  BOOST_TEST(shown_entries(index[Split::kValidation]) == (Texts{"Valid/a/2.jpg:0"}), boost::test_tools::per_element());
  BOOST_TEST(images(index, Split::kTest) == 1u);
  BOOST_TEST(is_quiet(index));

  fs::remove_all(source.root);
  put_all({"seg_train/a/1.jpg", "seg_train/b/1.jpg", "seg_test/b/2.jpg"});
  BOOST_TEST(shown_entries(build()[Split::kTest]) == (Texts{"seg_test/b/2.jpg:1"}), boost::test_tools::per_element());

  fs::remove_all(source.root);
  put_all({"bullet_train/1.jpg", "test_tube/1.jpg", "car/1.jpg"});
  BOOST_TEST(build().class_names == (Texts{"bullet_train", "car", "test_tube"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(refuses_splits_below_classes) {
  put_all({"ant/train/1.jpg", "ant/test/2.jpg", "bee/train/3.jpg", "bee/test/4.jpg"});
  const std::string root = source.root.string();
  check_contains(build_error(), "class folder " + root +
                                    "/ant contains the splits train and test, expected them above "
                                    "the classes; move " +
                                    root + "/ant/train to " + root + "/train/ant, " + root + "/ant/test to " + root +
                                    "/test/ant, and so on for every class");
  fs::create_directories(source.root / "train");
  fs::create_directories(source.root / "test");
  for (const char* name : {"ant", "bee"}) {
    for (const char* split : {"train", "test"}) fs::rename(source.root / name / split, source.root / split / name);
    fs::remove(source.root / name);
  }
  BOOST_TEST(shown_entries(build()[Split::kTest]) == (Texts{"test/ant/2.jpg:0", "test/bee/4.jpg:1"}),
             boost::test_tools::per_element());
  put_all({"test/ant/train/5.jpg", "test/ant/test/6.jpg"});  // deeper folders of a class mean nothing
  BOOST_TEST(images(build(), Split::kTest) == 4u);
}

BOOST_AUTO_TEST_CASE(warns_where_the_classes_may_lie_deeper) {
  put_all({"art/images/ant/1.jpg", "art/images/bee/1.jpg", "photo/ant/1.jpg", "photo/bee/1.jpg", "sketch/1.jpg"});
  const ImageIndex index = build();
  BOOST_TEST(index.class_names == (Texts{"art", "photo", "sketch"}), boost::test_tools::per_element());
  BOOST_TEST(joined(index.warnings) ==
             "2 class folders in " + source.root.string() +
                 " contain folders in the place of images, such as art with ant and bee: all images below are of class "
                 "art; set 'path' to " +
                 (source.root / "art/images").string() +
                 " if these folders are the classes, or rename the splits to train and test\n");
  put_all({"art/2.jpg", "photo/2.jpg"});
  BOOST_TEST(build().warnings.empty());
}

BOOST_AUTO_TEST_CASE(reports_classes_that_another_split_lacks) {
  put_all({"train/ant/1.jpg", "train/bee/1.jpg", "train/owl/1.jpg", "test/bee/1.jpg"});
  fs::create_directories(source.root / "val/ant");
  const ImageIndex index = build();
  BOOST_TEST(joined(index.information) == "2 classes have no test images, such as ant\n");
  BOOST_TEST(joined(index.warnings) ==
             (source.root / "val").string() + " contains no image in a class folder: there are no validation images\n");
}

BOOST_AUTO_TEST_CASE(follows_a_folder_that_is_all_there_is) {
  put_all({"photos/seg_train/seg_train/a/1.jpg", "photos/seg_train/seg_train/b/1.jpg",
           "photos/seg_test/seg_test/a/2.jpg", "__MACOSX/photos/._1.jpg", "photos/readme.txt"});
  const ImageIndex index = build();
  BOOST_TEST(index.class_names == (Texts{"a", "b"}), boost::test_tools::per_element());
  BOOST_TEST(shown_entries(index[Split::kTest]) == (Texts{"photos/seg_test/seg_test/a/2.jpg:0"}),
             boost::test_tools::per_element());
  BOOST_TEST_REQUIRE(index.information.size() == 5u);
  BOOST_TEST(index.information[0] == "read " + (source.root / "photos").string() + " instead of " +
                                         source.root.string() + ", which contains no other images");
  check_contains(index.information[1], "read " + (source.root / "photos/seg_train/seg_train").string());
  BOOST_TEST(index.information[3] == "1 class has no test images: b");
  BOOST_TEST(index.information[4] == "left out 1 file that is not an image: 1 .txt; and 1 hidden file or folder");
  BOOST_TEST(index.warnings.empty());
}

BOOST_AUTO_TEST_CASE(reads_sport8_as_it_is_delivered) {
  for (const char* name : {"RockClimbing", "badminton", "bocce"})
    put_many("event_img/" + std::string(name), name[0] == 'b' ? 5 : 11);
  put_all({"event_img/bocce/Thumbs.db", "event_img/Thumbs.db", "event_img/readme.txt", "readme"});
  source.test_fraction = 0.2;
  const ImageIndex index = build();
  BOOST_TEST(index.class_names == (Texts{"RockClimbing", "badminton", "bocce"}), boost::test_tools::per_element());
  BOOST_TEST(images(index, Split::kTest) == 5u);
  BOOST_TEST(index.warnings.empty());
  BOOST_TEST(index.information.at(1) == "left out 4 files that are not images: 2 .db, 1 without an extension, 1 .txt");
}

BOOST_AUTO_TEST_CASE(passes_over_folders_of_files_that_are_no_images) {
  put_all({"mit67/Images/bar/1.jpg", "mit67/Images/kitchen/2.jpg", "mit67/Annotations/bar/1.xml",
           "mit67/Annotations/kitchen/2.xml", "mit67/TrainImages.txt"});
  const ImageIndex index = build();
  BOOST_TEST(index.class_names == (Texts{"bar", "kitchen"}), boost::test_tools::per_element());
  BOOST_TEST(index.information.back() == "left out 3 files that are not images: 2 .xml, 1 .txt");
  fs::create_directories(source.root / "mit67/empty");  // may have been meant as a class
  check_contains(build_error(), "class folder " + (source.root / "mit67/Annotations").string() + " contains no image");
}

BOOST_AUTO_TEST_CASE(does_not_take_the_only_class_of_a_split_for_a_split) {
  put_all({"train/a/x/1.jpg", "train/b/x/1.jpg", "val/a/x/2.jpg", "val/a/y/3.jpg"});
  BOOST_TEST(shown_entries(build()[Split::kValidation]) == (Texts{"val/a/x/2.jpg:0", "val/a/y/3.jpg:0"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(takes_classes_that_are_called_like_splits) {
  put_all({"valid/1.jpg", "invalid/1.jpg"});
  BOOST_TEST(build().class_names == (Texts{"invalid", "valid"}), boost::test_tools::per_element());
  fs::remove_all(source.root);
  put_all({"train/1.jpg", "car/1.jpg"});
  BOOST_TEST(build().class_names == (Texts{"car", "train"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(refuses_splits_without_classes_or_training) {
  put_all({"train/1.jpg", "train/2.jpg", "test/1.jpg"});
  check_contains(build_error(), "train contains 2 images but no class folder; expected one folder of images per class");
  fs::remove_all(source.root);
  put_all({"Testing/a/1.jpg", "Testing/b/1.jpg", "notes/1.txt"});
  check_contains(build_error(),
                 "root contains Testing but no train; expected train/<class>/<image>; put the training "
                 "images there, or set 'path' to " +
                     (source.root / "Testing").string());
  source.root /= "Testing";
  BOOST_TEST(build().class_names.size() == 2u);
}

BOOST_AUTO_TEST_CASE(names_once_what_lies_beside) {
  put_all({"train/a/1.jpg", "train/loose.jpg", "test/a/1.jpg", "test/1.png", "test/2.png", "unlabelled/x/1.jpg",
           "unlabelled/2.jpg", "top.jpg", "annotations/1.xml", "old_val/a/9.jpg"});
  const ImageIndex index = build();
  BOOST_TEST(images(index, Split::kTrain) == 1u);
  BOOST_TEST(images(index, Split::kTest) == 1u);
  BOOST_TEST(joined(index.warnings) ==
             "left out 1 image directly in train, in no class folder; 2 images directly in test, in no class folder; 1 "
             "image directly in the root folder, in no class folder; 1 image in old_val, which is not the name of a "
             "split; 2 images in unlabelled, which is not the name of a split\n");
  BOOST_TEST(joined(index.information) == "left out 1 file that is not an image: 1 .xml\n");

  fs::remove_all(source.root);
  put_all({"a/1.jpg", "b/1.jpg", "loose.gif", "list.csv"});
  BOOST_TEST(joined(build().warnings) == "left out 1 image directly in the root folder, in no class folder\n");
}

BOOST_AUTO_TEST_CASE(leaves_out_runs_of_dha) {
  put_all({"a/1.jpg", "b/1.jpg", "p.json"});
  put_run("runs/case/2026-01-01-s1");
  put_all({"runs/case/2026-01-01-s1/drawing.png"});
  link("2026-01-01-s1", "runs/case/latest");
  const ImageIndex index = build();
  BOOST_TEST(index.class_names == (Texts{"a", "b"}), boost::test_tools::per_element());
  BOOST_TEST(joined(index.information) ==
             "left out 1 file that is not an image: 1 .json\nleft out 1 folder with runs of dha: runs\n");
  BOOST_TEST(index.warnings.empty());

  // Beside splits, below the root that is all there is, and within a class.
  fs::remove_all(source.root);
  put_all({"photos/train/a/1.jpg", "photos/test/a/1.jpg"});
  put_run("runs/case/1");
  put_run("photos/train/a/runs");
  put_run("photos/more/x");
  BOOST_TEST(images(build(), Split::kTrain) == 1u);
  check_contains(joined(build().information), "left out 3 folders with runs of dha: ");
}

BOOST_AUTO_TEST_CASE(follows_links) {
  write_bytes(directory.path() / "store/bees/3.jpg", {1});
  put_all({"train/bee/1.jpg", "other.jpg"});
  link((directory.path() / "store/bees").string(), "train/bee/more");
  link("../../other.jpg", "train/bee/2.jpg");
  link((directory.path() / "store/bees").string(), "train/wasp");
  link("train", "val");
  const ImageIndex index = build();
  BOOST_TEST(shown_entries(index[Split::kTrain]) ==
                 (Texts{"train/bee/1.jpg:0", "train/bee/2.jpg:0", "train/bee/more/3.jpg:0", "train/wasp/3.jpg:1"}),
             boost::test_tools::per_element());
  BOOST_TEST(images(index, Split::kValidation) == 4u);
  BOOST_TEST(index.warnings.back() ==
             "links lead to the same images in several classes or splits: train/wasp is train/bee/more and 3 more; "
             "remove the links unless that is meant");
}

BOOST_AUTO_TEST_CASE(leaves_out_links_that_lead_in_circles) {
  put_all({"train/ant/deep/1.jpg", "train/bee/2.jpg"});
  link(".", "train/ant/self");
  link("../..", "train/ant/deep/up");
  link("../../..", "train/ant/deep/root");
  link("deep", "train/ant/again");
  link("../../train", "train/bee/train");
  const ImageIndex index = build();
  BOOST_TEST(shown_entries(index[Split::kTrain]) == (Texts{"train/ant/deep/1.jpg:0", "train/bee/2.jpg:1"}),
             boost::test_tools::per_element());
  BOOST_TEST(joined(index.warnings) ==
             "left out 5 folders reached a second time through a link (train/ant/deep/root, train/ant/deep/up, "
             "train/ant/again, train/ant/self, train/bee/train)\n");
}

BOOST_AUTO_TEST_CASE(keeps_links_to_nothing_as_images_that_cannot_be_read) {
  put_all({"train/ant/1.jpg", "train/bee/1.jpg"});
  link("/annex/gone", "train/ant/2.png");
  link("/annex/gone", "train/ant/3");
  link("/annex/gone", "train/ant/notes.txt");
  link("4.jpg", "train/ant/4.jpg");
  const ImageIndex index = build();
  BOOST_TEST(shown_entries(index[Split::kTrain]) == (Texts{"train/ant/1.jpg:0", "train/ant/2.png:0", "train/ant/3:0",
                                                           "train/ant/4.jpg:0", "train/bee/1.jpg:1"}),
             boost::test_tools::per_element());
  BOOST_TEST(joined(index.information) == "left out 1 file that is not an image: 1 .txt\n");
}

BOOST_AUTO_TEST_CASE(refuses_links_to_nothing_in_place_of_folders) {
  put_all({"train/ant/1.jpg", "train/bee/1.jpg"});
  link("/nowhere/cats", "train/cat");
  check_contains(build_error(),
                 "train/cat is a link to /nowhere/cats, which does not exist; restore that folder or remove the link");
  fs::remove(source.root / "train/cat");
  link("/nowhere/val", "val");
  check_contains(build_error(), "root/val is a link to /nowhere/val");
  fs::remove(source.root / "val");
  link("/nowhere/x", "x");
  BOOST_TEST(joined(build().warnings) == "left out 1 link to nothing (x)\n");
}

BOOST_AUTO_TEST_CASE(never_opens_pipes) {
  put_all({"a/1.jpg", "b/1.jpg"});
  BOOST_REQUIRE(mkfifo((source.root / "a/2.jpg").c_str(), 0600) == 0);
  BOOST_REQUIRE(mkfifo((source.root / "a/pipe").c_str(), 0600) == 0);
  const ImageIndex index = build();
  BOOST_TEST(images(index, Split::kTrain) == 2u);
  BOOST_TEST(joined(index.warnings) ==
             "left out 2 files of a kind that is never opened: pipe, socket or device (a/2.jpg, a/pipe)\n");
}

BOOST_AUTO_TEST_CASE(tells_images_by_extension_or_content) {
  put_all({"a/1.JPG", "a/2.jpe", "a/3.jfif", "a/4.webp", "a/5.heic", "a/6.jp2", "a/1.xml", "a/2.XML", "a/Thumbs.db",
           "a/noext", "a/.DS_Store", "a/7.ppm", "a/8.PGM", "a/9.svg"});
  put_bytes("a/n01", "\xff\xd8\xff\xe0");
  put_bytes("a/n02.dat", "\x89PNG\r\n\x1a\n");
  put_bytes("a/n03", "BMW is a maker of cars");
  const ImageIndex index = build();
  BOOST_TEST(shown_entries(index[Split::kTrain]) ==
                 (Texts{"a/1.JPG:0", "a/2.jpe:0", "a/3.jfif:0", "a/4.webp:0", "a/5.heic:0", "a/6.jp2:0", "a/7.ppm:0",
                        "a/8.PGM:0", "a/9.svg:0", "a/n01:0", "a/n02.dat:0"}),
             boost::test_tools::per_element());
  BOOST_TEST(joined(index.information) ==
             "left out 5 files that are not images: 2 without an extension, 2 .xml, 1 .db; and 1 hidden file or "
             "folder\n");
}

BOOST_AUTO_TEST_CASE(knows_the_first_bytes_of_each_format) {
  const auto is_image = [this](std::string_view bytes) {
    put_bytes("probe", bytes);
    return begins_like_image(source.root / "probe");
  };
  using std::string_view_literals::operator""sv;
  for (const std::string_view bytes : {"\xff\xd8\xff\xdb"sv, "\x89PNG\r\n\x1a\n"sv, "GIF89a"sv,
                                       "RIFF\1\2\3\4WEBPVP8 "sv, "II*\0\x08\0\0\0"sv, "MM\0*\0\0\0\x08"sv,
                                       "\0\0\0\x1c"
                                       "ftypavif\0\0\0\0"sv,
                                       "\0\0\0\x18"
                                       "ftypheic\0\0\0\0"sv,
                                       "\0\0\0\x0cjP  \r\n\x87\n"sv, "\0\0\0\x0cJXL \r\n\x87\n"sv, "8BPS\0\1"sv,
                                       "BM\x36\x0c\0\0\0\0\0\0\x36\0\0\0\x28\0"sv})
    BOOST_TEST(is_image(bytes), bytes);
  for (const std::string_view bytes : {""sv, "\xff\xd8"sv, "RIFF\1\2\3\4WAVEfmt "sv, "BM and the rest of it"sv,
                                       "\0\0\0\x18"
                                       "ftypmp42\0\0\0\0"sv,
                                       "<?xml version"sv})
    BOOST_TEST(!is_image(bytes), bytes);
  BOOST_TEST(!begins_like_image(source.root / "nowhere"));
}

BOOST_AUTO_TEST_CASE(refuses_a_class_without_images_until_it_is_removed) {
  put_all({"train/a/1.jpg", "train/b/1.jpg", "train/annotations/a.xml"});
  check_contains(build_error(),
                 "class folder " + (source.root / "train/annotations").string() +
                     " contains no image, but 1 other file such as a.xml; put images there or remove the folder");
  fs::remove_all(source.root / "train/annotations");
  BOOST_TEST(build().class_names.size() == 2u);
}

BOOST_AUTO_TEST_CASE(refuses_class_names_that_are_not_utf8) {
  put_all({"train/caf\xe9/1.jpg", "train/b/1.jpg"});
  check_contains(build_error(), R"(train/caf\xe9 is not UTF-8; rename the folder in every split)");
  fs::rename(source.root / "train/caf\xe9", source.root / "train/café");
  put("train/café/f\xfcr.jpg");
  const ImageIndex index = build();
  BOOST_TEST(index.class_names == (Texts{"b", "café"}), boost::test_tools::per_element());
  BOOST_TEST(images(index, Split::kTrain) == 3u);
}

BOOST_AUTO_TEST_CASE(compares_names_that_are_one_to_people) {
  put_all({"Ant/1.jpg", "ant/1.jpg", "bee/1.jpg"});
  BOOST_TEST(joined(build().warnings) ==
             "class folders in " + source.root.string() +
                 " differ in letter case or spaces alone, such as 'Ant' and 'ant'; move the images into one folder if "
                 "they are of one class\n");
  put_all({"caf\u00e9/1.jpg", "cafe\u0301/1.jpg"});
  check_contains(build_error(), "have the same name, written with other Unicode code points; move the images into one");
}

BOOST_AUTO_TEST_CASE(says_how_archives_are_unpacked) {
  put("train.zip");
  check_contains(build_error(), "contains no class folder, but the archive " + (source.root / "train.zip").string() +
                                    ", and archives are not read; unpack it with `unzip ");
  source.root /= "train.zip";
  check_contains(build_error(), "train.zip is an archive, and archives are not read; unpack it with `unzip ");
}

BOOST_AUTO_TEST_CASE(leaves_out_folders_of_operating_systems) {
  for (const char* folder :
       {"$RECYCLE.BIN", "lost+found", "System Volume Information", "#recycle", "@Recycle", "a/@eaDir"})
    put(std::string(folder) + "/1.jpg");
  put_all({"a/1.jpg", "b/1.jpg"});
  const ImageIndex index = build();
  BOOST_TEST(index.class_names == (Texts{"a", "b"}), boost::test_tools::per_element());
  BOOST_TEST(joined(index.information) == "left out 6 hidden files or folders\n");
}

BOOST_AUTO_TEST_CASE(says_how_an_unknown_class_of_another_split_becomes_known) {
  put_all({"train/a/1.jpg", "train/caf\u00e9/1.jpg", "val/owl/1.jpg"});
  check_contains(build_error(), "val/owl has no counterpart in " + (source.root / "train").string() +
                                    "; every class needs training images: put some into " +
                                    (source.root / "train/owl").string() + " or remove the folder");
  // Nothing in that split is a class.
  check_contains(build_error(), "; or, as there is no other class in " + (source.root / "val").string() +
                                    ", sort the images into " + (source.root / "val/a").string() +
                                    " and so on, or move " + (source.root / "val").string() +
                                    " elsewhere to run without validation images");
  put("val/A/1.jpg");
  check_contains(build_error(), "val/A has no counterpart in " + (source.root / "train").string() +
                                    ", where the name is written 'a'; give both folders one name");
  fs::rename(source.root / "val/A", source.root / "val/a");
  BOOST_TEST(build_error().find("; or, as") == std::string::npos);
  put("train/owl/2.jpg");
  BOOST_TEST(build().class_names.size() == 3u);
  put("val/cafe\u0301/1.jpg");
  check_contains(build_error(), "other Unicode code points for the same text; give both folders one name");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::datasets
