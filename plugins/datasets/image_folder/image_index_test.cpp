// Which images are found in folders, list files and by fractions, and what is refused.
#include "image_folder/image_index.hpp"

#include <algorithm>
#include <set>

#include "image_folder/index_fixture.hpp"

namespace dha::datasets {

namespace {

using test::shown_entries;
using test::Texts;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(image_index, test::IndexFixture)

BOOST_AUTO_TEST_CASE(finds_splits_and_classes_in_byte_order) {
  for (const char* path : {"train/dog/b.jpg", "train/dog/a.jpg", "train/Cat/more/x.png", "train/Cat/.hidden.jpg",
                           "train/.cache/y.jpg", "train/notes.txt", "val/dog/v.jpg", "test/Cat/t.jpg"})
    put(path);
  const ImageIndex index = build();
  BOOST_TEST(index.class_names == (Texts{"Cat", "dog"}), boost::test_tools::per_element());
  BOOST_TEST(shown_entries(index[Split::kTrain]) ==
                 (Texts{"train/Cat/more/x.png:0", "train/dog/a.jpg:1", "train/dog/b.jpg:1"}),
             boost::test_tools::per_element());
  BOOST_TEST(shown_entries(index[Split::kValidation]) == (Texts{"val/dog/v.jpg:1"}), boost::test_tools::per_element());
  BOOST_TEST(shown_entries(index[Split::kTest]) == (Texts{"test/Cat/t.jpg:0"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(takes_validation_by_its_long_name) {
  put("train/a/1.jpg");
  put("validation/a/2.jpg");
  BOOST_TEST(build()[Split::kValidation].size() == 1u);
  put("val/a/2.jpg");
  check_contains(build_error(), "contains both val and validation");
}

BOOST_AUTO_TEST_CASE(finds_class_folders_without_splits) {
  put("b/1.jpg");
  put("a/1.jpg");
  const ImageIndex index = build();
  BOOST_TEST(shown_entries(index[Split::kTrain]) == (Texts{"a/1.jpg:0", "b/1.jpg:1"}),
             boost::test_tools::per_element());
  BOOST_TEST(index[Split::kValidation].empty());
  BOOST_TEST(index[Split::kTest].empty());
}

BOOST_AUTO_TEST_CASE(refuses_folders_that_make_no_set) {
  check_contains(build_error(), "root is not a folder; set 'path'");
  std::filesystem::create_directories(source.root);
  check_contains(build_error(), "root contains no class folder");
  put("test/a/1.jpg");
  check_contains(build_error(), "root contains test but no train");
  put("train/b/1.jpg");
  check_contains(build_error(), "test/a has no counterpart in");
  put("train/a/1.jpg");
  std::filesystem::create_directories(source.root / "train/empty");
  check_contains(build_error(), "train/empty contains no image; put images there or remove the folder");
}

BOOST_AUTO_TEST_CASE(checks_the_number_of_classes) {
  put("a/1.jpg");
  put("b/1.jpg");
  source.classes = 3;
  check_contains(build_error(), "has 2 classes, but parameter 'classes' is 3");
  source.classes = 2;
  BOOST_TEST(build().class_names.size() == 2u);
}

BOOST_AUTO_TEST_CASE(can_be_cancelled) {
  put("a/1.jpg");
  error_of(ErrorCode::kCancelled, [&] { find_images(source, [] { throw Error(ErrorCode::kCancelled, "stopped"); }); });
}

BOOST_AUTO_TEST_CASE(takes_fractions_of_each_class) {
  put_many("a", 20);
  put_many("b", 7);
  source.validation_fraction = 0.1;
  source.test_fraction = 0.25;
  const ImageIndex index = build();
  const auto count = [&](Split split, int64_t label) {
    return std::count_if(index[split].begin(), index[split].end(),
                         [label](const ImageEntry& entry) { return entry.label == label; });
  };
  BOOST_TEST(count(Split::kTest, 0) == 5);
  BOOST_TEST(count(Split::kValidation, 0) == 2);
  BOOST_TEST(count(Split::kTrain, 0) == 13);
  BOOST_TEST(count(Split::kTest, 1) == 2);        // 1.75
  BOOST_TEST(count(Split::kValidation, 1) == 1);  // 0.7
  BOOST_TEST(count(Split::kTrain, 1) == 4);
  std::set<std::string> all;
  for (const std::vector<ImageEntry>& split : index.splits) {
    for (const ImageEntry& entry : split) all.insert(entry.path);
    BOOST_TEST(std::is_sorted(split.begin(), split.end(),
                              [](const ImageEntry& left, const ImageEntry& right) { return left.path < right.path; }));
  }
  BOOST_TEST(all.size() == 27u);
}

// Sizes of SPORT8's classes, and of the training parts of the split that published results use.
BOOST_AUTO_TEST_CASE(a_fifth_of_sport8_is_the_published_split) {
  const std::pair<int, int64_t> sizes[] = {{236, 188}, {200, 160}, {194, 155}, {190, 152},
                                           {182, 145}, {137, 109}, {250, 200}, {190, 152}};
  int64_t label = 0;
  for (const auto& [all, train] : sizes) put_many(std::to_string(label++), all);
  source.test_fraction = 0.2;
  const ImageIndex index = build();
  BOOST_TEST(index[Split::kTest].size() == 318u);
  for (label = 0; label < 8; ++label)
    BOOST_TEST(std::count_if(index[Split::kTrain].begin(), index[Split::kTrain].end(),
                             [&](const ImageEntry& entry) { return entry.label == label; }) == sizes[label].second);
}

BOOST_AUTO_TEST_CASE(draws_fractions_by_seed_and_class_alone) {
  put_many("m", 30);
  source.test_fraction = 0.3;
  const Texts first = shown_entries(build()[Split::kTest]);
  BOOST_TEST(shown_entries(build()[Split::kTest]) == first, boost::test_tools::per_element());
  put_many("z", 30);
  Texts with_another = shown_entries(build()[Split::kTest]);
  with_another.resize(9);
  BOOST_TEST(with_another == first, boost::test_tools::per_element());
  source.split_seed = 1;
  Texts with_another_seed = shown_entries(build()[Split::kTest]);
  with_another_seed.resize(9);
  BOOST_TEST((with_another_seed != first));
}

BOOST_AUTO_TEST_CASE(refuses_a_fraction_of_one_image) {
  put_many("a", 5);
  put("b/1.jpg");
  source.test_fraction = 0.2;
  check_contains(build_error(), "class 'b' has 1 image left to train, too few to take 1 for test");
}

BOOST_AUTO_TEST_CASE(says_how_a_fraction_can_be_taken) {
  put_many("a", 20);
  put("b/1.jpg");
  source.test_fraction = 0.2;
  check_contains(build_error(), "add images of it or remove 'test_fraction'");
  source.test_fraction = 0;
  BOOST_TEST(build()[Split::kTrain].size() == 21u);
  put("b/2.jpg");
  source.test_fraction = 0.9;
  check_contains(build_error(),
                 "class 'b' has 2 images left to train, too few to take 2 for test and keep one; add "
                 "images of it or lower 'test_fraction'");
  source.test_fraction = 0.2;
  BOOST_TEST(build()[Split::kTest].size() == 5u);
  source.validation_fraction = 0.2;
  check_contains(build_error(),
                 "class 'b' has 1 image left to train, too few to take 1 for validation and keep one; "
                 "add images of it or remove 'validation_fraction'");
}

BOOST_AUTO_TEST_CASE(refuses_a_fraction_of_a_split_that_is_there) {
  put_many("train/a", 5);
  put("test/a/1.jpg");
  source.test_fraction = 0.2;
  check_contains(build_error(ErrorCode::kInvalidParameter),
                 "'test_fraction' is given, but the data set has such a split");
}

BOOST_AUTO_TEST_CASE(reads_list_files) {
  for (const char* path : {"x/one.jpg", "x/with space.jpg", "y/two.jpg", "y/three.jpg"}) put(path);
  list(Split::kTrain, "y/two.jpg 2\r\n\nx/with space.jpg   1\n");
  list(Split::kTest, "x/one.jpg\t1\ny/three.jpg 2");
  source.label_base = 1;
  const ImageIndex index = build();
  BOOST_TEST(shown_entries(index[Split::kTrain]) == (Texts{"y/two.jpg:1", "x/with space.jpg:0"}),
             boost::test_tools::per_element());
  BOOST_TEST(shown_entries(index[Split::kTest]) == (Texts{"x/one.jpg:0", "y/three.jpg:1"}),
             boost::test_tools::per_element());
  BOOST_TEST(index.class_names == (Texts{"x", "y"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(numbers_classes_whose_folders_do_not_tell_them_apart) {
  put("x/one.jpg");
  put("x/two.jpg");
  list(Split::kTrain, "x/one.jpg 1\nx/two.jpg 2\n");
  source.label_base = 1;
  BOOST_TEST(build().class_names == (Texts{"1", "2"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(names_list_and_line_of_an_error) {
  put("a.jpg");
  list(Split::kTrain, "a.jpg 0\na.jpg\n");
  check_contains(build_error(), "list0, line 2: there is no label number, but a label number in line 1; write a label");
  list(Split::kTrain, "a.jpg 0\na\n");
  check_contains(build_error(), "list0, line 2: 'a' is not an image path, a space and a label number, such as: cat/1");
  list(Split::kTrain, "image,label\na.jpg,0\n");
  check_contains(build_error(), "space and a label number; write a space in the place of the comma");
  list(Split::kTrain, "'a.jpg' 0\n");
  check_contains(build_error(), "/'a.jpg'; write the path without quotation marks");
  list(Split::kTrain, "a.jpg 0\na.jpg one\n");
  check_contains(build_error(), "line 2: label 'one' is not a whole number");
  list(Split::kTrain, "a.jpg -1\n");
  check_contains(build_error(), "line 1: label -1 is outside [0, ");
  list(Split::kTrain, "a.jpg 99999999999999999999\n");
  check_contains(build_error(), "line 1: label '99999999999999999999' is not a whole number");
  list(Split::kTrain, "a.jpg 0\nb.jpg 0\n");
  check_contains(build_error(), "line 2: there is no file");
  list(Split::kTrain, "a.jpg 0\n" + std::string(300, 'n') + " 0\n");
  check_contains(build_error(), "line 2: there is no file");
  list(Split::kTrain, "a.jpg 0\na.jpg 2\n");
  check_contains(build_error(), "names no image of label 1, of 3 classes from 0 on; every class needs training images");
  list(Split::kTrain, "\n");
  check_contains(build_error(), "list0 names no image");
  list(Split::kTrain, "a.jpg 3\n");
  source.classes = 3;
  check_contains(build_error(), "line 1: label 3 is outside [0, 2]");
  source.lists[0] = directory.path() / "nowhere";
  check_contains(build_error(), "nowhere cannot be opened");
}

BOOST_AUTO_TEST_CASE(says_where_a_list_starts_to_count) {
  put("a.jpg");
  put("b.jpg");
  list(Split::kTrain, "a.jpg 1\nb.jpg 2\n");
  check_contains(build_error(), "names no image of label 0, of 3 classes from 0 on; set 'label_base' to 1");
  source.classes = 2;
  check_contains(build_error(), "label 2 is outside [0, 1]; set 'label_base' to 1 if the list counts classes from 1");
  source.classes = 3;
  check_contains(build_error(), "set 'label_base' to 1 and 'classes' to 2");
  source.label_base = 1;
  source.classes = 2;
  BOOST_TEST(build().class_names.size() == 2u);
  list(Split::kTrain, "a.jpg 0\nb.jpg 1\n");
  check_contains(build_error(), "label 0 is outside [1, 1000000]; set 'label_base' to 0");
  source.label_base = 0;
  BOOST_TEST(build().class_names.size() == 2u);
  list(Split::kTrain, "a.jpg 0\nb.jpg -1\n");
  check_contains(build_error(), "label -1 is outside [0, 999999]; number the classes from 0 or 1");
}

BOOST_AUTO_TEST_CASE(reads_lists_that_were_written_on_windows) {
  put_all({"x/one.jpg", "x/with space.jpg", "y/two.jpg", "y/back\\slash.jpg"});
  list(Split::kTrain, "\xef\xbb\xbfx\\one.jpg\t0\r\n  x\\with space.jpg 0\r\n\r\ny/two.jpg 1\r\ny/back\\slash.jpg 1");
  BOOST_TEST(shown_entries(build()[Split::kTrain]) ==
                 (Texts{"x/one.jpg:0", "x/with space.jpg:0", "y/two.jpg:1", "y/back\\slash.jpg:1"}),
             boost::test_tools::per_element());
  list(Split::kTrain, std::string("\xff\xfex\0", 4));
  check_contains(build_error(), "line 1: the file is in UTF-16, expected UTF-8; save it as UTF-8");
}

// The lists of MIT67, which leave the label out.
BOOST_AUTO_TEST_CASE(takes_classes_from_the_folders_of_lists_without_labels) {
  put_all({"kitchen/k 1.jpg", "kitchen/k_2.jpg", "airport_inside/a_1.jpg", "airport_inside/a 2 (3).jpg", "bar/b.jpg"});
  list(Split::kTrain, "kitchen/k 1.jpg\r\nbar/b.jpg\r\nairport_inside\\a_1.jpg\r\n");
  list(Split::kTest, "airport_inside/a 2 (3).jpg\n./kitchen/k_2.jpg");
  const ImageIndex index = build();
  BOOST_TEST(index.class_names == (Texts{"airport_inside", "bar", "kitchen"}), boost::test_tools::per_element());
  BOOST_TEST(
      shown_entries(index[Split::kTrain]) == (Texts{"kitchen/k 1.jpg:2", "bar/b.jpg:1", "airport_inside/a_1.jpg:0"}),
      boost::test_tools::per_element());
  BOOST_TEST(shown_entries(index[Split::kTest]) == (Texts{"airport_inside/a 2 (3).jpg:0", "./kitchen/k_2.jpg:2"}),
             boost::test_tools::per_element());
  source.classes = 4;
  check_contains(build_error(), "has 3 classes, but parameter 'classes' is 4");
}

BOOST_AUTO_TEST_CASE(refuses_lists_that_do_not_tell_classes) {
  put_all({"a/1.jpg", "b/2.jpg", "3.jpg"});
  list(Split::kTrain, "a/1.jpg\nb/2.jpg\n");
  list(Split::kTest, "a/1.jpg 0\n");
  check_contains(build_error(), "list2, line 1: there is a label number, but no label number in line 1 of " +
                                    (directory.path() / "list0").string() + "; write a label number in every line");
  list(Split::kTest, "3.jpg\n");
  check_contains(build_error(), "list2, line 1: '3.jpg' has neither a label number nor a class folder");
  list(Split::kTest, "b/2.jpg\n");
  list(Split::kTrain, "a/1.jpg\n");
  check_contains(build_error(), "list0 names no image of class 'b', but another list does");
  source.lists[2].reset();
  check_contains(build_error(), "begin with folder a, and without label numbers this folder is the class");
  source.label_base = 1;
  check_contains(build_error(ErrorCode::kInvalidParameter), "parameter 'label_base' is given, but line 1 of ");
}

// MIT67 keeps its lists next to the folder that they are relative to.
BOOST_AUTO_TEST_CASE(reads_lists_relative_to_the_only_folder_of_images) {
  put_all({"Images/bar/1.jpg", "Images/kitchen/2.jpg", "Annotations/bar/1.xml", "TrainImages.txt"});
  list(Split::kTrain, "bar/1.jpg\nkitchen/2.jpg\n");
  const ImageIndex index = build();
  BOOST_TEST(shown_entries(index[Split::kTrain]) == (Texts{"Images/bar/1.jpg:0", "Images/kitchen/2.jpg:1"}),
             boost::test_tools::per_element());
  BOOST_TEST(index.information == (Texts{"read the images of the lists in " + (source.root / "Images").string()}),
             boost::test_tools::per_element());
  put("More/bar/3.jpg");
  check_contains(build_error(), "line 1: there is no file " + (source.root / "bar/1.jpg").string());
}

BOOST_AUTO_TEST_CASE(warns_of_images_that_are_listed_twice) {
  put_all({"a/1.jpg", "b/1.jpg", "b/2.jpg"});
  list(Split::kTrain, "a/1.jpg 0\nb/1.jpg 1\na/1.jpg 1\n");
  list(Split::kTest, "b/1.jpg 1\n");
  BOOST_TEST(test::joined(build().warnings) ==
             "the lists name 2 images again, such as a/1.jpg; remove the lines unless that is meant\n");
  list(Split::kTrain, "a/1.jpg 0\nb/1.jpg 1\n");
  list(Split::kTest, "b/2.jpg 1\n");
  BOOST_TEST(build().warnings.empty());
}

BOOST_AUTO_TEST_CASE(finds_a_listed_name_in_another_unicode_form) {
  put("cafe\u0301/e\u0301.jpg");
  list(Split::kTrain, "caf\u00e9/\u00e9.jpg 0\n");
  check_contains(build_error(), "but " + (source.root / "cafe\u0301/e\u0301.jpg").string() +
                                    ", whose name is written with other Unicode code points");
  list(Split::kTrain, "cafe\u0301/e\u0301.jpg 0\n");
  BOOST_TEST(build()[Split::kTrain].size() == 1u);
}

BOOST_AUTO_TEST_CASE(shows_listed_names_of_another_encoding) {
  put("caf\xe9/1.jpg");
  put("other/2.jpg");
  list(Split::kTrain, "caf\xe9/2.jpg 0\n");
  check_contains(build_error(), R"(root/caf\xe9/2.jpg)");
  list(Split::kTrain, "caf\xe9/1.jpg 0\nother/2.jpg 1\n");
  check_contains(build_error(), R"(the name of class folder caf\xe9 is not UTF-8; rename the folder)");
  std::filesystem::rename(source.root / "caf\xe9", source.root / "café");
  list(Split::kTrain, "café/1.jpg 0\nother/2.jpg 1\n");
  BOOST_TEST(build().class_names == (Texts{"café", "other"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(keeps_a_listed_link_to_nothing_and_refuses_a_folder) {
  link("/annex/gone", "a.jpg");
  put("b/b.jpg");
  list(Split::kTrain, "a.jpg 0\n");
  BOOST_TEST(build()[Split::kTrain].size() == 1u);
  list(Split::kTrain, "b 0\n");
  check_contains(build_error(), "root/b is not a file; name an image");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::datasets
