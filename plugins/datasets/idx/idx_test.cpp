// IDX files: what is read, and how each kind of damage is reported.
#include <ATen/ops/bincount.h>

#include "idx/idx_fixture.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

BOOST_FIXTURE_TEST_SUITE(idx_dataset, IdxFixture)

BOOST_AUTO_TEST_CASE(reads_images_and_labels_in_order) {
  const auto set = make_set();
  set->open();
  BOOST_TEST(set->size(Split::kTrain) == 3);
  BOOST_TEST(set->size(Split::kValidation) == 0);
  BOOST_TEST(set->size(Split::kTest) == 2);
  const ImageTensors train = set->tensors(Split::kTrain);
  BOOST_TEST((train.images.sizes() == at::IntArrayRef({3, 1, 2, 3})));
  BOOST_TEST((train.images.scalar_type() == at::kByte));
  BOOST_TEST(train.images.is_contiguous());
  const auto* pixels = train.images.data_ptr<uint8_t>();
  const auto* labels = set->labels(Split::kTrain).data_ptr<int64_t>();
  BOOST_TEST(Bytes(pixels, pixels + 18) == Bytes(train_images.begin() + 16, train_images.end()),
             boost::test_tools::per_element());
  BOOST_TEST(std::vector<int64_t>(labels, labels + 3) == (std::vector<int64_t>{2, 0, 1}),
             boost::test_tools::per_element());
  BOOST_TEST((set->tensors(Split::kValidation).images.sizes() == at::IntArrayRef({0, 1, 2, 3})));
}

BOOST_AUTO_TEST_CASE(answers_info_without_files) {
  fs::remove_all(directory.path());
  const DatasetInfo info =
      make_set(R"("classes": 3, "class_names": ["a", "b", "c"], "mean": [0.5], "std": [0.25])")->info();
  BOOST_TEST(info.class_names == (std::vector<std::string>{"a", "b", "c"}), boost::test_tools::per_element());
  BOOST_TEST(info.classes == 3);
  BOOST_TEST(info.channels == 1);
  BOOST_TEST(info.height == 2);
  BOOST_TEST(info.width == 3);
  BOOST_TEST(info.mean.at(0) == 0.5);
  BOOST_TEST(info.standard_deviation.at(0) == 0.25);
  BOOST_TEST(make_set()->info().class_names.empty());  // a mapping file may name them
}

BOOST_AUTO_TEST_CASE(reads_gzip_and_dotted_names) {
  fs::remove(directory.path() / "train-images-idx3-ubyte");
  put("train-images-idx3-ubyte.gz", gzip(train_images, context.scratch_directory() + "/file.gz"));
  move("train-labels-idx1-ubyte", "train-labels.idx1-ubyte");
  const auto set = make_set();
  set->open();
  BOOST_TEST(set->tensors(Split::kTrain).images.data_ptr<uint8_t>()[17] == 255);
  BOOST_TEST(set->labels(Split::kTrain).data_ptr<int64_t>()[0] == 2);
}

BOOST_AUTO_TEST_CASE(names_a_missing_file) {
  fs::remove(directory.path() / "t10k-images-idx3-ubyte");
  const std::string message = open_error();
  check_contains(message, directory.path().string());
  check_contains(message, "t10k-images-idx3-ubyte");
}

BOOST_AUTO_TEST_CASE(reports_a_wrong_magic_number) {
  put("train-labels-idx1-ubyte", train_images);
  const std::string message = open_error();
  check_contains(message, "train-labels-idx1-ubyte starts with the magic number 0x00000803, expected 0x00000801");
}

BOOST_AUTO_TEST_CASE(reports_a_file_that_ends_in_its_header) {
  put("train-images-idx3-ubyte", Bytes(train_images.begin(), train_images.begin() + 9));
  check_contains(open_error(), "train-images-idx3-ubyte ends after 9 bytes, inside its header of 16 bytes");
  put("train-images-idx3-ubyte", {});
  check_contains(open_error(), "train-images-idx3-ubyte ends after 0 bytes");
}

BOOST_AUTO_TEST_CASE(reports_a_truncated_file) {
  train_images.pop_back();
  put("train-images-idx3-ubyte", train_images);
  check_contains(open_error(),
                 "train-images-idx3-ubyte is truncated: its header promises 18 bytes from offset 16 on, but only 17");
}

