// Labels that start at 1, classes that are found, names from EMNIST's mapping, and images that are stored transposed.
#include "idx/emnist_mapping.hpp"
#include "idx/idx_fixture.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

struct LabelFixture : IdxFixture {
  void put_labels(const Bytes& train, const Bytes& test) {
    const auto images = [](const Bytes& labels) {
      return idx({static_cast<uint32_t>(labels.size()), 2, 3}, Bytes(6 * labels.size(), 1));
    };
    put("train-labels-idx1-ubyte", idx({static_cast<uint32_t>(train.size())}, train));
    put("train-images-idx3-ubyte", images(train));
    put("t10k-labels-idx1-ubyte", idx({static_cast<uint32_t>(test.size())}, test));
    put("t10k-images-idx3-ubyte", images(test));
  }
  std::unique_ptr<IdxDataset> open(const std::string& params) {
    auto set = make_set(params);
    set->open();
    return set;
  }
  std::string error(const std::string& params) {
    return error_of(ErrorCode::kData, [&] { open(params); });
  }
  void rename_to_emnist() {
    for (const char* name :
         {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"})
      move(name, std::string("emnist-letters-") + name);
  }
  // An error of the mapping file with this text.
  std::string mapping_error(const std::string& text, const LabelRange& range) {
    const fs::path path = directory.path() / "mapping.txt";
    std::ofstream(path) << text;
    return error_of(ErrorCode::kData, [&] { read_emnist_mapping(path, range); });
  }
};

const char* const kNothing = R"("mean": [0.5], "std": [0.5])";

std::vector<int64_t> values(const at::Tensor& labels) {
  return {labels.const_data_ptr<int64_t>(), labels.const_data_ptr<int64_t>() + labels.size(0)};
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(idx_labels, LabelFixture)

BOOST_AUTO_TEST_CASE(finds_the_classes_in_the_training_labels) {
  BOOST_TEST(make_set(kNothing)->info().classes == 0);
  const auto set = open(kNothing);
  BOOST_TEST(set->info().classes == 3);
  BOOST_TEST(set->info().class_names == (std::vector<std::string>{"0", "1", "2"}), boost::test_tools::per_element());
  BOOST_TEST(make_set(R"("class_names": ["a", "b", "c"])")->info().classes == 3);
}

BOOST_AUTO_TEST_CASE(reads_labels_that_start_at_one) {
  put_labels({1, 3, 2}, {3});
  const auto set = open(R"("label_base": 1)");
  BOOST_TEST(set->info().classes == 3);
  BOOST_TEST(values(set->labels(Split::kTrain)) == (std::vector<int64_t>{0, 2, 1}), boost::test_tools::per_element());
  BOOST_TEST(values(set->labels(Split::kTest)) == (std::vector<int64_t>{2}), boost::test_tools::per_element());
  BOOST_TEST(set->info().class_names == (std::vector<std::string>{"1", "2", "3"}), boost::test_tools::per_element());
}

// What the error advises, which is then followed.
BOOST_AUTO_TEST_CASE(names_the_settings_that_fit) {
  put_labels({1, 3, 2}, {3});
  const std::string found = "; its labels go from 1 to 3; ";
  std::string message = error(R"("classes": 3)");
  check_contains(message, "train-labels-idx1-ubyte has label 3 in record 1 (offset 9), expected [0, 2]");
  check_contains(message, found + "set 'label_base' to 1");
  BOOST_TEST(message.ends_with("to 1"));
  open(R"("classes": 3, "label_base": 1)");
  message = error(kNothing);
  check_contains(message, "has no label 0, expected [0, 3]" + found + "set 'label_base' to 1");
  open(R"("label_base": 1)");
  check_contains(error(R"("label_base": 0)"), "has no label 0");
  check_contains(error(R"("classes": 4)"), found + "set 'label_base' to 1 and set 'classes' to 3");
  check_contains(error(R"("classes": 2, "label_base": 1)"), "expected [1, 2]" + found + "set 'classes' to 3");
  check_contains(error(R"("class_names": ["a", "b"])"), found + "set 'label_base' to 1 and give 3 'class_names'");
  open(R"("label_base": 1, "class_names": ["a", "b", "c"])");
  check_contains(error(R"("classes": 2, "class_names": ["a", "b"])"),
                 "set 'label_base' to 1 and set 'classes' to 3 and give 3 'class_names'");
  put_labels({0, 2, 1}, {2});
  check_contains(
      error(R"("label_base": 1)"),
      "has label 0 in record 0 (offset 8), expected [1, 2]; its labels go from 0 to 2; set 'label_base' to 0");
  open(R"("label_base": 0)");
  check_contains(error(R"("classes": 2)"),
                 "has label 2 in record 1 (offset 9), expected [0, 1]; its labels go from 0 "
                 "to 2; set 'classes' to 3");
}

BOOST_AUTO_TEST_CASE(says_that_no_setting_closes_a_gap) {
  put_labels({0, 1, 200}, {1});
  const std::string message = error(R"("classes": 2)");
  check_contains(message,
                 "has label 200 in record 2 (offset 10), expected [0, 1]; its labels go from 0 to 200 and no "
                 "image has label 2: fetch the file again");
  put_labels({1, 2, 4}, {1});
  check_contains(error(kNothing),
                 "no image has label 3: fetch the file again if it may be damaged, else set "
                 "'label_base' to 1 and number the labels without gaps");
}

BOOST_AUTO_TEST_CASE(refuses_test_labels_that_training_lacks) {
  put_labels({0, 1, 2}, {1, 3});
  const std::string message = error(kNothing);
  check_contains(message, "t10k-labels-idx1-ubyte has label 3 in record 1 (offset 9), expected [0, 2] as in ");
  check_contains(message, "train-labels-idx1-ubyte; both files must come from one set");
}

BOOST_AUTO_TEST_CASE(refuses_files_without_labels) {
  put_labels({}, {});
  check_contains(error(kNothing), "train-labels-idx1-ubyte has no label; fetch it again");
}

BOOST_AUTO_TEST_CASE(refuses_rows_of_no_integers) {
  // The header names more rows than memory holds labels, and rows take no bytes.
  fs::remove(directory.path() / "train-labels-idx1-ubyte");
  put("train-labels-idx2-int", {0, 0, 12, 2, 255, 255, 255, 255, 0, 0, 0, 0});
  check_contains(error(kNothing), "train-labels-idx2-int has no label; fetch it again");
}

BOOST_AUTO_TEST_CASE(reads_the_classes_of_rows_of_integers) {
  // QMNIST's labels: the class and seven numbers about the writer.
  Bytes labels{0, 0, 12, 2, 0, 0, 0, 3, 0, 0, 0, 2};
  for (const uint8_t label : {2, 0, 1}) labels.insert(labels.end(), {0, 0, 0, label, 0, 0, 9, 9});
  fs::remove(directory.path() / "train-labels-idx1-ubyte");
  put("train-labels-idx2-int", labels);
  const auto set = open(kNothing);
  BOOST_TEST(values(set->labels(Split::kTrain)) == (std::vector<int64_t>{2, 0, 1}), boost::test_tools::per_element());
  labels[20] = 1;
  put("train-labels-idx2-int", labels);
  check_contains(error(kNothing),
                 "train-labels-idx2-int has label 16777216 in record 1 (offset 20), expected [0, 255]");
  labels[20] = 0xff;
  put("train-labels-idx2-int", labels);
  check_contains(error(kNothing), "has label -16777216 in record 1");
  labels.pop_back();
  put("train-labels-idx2-int", labels);
  check_contains(error(kNothing), "is truncated: its header promises 24 bytes from offset 12 on, but only 23 follow");
}

BOOST_AUTO_TEST_CASE(takes_names_from_the_mapping_of_emnist) {
  put_labels({1, 3, 2}, {3});
  rename_to_emnist();
  std::ofstream(directory.path() / "EMNIST-letters-mapping.txt") << "\xef\xbb\xbf"
                                                                    "1 65 97\r\n2 228\n3 8364 128512\n\n";
  const auto set = open(R"("label_base": 1, "transpose": false)");
  BOOST_TEST(set->info().class_names == (std::vector<std::string>{"Aa", "\u00e4", "\u20ac\U0001f600"}),
             boost::test_tools::per_element());
  const auto named = open(R"("label_base": 1, "class_names": ["x", "y", "z"])");
  BOOST_TEST(named->info().class_names.at(0) == "x");
}

BOOST_AUTO_TEST_CASE(names_the_line_of_a_damaged_mapping) {
  const LabelRange range{1, 2};
  check_contains(mapping_error("1 65\nB 66\n", range),
                 "mapping.txt has 'B 66' in line 2, expected a label and the code points of its characters");
  for (const char* line : {"1", "1 x", "1 65x", "1 10", "1 55296", "1 1114112", "1 -5", "1 99999999999999999999"})
    check_contains(mapping_error(line, range), std::string("has '") + line + "' in line 1");
  check_contains(mapping_error("1 65\n3 66\n", range), "has label 3 in line 2, expected 1 to 2; fetch the file again");
  check_contains(mapping_error("1 65\n1 66\n", range), "has label 1 twice, again in line 2");
  check_contains(mapping_error("2 65\n", range), "lacks label 1, expected 1 to 2");
}

BOOST_AUTO_TEST_CASE(transposes_images) {
  const auto set = make<IdxDataset>(
      R"({"path": ")" + directory.path().string() + R"(", "height_px": 3, "width_px": 2, "transpose": true})", context);
  set->open();
  const at::Tensor images = set->tensors(Split::kTrain).images;
  BOOST_TEST((images.sizes() == at::IntArrayRef({3, 1, 3, 2})));
  const auto* pixels = images.data_ptr<uint8_t>();
  BOOST_TEST(Bytes(pixels, pixels + 12) == (Bytes{0, 3, 1, 4, 2, 5, 10, 13, 11, 14, 12, 15}),
             boost::test_tools::per_element());
  check_contains(error(R"("transpose": true)"),
                 "has images of 3 x 2 px (height x width, transposed), expected 2 x 3; set 'height_px' to 3 and "
                 "'width_px' to 2");
}

BOOST_AUTO_TEST_CASE(says_that_images_of_emnist_are_transposed) {
  rename_to_emnist();
  open(R"("transpose": false)");
  const size_t before = context.lines.size();
  open(kNothing);
  BOOST_REQUIRE(context.lines.size() == before + 2);
  check_contains(context.lines.back(), "EMNIST's images are stored transposed; set 'transpose' to true");
  BOOST_TEST(context.warnings.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::datasets
