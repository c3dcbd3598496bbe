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

BOOST_AUTO_TEST_CASE(follows_a_folder_that_is_all_there_is) {
  put_all({"photos/seg_train/seg_train/a/1.jpg", "photos/seg_train/seg_train/b/1.jpg",
           "photos/seg_test/seg_test/a/2.jpg", "__MACOSX/photos/._1.jpg", "photos/readme.txt"});
  const ImageIndex index = build();
  BOOST_TEST(index.class_names == (Texts{"a", "b"}), boost::test_tools::per_element());
  BOOST_TEST(shown_entries(index[Split::kTest]) == (Texts{"photos/seg_test/seg_test/a/2.jpg:0"}),
             boost::test_tools::per_element());
  BOOST_TEST_REQUIRE(index.information.size() == 4u);
  BOOST_TEST(index.information[0] == "read " + (source.root / "photos").string() + " instead of " +
                                         source.root.string() + ", which contains no other images");
  check_contains(index.information[1], "read " + (source.root / "photos/seg_train/seg_train").string());
  BOOST_TEST(index.information[3] == "left out 1 file that is not an image: 1 .txt; and 1 hidden file or folder");
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
           "unlabelled/2.jpg", "top.jpg", "annotations/1.xml", "val2017/a/9.jpg"});
  const ImageIndex index = build();
  BOOST_TEST(images(index, Split::kTrain) == 1u);
  BOOST_TEST(images(index, Split::kTest) == 1u);
  BOOST_TEST(joined(index.warnings) ==
             "left out 1 image directly in train, in no class folder; 2 images directly in test, in no class folder; 1 "
             "image directly in the root folder, in no class folder; 2 images in unlabelled, which is not the name of "
             "a split; 1 image in val2017, which is not the name of a split\n");
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
           "a/noext", "a/.DS_Store"});
  put_bytes("a/n01", "\xff\xd8\xff\xe0");
  put_bytes("a/n02.dat", "\x89PNG\r\n\x1a\n");
  put_bytes("a/n03", "BMW is a maker of cars");
  const ImageIndex index = build();
  BOOST_TEST(shown_entries(index[Split::kTrain]) == (Texts{"a/1.JPG:0", "a/2.jpe:0", "a/3.jfif:0", "a/4.webp:0",
                                                           "a/5.heic:0", "a/6.jp2:0", "a/n01:0", "a/n02.dat:0"}),
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
                                       "\0\0\0\x0cjP  \r\n\x87\n"sv, "BM\x36\x0c\0\0\0\0\0\0\x36\0\0\0\x28\0"sv})
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
  check_contains(build_error(), "class folder " + (source.root / "train/annotations").string() +
                                    " contains no image; put images there or remove the folder");
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

BOOST_AUTO_TEST_CASE(says_how_an_unknown_class_of_another_split_becomes_known) {
  put_all({"train/a/1.jpg", "train/caf\u00e9/1.jpg", "val/owl/1.jpg"});
  check_contains(build_error(), "val/owl has no counterpart in " + (source.root / "train").string() +
                                    "; every class needs training images: put some into " +
                                    (source.root / "train/owl").string() + " or remove the folder");
  put("train/owl/2.jpg");
  BOOST_TEST(build().class_names.size() == 3u);
  put("val/cafe\u0301/1.jpg");
  check_contains(build_error(), "other Unicode code points for the same text; give both folders one name");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::datasets
