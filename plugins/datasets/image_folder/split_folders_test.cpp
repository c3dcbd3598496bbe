// Which names are splits.
#include "image_folder/split_folders.hpp"

#include "shared/dataset_fixture.hpp"

namespace dha::datasets {

namespace {

struct Case {
  std::vector<std::string> names;
  SplitFolders splits;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(split_folders)

BOOST_AUTO_TEST_CASE(are_known_by_their_names) {
  const std::vector<Case> cases = {
      {{"train", "val", "test"}, {"train", "val", "test"}},
      {{"TESTING", "Training", "Validation", "extra"}, {"Training", "Validation", "TESTING"}},
      {{"dev", "train"}, {"train", "dev", ""}},
      {{"train", "valid"}, {"train", "valid", ""}},
      {{"seg_pred", "seg_test", "seg_train"}, {"seg_train", "", "seg_test"}},
      {{"train2017", "val2017"}, {"train2017", "val2017", ""}},
      {{"Train_images", "test_images"}, {"Train_images", "", "test_images"}},
      // Numbers, punctuation and words that say nothing may differ.
      {{"01_train", "02-val", "3. Test"}, {"01_train", "02-val", "3. Test"}},
      {{"train2017", "val2018"}, {"train2017", "val2018", ""}},
      {{"Training_Set", "Test Set"}, {"Training_Set", "", "Test Set"}},
      {{"TrainSet", "TestSet"}, {"TrainSet", "", "TestSet"}},
      {{"traindata", "testdata"}, {"traindata", "", "testdata"}},
      {{"MyTrain", "my_test"}, {"MyTrain", "", "my_test"}},
      {{"(train)", "tEST"}, {"(train)", "", "tEST"}},
      {{"train_set", "test"}, {"train_set", "", "test"}},
      {{"train", "val2017"}, {"train", "val2017", ""}},
      // An exact name goes first.
      {{"test", "test_2", "train"}, {"train", "", "test"}},
      // The rest of the name differs, or there is no counterpart.
      {{"bullet_train", "car", "test_tube"}, {}},
      {{"photo_train", "picture_test"}, {}},
      {{"seg_train"}, {}},
      {{"seg_test"}, {}},
      {{"training_day", "trainer", "contest", "latest"}, {}},
      {{"train_test", "a"}, {}},
      // An exact name needs none.
      {{"test"}, {"", "", "test"}},
      {{"train", "old_val"}, {"train", "", ""}},
      // Without a training folder both must be there.
      {{"test2017", "val2017"}, {"", "val2017", "test2017"}},
  };
  for (const Case& c : cases) {
    BOOST_TEST_CONTEXT(c.names.front())
    BOOST_TEST(find_split_folders(c.names, "root") == c.splits, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(are_refused_where_two_are_one_split) {
  const auto refused = [](const std::vector<std::string>& names) {
    return error_of(ErrorCode::kData, [&] { find_split_folders(names, "root"); });
  };
  check_contains(refused({"train", "val", "validation"}), "root contains both val and validation; keep the one with");
  check_contains(refused({"Train", "train"}), "root contains both Train and train");
  check_contains(refused({"images test", "images-train", "images.train"}), "both images-train and images.train");
  check_contains(refused({"images_train", "images_val", "labels_train", "labels_val"}),
                 "both images_train and labels_train");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::datasets
