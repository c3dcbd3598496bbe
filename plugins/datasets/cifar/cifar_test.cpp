// CIFAR files: what is read, and how each kind of damage is reported.
#include "cifar/cifar_dataset.hpp"

#include <ATen/ops/bincount.h>

#include <cstdlib>

#include "shared/dataset_fixture.hpp"

namespace dha::datasets {

namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

// A record whose red, green and blue planes are `first`, `first` + 1 and `first` + 2.
Bytes record(const Bytes& labels, uint8_t first) {
  Bytes bytes = labels;
  for (int plane = 0; plane < 3; ++plane) bytes.insert(bytes.end(), 1024, static_cast<uint8_t>(first + plane));
  return bytes;
}

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

struct Fixture {
  test::TemporaryDirectory directory;
  test::TestContext context;
  fs::path ten = directory.path() / "cifar-10-batches-bin", hundred = directory.path() / "cifar-100-binary";

  Fixture() {
    for (uint8_t i = 1; i <= 5; ++i)
      write_bytes(ten / ("data_batch_" + std::to_string(i) + ".bin"), record({i}, i) + record({0}, uint8_t(100 + i)));
    write_bytes(ten / "test_batch.bin", record({9}, 200));
    write_bytes(hundred / "train.bin", record({19, 99}, 1) + record({3, 42}, 2));
    write_bytes(hundred / "test.bin", record({0, 1}, 3));
  }
  std::unique_ptr<CifarDataset> make_set(const fs::path& path, int classes = 10) {
    return make<CifarDataset>(R"({"path": ")" + path.string() + R"(", "classes": )" + std::to_string(classes) + "}",
                              context);
  }
  std::string open_error(int classes = 10) {
    return error_of(ErrorCode::kData, [&] { make_set(directory.path(), classes)->open(); });
  }
};

// The command between backticks.
std::string command_in(const std::string& message) {
  const size_t first = message.find('`'), last = message.rfind('`');
  BOOST_REQUIRE_MESSAGE(first < last, message);
  return message.substr(first + 1, last - first - 1);
}

void run(const std::string& command) { BOOST_REQUIRE_MESSAGE(std::system(command.c_str()) == 0, command); }

int64_t label(const Dataset& set, Split split, int64_t index) { return set.labels(split)[index].item<int64_t>(); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(cifar_dataset, Fixture)

BOOST_AUTO_TEST_CASE(reads_all_batches_in_order_from_either_folder) {
  for (const fs::path& path : {ten, directory.path()}) {
    const auto set = make_set(path);
    set->open();
    BOOST_TEST(set->size(Split::kTrain) == 10);
    BOOST_TEST(set->size(Split::kTest) == 1);
    BOOST_TEST(set->size(Split::kValidation) == 0);
    BOOST_TEST(label(*set, Split::kTrain, 8) == 5);
    BOOST_TEST(label(*set, Split::kTest, 0) == 9);
    const at::Tensor images = set->tensors(Split::kTrain).images;
    BOOST_TEST((images.sizes() == at::IntArrayRef({10, 3, 32, 32})));
    for (int channel = 0; channel < 3; ++channel) BOOST_TEST(images[9][channel].eq(105 + channel).all().item<bool>());
  }
  BOOST_TEST(context.warnings.size() == 4);  // fewer images than published, twice in each of two sets
  check_contains(context.warnings.at(0),
                 "10 images in data_batch_1.bin and the other batches, the published set has 50000");
}

BOOST_AUTO_TEST_CASE(reads_fine_and_coarse_labels) {
  const auto fine = make_set(hundred, 100), coarse = make_set(directory.path(), 20);
  fine->open();
  coarse->open();
  BOOST_TEST(label(*fine, Split::kTrain, 0) == 99);
  BOOST_TEST(label(*coarse, Split::kTrain, 0) == 19);
  BOOST_TEST(label(*coarse, Split::kTrain, 1) == 3);
  BOOST_TEST(fine->tensors(Split::kTrain).images[1][2][31][31].item<int>() == 4);
  BOOST_TEST(fine->info().class_names.at(99) == "99");
}

BOOST_AUTO_TEST_CASE(finds_the_folder_up_to_three_levels_below) {
  const fs::path deep = directory.path() / "a/b/cifar-10-batches-bin";
  fs::create_directories(deep.parent_path());
  fs::rename(ten, deep);
  make_set(directory.path())->open();
  BOOST_TEST(context.lines.at(0) == "reads " + deep.string());
  fs::create_directories(directory.path() / "text");
  fs::copy(hundred / "train.bin", directory.path() / "text/train.bin");
  make_set(directory.path(), 100)->open();  // the published name decides
  fs::rename(hundred, directory.path() / "another");
  const std::string message = open_error(100);
  check_contains(message, "has CIFAR-100 in 2 folders: " + directory.path().string() + "/another, ");
  check_contains(message, "/text; set 'path' to one of them");
  make_set(directory.path() / "another", 100)->open();
}

BOOST_AUTO_TEST_CASE(names_the_classes_of_the_other_set) {
  const auto error_in = [&](const fs::path& path, int classes) {
    return error_of(ErrorCode::kData, [&] { make_set(path, classes)->open(); });
  };
  check_contains(error_in(hundred, 10), hundred.string() +
                                            " has no folder cifar-10-batches-bin with data_batch_1.bin, nor "
                                            "cifar-10-batches-py with data_batch_1, but CIFAR-100 in " +
                                            hundred.string() +
                                            "; set 'classes' to 100, or to 20 for its coarse labels");
  make_set(hundred, 20)->open();
  check_contains(error_in(ten, 100), "but CIFAR-10 in " + ten.string() + "; set 'classes' to 10");
}

BOOST_AUTO_TEST_CASE(says_how_to_unpack_the_archive) {
  const fs::path root = directory.path() / "my data";
  fs::create_directory(root);
  run("cd '" + root.string() + "' && tar -czf cifar-10-binary.tar.gz -C .. cifar-10-batches-bin");
  fs::remove_all(ten);
  fs::remove_all(hundred);
  const fs::path archive = root / "cifar-10-binary.tar.gz";
  const std::string message = open_error();
  check_contains(message, "but the archive " + archive.string() + "; unpack it with `tar -xf '");
  check_contains(message, "and set 'path' to " + root.string());
  const std::string direct = error_of(ErrorCode::kData, [&] { make_set(archive)->open(); });
  check_contains(direct, archive.string() + " is an archive, and archives are not read; unpack it");
  BOOST_TEST(command_in(direct) == command_in(message));
  check_contains(open_error(100), "but CIFAR-10 in " + archive.string() + "; set 'classes' to 10");
  run(command_in(message));
  make_set(root)->open();
}

BOOST_AUTO_TEST_CASE(says_that_the_matlab_version_is_not_read) {
  run("cd '" + directory.path().string() + "' && tar -czf binary.tar.gz cifar-10-batches-bin");
  fs::remove_all(ten);
  const fs::path root = directory.path() / "root", matlab = root / "cifar-10-batches-mat";
  write_bytes(matlab / "data_batch_1.mat", {1});
  const auto error = [&](const fs::path& path) { return error_of(ErrorCode::kData, [&] { make_set(path)->open(); }); };
  check_contains(error(root), "but the MATLAB version in " + matlab.string() +
                                  ", which is not read; fetch cifar-10-binary.tar.gz into ");
  fs::remove_all(matlab);
  write_bytes(root / "cifar-10-matlab.tar.gz", {1});
  check_contains(error(root / "cifar-10-matlab.tar.gz"), "cifar-10-matlab.tar.gz is the MATLAB version of CIFAR-10, ");
  const std::string message = error(root);
  check_contains(message, "but the MATLAB version in " + (root / "cifar-10-matlab.tar.gz").string());
  fs::rename(directory.path() / "binary.tar.gz", root / "cifar-10-binary.tar.gz");
  run(command_in(message));
  make_set(root)->open();
}

BOOST_AUTO_TEST_CASE(says_what_to_fetch_where_there_is_nothing) {
  fs::create_directory(directory.path() / "empty");
  const auto error = [&](const std::string& name) {
    return error_of(ErrorCode::kData, [&] { make_set(directory.path() / name)->open(); });
  };
  check_contains(error("empty"), "up to three folders deep; fetch cifar-10-binary.tar.gz into ");
  check_contains(error("nowhere"), "/nowhere cannot be read (No such file");
  check_contains(error("cifar-100-binary/train.bin"), "train.bin is a file, expected a folder; set 'path' to ");
}

BOOST_AUTO_TEST_CASE(answers_info_without_files) {
  const DatasetInfo info = make_set("nowhere", 20)->info();
  BOOST_TEST(info.classes == 20);
  BOOST_TEST(info.channels == 3);
  BOOST_TEST(info.height == 32);
  BOOST_TEST(info.width == 32);
  BOOST_TEST(info.mean == (std::vector<double>{0.4914, 0.4822, 0.4465}), boost::test_tools::per_element());
  BOOST_TEST(info.standard_deviation == (std::vector<double>{0.2470, 0.2435, 0.2616}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(reads_names_of_classes) {
  std::ofstream(ten / "batches.meta.txt") << "\xef\xbb\xbf"
                                             "a\r\nb\nc\nd\ne\nf\ng\nh\ni\ntruck\n\n";
  const auto set = make_set(ten);
  set->open();
  BOOST_TEST(set->info().class_names.size() == 10u);
  BOOST_TEST(set->info().class_names.front() == "a");
  BOOST_TEST(set->info().class_names.back() == "truck");
  std::ofstream(ten / "batches.meta.txt") << "a\nb\n";
  check_contains(open_error(), "batches.meta.txt has 2 class names, expected 10");
}

BOOST_AUTO_TEST_CASE(names_a_missing_file) {
  fs::remove(ten / "data_batch_3.bin");
  check_contains(open_error(), "data_batch_3.bin cannot be read");
  fs::remove(hundred / "test.bin");
  check_contains(open_error(100), "test.bin cannot be read");
}

BOOST_AUTO_TEST_CASE(names_the_record_at_which_a_file_ends) {
  Bytes bytes = read_bytes(ten / "data_batch_2.bin");
  bytes.resize(bytes.size() - 1);
  write_bytes(ten / "data_batch_2.bin", bytes);
  check_contains(open_error(), "data_batch_2.bin is truncated: record 1 at offset 3073 has 3072 bytes, expected 3073");
  write_bytes(ten / "data_batch_2.bin", {});
  check_contains(open_error(), "data_batch_2.bin is truncated: record 0 at offset 0 has 0 bytes");
}

BOOST_AUTO_TEST_CASE(names_the_record_of_a_label_out_of_range) {
  write_bytes(ten / "data_batch_4.bin", record({1}, 0) + record({10}, 0));
  check_contains(open_error(), "data_batch_4.bin has label 10 in record 1 (offset 3073), expected [0, 9]");
  write_bytes(hundred / "test.bin", record({0, 100}, 0));
  check_contains(open_error(100), "test.bin has label 100 in record 0 (offset 1), expected [0, 99]");
}

BOOST_AUTO_TEST_CASE(refuses_another_number_of_classes) {
  const ParamCheck check = check_params(CifarDataset::schema().json_text(), R"({"path": "data", "classes": 50})");
  BOOST_TEST_REQUIRE(check.problems.size() == 1U);
  BOOST_TEST(check.problems[0].pointer == "/classes");
  BOOST_TEST(check.problems[0].message == "must be one of 10, 20, 100, found 50");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(real_cifar_10,
                     *boost::unit_test::precondition(HasData(test::data_dir() / "cifar-10-batches-bin"))) {
  test::TestContext context;
  const auto set = make<CifarDataset>(R"({"path": ")" + test::data_dir().string() + "\"}", context);
  set->open();
  BOOST_TEST(set->size(Split::kTrain) == 50000);
  BOOST_TEST(set->size(Split::kTest) == 10000);
  BOOST_TEST(context.warnings.empty());
  BOOST_TEST(at::bincount(set->labels(Split::kTrain)).eq(5000).all().item<bool>());
  BOOST_TEST(at::bincount(set->labels(Split::kTest)).eq(1000).all().item<bool>());
  BOOST_TEST(set->info().class_names.at(6) == "frog");
  BOOST_TEST(label(*set, Split::kTrain, 0) == 6);
  const at::Tensor images = set->tensors(Split::kTrain).images;
  for (int channel = 0; channel < 3; ++channel) {
    const at::Tensor plane = images.select(1, channel).to(at::kDouble).div(255);
    BOOST_TEST(plane.mean().item<double>() == set->info().mean.at(channel), boost::test_tools::tolerance(2e-4));
    BOOST_TEST(plane.std().item<double>() == set->info().standard_deviation.at(channel),
               boost::test_tools::tolerance(2e-4));
  }
}

BOOST_AUTO_TEST_CASE(real_cifar_100, *boost::unit_test::precondition(HasData(test::data_dir() / "cifar-100-binary"))) {
  for (const int classes : {20, 100}) {
    test::TestContext context;
    const auto set = make<CifarDataset>(
        R"({"path": ")" + test::data_dir().string() + R"(", "classes": )" + std::to_string(classes) + "}", context);
    set->open();
    BOOST_TEST(context.warnings.empty());
    BOOST_TEST(at::bincount(set->labels(Split::kTrain)).eq(50000 / classes).all().item<bool>());
    BOOST_TEST(at::bincount(set->labels(Split::kTest)).eq(10000 / classes).all().item<bool>());
    const int64_t first = label(*set, Split::kTrain, 0);
    BOOST_TEST(set->info().class_names.at(static_cast<size_t>(first)) ==
                   (classes == 20 ? "large_omnivores_and_herbivores" : "cattle"),
               "class of the first image is " << set->info().class_names.at(static_cast<size_t>(first)));
  }
}

}  // namespace dha::datasets
