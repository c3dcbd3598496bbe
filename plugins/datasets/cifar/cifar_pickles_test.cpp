// CIFAR's Python version, as Python and numpy wrote it (tests/golden/cifar), and how damage is reported.
#include "cifar/cifar_pickles.hpp"

#include <ATen/ops/equal.h>

#include "cifar/cifar_dataset.hpp"
#include "cifar/pickle.hpp"
#include "shared/dataset_fixture.hpp"

namespace dha::datasets {

namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

const char* const kWriters[] = {"python_2", "protocol_2", "protocol_3", "protocol_4", "protocol_5"};

fs::path golden() { return test::source_dir() / "tests/golden/cifar"; }

struct Fixture {
  test::TemporaryDirectory directory;
  test::TestContext context;
  fs::path ten = directory.path() / "cifar-10-batches-py", hundred = directory.path() / "cifar-100-python";

  Fixture() {
    fs::create_directory(ten);
    fs::create_directory(hundred);
    for (const char* file : {"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"})
      fs::copy(golden() / "python_2/data_batch", ten / file);
    fs::copy(golden() / "python_2/data_batch", ten / "test_batch");
    fs::copy(golden() / "python_2/batches.meta", ten / "batches.meta");
    fs::copy(golden() / "python_2/train", hundred / "train");
    fs::copy(golden() / "python_2/train", hundred / "test");
    fs::copy(golden() / "python_2/meta", hundred / "meta");
  }
  std::unique_ptr<CifarDataset> opened(const fs::path& path, int classes) {
    auto set = make<CifarDataset>(R"({"path": ")" + path.string() + R"(", "classes": )" + std::to_string(classes) + "}",
                                  context);
    set->open();
    return set;
  }
  // The message for a file of these bytes.
  std::string pickle_error(const std::string& bytes) {
    const fs::path path = directory.path() / "pickle";
    write_bytes(path, {bytes.begin(), bytes.end()});
    return error_of(ErrorCode::kData, [&] { Pickle pickle(path); });
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(cifar_pickles, Fixture)

BOOST_AUTO_TEST_CASE(reads_what_each_protocol_writes_as_the_binary_version) {
  for (const int classes : {20, 100}) {
    const CifarLayout layout = cifar_layout(classes);
    const ImageTensors expected = read_cifar_files(golden(), {"images.bin"}, layout);
    for (const char* writer : kWriters) {
      const ImageTensors found = read_cifar_pickles(golden() / writer, {"train"}, layout);
      BOOST_TEST(at::equal(found.images, expected.images), writer);
      BOOST_TEST(at::equal(found.labels, expected.labels), writer);
      const std::vector<std::string> names = read_cifar_pickle_names(golden() / writer, layout);
      BOOST_TEST(names.size() == static_cast<size_t>(classes));
      BOOST_TEST(names.back() == (classes == 20 ? "coarse19" : "fine99"));
    }
  }
}

BOOST_AUTO_TEST_CASE(reads_all_batches_from_either_folder) {
  for (const fs::path& path : {ten, directory.path()}) {
    const auto set = opened(path, 10);
    BOOST_TEST(set->size(Split::kTrain) == 15);
    BOOST_TEST(set->size(Split::kTest) == 3);
    BOOST_TEST(set->labels(Split::kTrain)[14].item<int64_t>() == 6);
    BOOST_TEST(set->info().class_names.at(6) == "frog");
    BOOST_TEST(at::equal(set->tensors(Split::kTrain).images.slice(0, 12, 15), set->tensors(Split::kTest).images));
  }
  check_contains(context.warnings.at(0), "15 images in data_batch_1 and the other batches");
  const auto fine = opened(directory.path(), 100), coarse = opened(hundred, 20);
  BOOST_TEST(fine->labels(Split::kTest)[2].item<int64_t>() == 99);
  BOOST_TEST(coarse->labels(Split::kTest)[1].item<int64_t>() == 19);
  BOOST_TEST(coarse->info().class_names.at(3) == "coarse3");
}

BOOST_AUTO_TEST_CASE(prefers_the_binary_version) {
  write_bytes(directory.path() / "cifar-100-binary/train.bin", read_bytes(golden() / "images.bin"));
  write_bytes(directory.path() / "cifar-100-binary/test.bin", read_bytes(golden() / "images.bin"));
  BOOST_TEST(opened(directory.path(), 100)->info().class_names.front() == "0");
  BOOST_TEST(opened(hundred, 100)->info().class_names.front() == "fine0");
}

BOOST_AUTO_TEST_CASE(uses_numbers_where_there_are_no_names) {
  fs::remove(ten / "batches.meta");
  BOOST_TEST(opened(directory.path(), 10)->info().class_names.back() == "9");
  fs::copy(golden() / "python_2/meta", ten / "batches.meta");
  check_contains(error_of(ErrorCode::kData, [&] { opened(ten, 10); }), "batches.meta has no list 'label_names'");
}

BOOST_AUTO_TEST_CASE(names_a_missing_file_and_a_wrong_label) {
  check_contains(
      error_of(ErrorCode::kData, [&] { read_cifar_pickles(golden() / "python_2", {"train"}, cifar_layout(10)); }),
      "train has no list 'labels'; unpack the archive again");
  fs::remove(ten / "data_batch_3");
  check_contains(error_of(ErrorCode::kData, [&] { opened(ten, 10); }), "data_batch_3 cannot be read (No such file");
  CifarLayout narrow = cifar_layout(100);
  narrow.classes = 50;
  check_contains(error_of(ErrorCode::kData, [&] { read_cifar_pickles(hundred, {"train"}, narrow); }),
                 "train has label 99 at image 2, expected [0, 49]; unpack the archive again");
}

BOOST_AUTO_TEST_CASE(refuses_a_file_that_ends_early_at_any_byte) {
  for (const char* writer : {"python_2", "protocol_2", "protocol_5"}) {
    const std::vector<uint8_t> whole = read_bytes(golden() / writer / "meta");
    for (size_t size = 0; size < whole.size(); size += 7) {
      const std::string message = pickle_error({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
      BOOST_TEST_REQUIRE(message.find("unpack the archive again") != std::string::npos, message);
    }
  }
}

BOOST_AUTO_TEST_CASE(calls_nothing) {
  check_contains(pickle_error("\x80\x02"
                              "cos\nsystem\nU\x04"
                              "true\x85R."),
                 "refers to 'os.system', which no file of CIFAR does and which is not called (at byte 2)");
  check_contains(pickle_error("\x80\x04\x8c\x08"
                              "builtins\x8c\x04"
                              "eval\x93."),
                 "refers to 'builtins.eval'");
  check_contains(pickle_error("\x80\x02"
                              "c\x1b[2J\nx\n."),
                 "refers to '?[2J.x'");
  check_contains(pickle_error("\x80\x02"
                              "i."),
                 "has the instruction 0x69, which no file of CIFAR has");
}

BOOST_AUTO_TEST_CASE(refuses_other_content) {
  check_contains(pickle_error("(dp0\n."), "does not start like a pickle of protocol 2 to 5");
  check_contains(pickle_error("\x80\x06}."), "is of protocol 6, and protocols 2 to 5 are read");
  check_contains(pickle_error("\x80\x02]."), "is not a pickled dictionary");
  check_contains(pickle_error("\x80\x02}.."), "the file continues after its end");
  check_contains(pickle_error("\x80\x02}h\x05."), "refers to a value that is not there");
  check_contains(pickle_error("\x80\x02}(K\x01u."), "added to something else than a list or a dictionary");
  check_contains(pickle_error("\x80\x02}X\xff\xff\xff\xff."), "needs 4294967295 bytes where 1 are left");
  check_contains(pickle_error("\x80\x02"
                              "cnumpy\ndtype\nU\x02"
                              "i8\x85R."),
                 "of elements of type 'i8', expected 'u1'");
}

BOOST_AUTO_TEST_CASE(bounds_what_a_hostile_file_costs) {
  check_contains(pickle_error("\x80\x02" + std::string(3'000'000, ']')), "has more than 2000000 steps");
  // A list that contains itself, and nesting that recursion would not survive.
  const std::string nested =
      "\x80\x02]q\x00h\x00"
      "a"s +
      std::string(1'000'000, '\x85') + ".";
  check_contains(pickle_error(nested), "is not a pickled dictionary");
  std::string encoded = "\x80\x02X\xe8\x03\x00\x00"s + std::string(1000, 'x') + "q\x00"s;
  for (int i = 0; i < 20; ++i) encoded += "c_codecs\nencode\nh\x00X\x06\x00\x00\x00latin1\x86R"s;
  check_contains(pickle_error(encoded + "."), "it encodes one text several times");
  const std::string type = "cnumpy\ndtype\nU\x02u1\x85R", length = "J\xff\xff\xff\x7f";
  check_contains(pickle_error("\x80\x05"
                              "cnumpy.core.numeric\n_frombuffer\n(U\x01x" +
                              type + length + length +
                              "\x86U\x01"
                              "CtR."),
                 "has an array of 1 bytes, which is not what its shape says");
  check_contains(pickle_error("\x80\x02"
                              "cnumpy.core.numeric\n_frombuffer\n(" +
                              std::string(11, 'N') + "tR."),
                 "has an array that is not rebuilt as numpy does");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::datasets