BOOST_AUTO_TEST_CASE(reports_truncated_and_damaged_gzip) {
  fs::remove(directory.path() / "train-images-idx3-ubyte");
  const Bytes whole = gzip(train_images, context.scratch_directory() + "/file.gz");
  const std::string name = "train-images-idx3-ubyte.gz";
  put(name, Bytes(whole.begin(), whole.end() - 14));
  check_contains(open_error(), name + " is truncated: it ends at offset");
  put(name, Bytes(whole.begin(), whole.end() - 4));
  check_contains(open_error(), name + " is truncated: its gzip stream lacks the end");
  Bytes damaged = whole;
  damaged[damaged.size() - 8] ^= 1;  // checksum
  put(name, damaged);
  check_contains(open_error(), name + " cannot be decompressed: ");
  put(name, gzip(idx({3, 2, 3}, Bytes(17)), context.scratch_directory() + "/file.gz"));
  check_contains(open_error(), name + " is truncated: it ends at offset 33, expected 34");
}

BOOST_AUTO_TEST_CASE(reports_bytes_after_the_last_record) {
  train_labels.push_back(0);
  put("train-labels-idx1-ubyte", train_labels);
  check_contains(open_error(), "train-labels-idx1-ubyte continues after its last record: bytes follow at offset 11");
}

BOOST_AUTO_TEST_CASE(allocates_nothing_for_a_header_that_lies) {
  fs::remove(directory.path() / "train-labels-idx1-ubyte");
  put("train-labels-idx1-ubyte", idx({0xffffffff}, {1, 2}));
  check_contains(open_error(), "promises 4294967295 bytes");
  fs::remove(directory.path() / "train-labels-idx1-ubyte");
  put("train-labels-idx1-ubyte.gz", gzip(idx({0xffffffff}, {1, 2}), context.scratch_directory() + "/file.gz"));
  check_contains(open_error(), "promises 4294967295 bytes");
}

BOOST_AUTO_TEST_CASE(reports_a_label_out_of_range) {
  put("train-labels-idx1-ubyte", idx({3}, {2, 3, 1}));
  const std::string message = open_error();
  check_contains(message, "train-labels-idx1-ubyte has label 3 in record 1 (offset 9), expected [0, 2]");
}

BOOST_AUTO_TEST_CASE(reports_other_dimensions_and_counts) {
  put("train-images-idx3-ubyte", idx({3, 3, 2}, Bytes(18)));
  check_contains(open_error(), "has images of 3 x 2 px (height x width), expected 2 x 3");
  put("train-images-idx3-ubyte", idx({2, 2, 3}, Bytes(12)));
  const std::string message = open_error();
  check_contains(message, "train-images-idx3-ubyte has 2 images");
  check_contains(message, "train-labels-idx1-ubyte has 3 labels");
}

BOOST_AUTO_TEST_CASE(refuses_parameters_that_do_not_agree) {
  check_contains(error_of(ErrorCode::kInvalidParameter, [&] { make_set(R"("classes": 3, "class_names": ["a"])"); }),
                 "'class_names' has 1 names");
  check_contains(error_of(ErrorCode::kInvalidParameter, [&] { make_set(R"("mean": [0.5])"); }),
                 "'mean' is given without 'std'");
  check_contains(error_of(ErrorCode::kInvalidParameter, [&] { make_set(R"("mean": [0.5, 0.5], "std": [1, 1])"); }),
                 "'mean' has 2 values");
}

BOOST_AUTO_TEST_CASE(refuses_to_read_single_images) {
  const auto set = make_set();
  set->open();
  BOOST_TEST(set->in_memory());
  uint8_t pixel = 0;
  check_contains(error_of(ErrorCode::kContractViolation, [&] { set->image_size(Split::kTrain, 0); }), "image_size()");
  check_contains(error_of(ErrorCode::kContractViolation, [&] { set->read(Split::kTrain, 0, {}, &pixel); }), "read()");
}

BOOST_AUTO_TEST_SUITE_END()

// The set of Debian's package dataset-fashion-mnist.
static const char* const kFashionMnist = "/usr/share/datasets/fashion-mnist";

BOOST_AUTO_TEST_CASE(fashion_mnist, *boost::unit_test::precondition(HasData(kFashionMnist))) {
  test::TestContext context;
  const auto set = make<IdxDataset>(std::string(R"({"path": ")") + kFashionMnist + "\"}", context);
  set->open();
  BOOST_TEST(set->size(Split::kTrain) == 60000);
  BOOST_TEST(set->size(Split::kTest) == 10000);
  BOOST_TEST(at::bincount(set->labels(Split::kTrain)).eq(6000).all().item<bool>());
  BOOST_TEST(set->labels(Split::kTrain)[0].item<int64_t>() == 9);  // an ankle boot
  const at::Tensor pixels = set->tensors(Split::kTrain).images.to(at::kDouble).div(255);
  BOOST_TEST(pixels.mean().item<double>() == 0.2860, boost::test_tools::tolerance(2e-4));
  BOOST_TEST(pixels.std().item<double>() == 0.3530, boost::test_tools::tolerance(2e-4));
}

}  // namespace dha::datasets
