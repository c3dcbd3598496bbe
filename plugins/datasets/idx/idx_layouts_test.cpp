// The folders and names that sets of IDX files are delivered with, and what is said about those that are not read.
#include <algorithm>
#include <cstdlib>

#include "idx/idx_fixture.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

struct LayoutFixture : IdxFixture {
  const std::vector<std::string> files{"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                       "t10k-labels-idx1-ubyte"};

  std::string folder() const { return directory.path().string(); }

  // Moves the four files to these places.
  void arrange(const std::vector<std::string>& names) {
    for (size_t i = 0; i < files.size(); ++i) {
      fs::create_directories((directory.path() / names[i]).parent_path());
      move(files[i], names[i]);
    }
  }
  // Copies the set into another folder, behind `prefix`.
  void copy(const std::string& below, const std::string& prefix = "") {
    fs::create_directories(directory.path() / below);
    for (const std::string& file : files) fs::copy(directory.path() / file, directory.path() / below / (prefix + file));
  }
  std::unique_ptr<IdxDataset> make_below(const fs::path& path, const std::string& more = "") {
    return make<IdxDataset>(R"({"path": ")" + path.string() + R"(", "height_px": 2, "width_px": 3)" + more + "}",
                            context);
  }
  void check_reads(const fs::path& path, const std::string& more = "") {
    const auto set = make_below(path, more);
    set->open();
    BOOST_TEST(set->size(Split::kTrain) == 3);
    BOOST_TEST(set->size(Split::kTest) == 2);
    BOOST_TEST(set->tensors(Split::kTrain).images.data_ptr<uint8_t>()[17] == 255);
    BOOST_TEST(set->tensors(Split::kTest).images.data_ptr<uint8_t>()[11] == 7);
    BOOST_TEST(set->labels(Split::kTrain).data_ptr<int64_t>()[0] == 2);
    BOOST_TEST(set->labels(Split::kTest).data_ptr<int64_t>()[0] == 1);
  }
  std::string error_at(const fs::path& path, const std::string& more = "") {
    return error_of(ErrorCode::kData, [&] { make_below(path, more)->open(); });
  }
  bool has_line(const std::string& part) const {
    return std::any_of(context.lines.begin(), context.lines.end(),
                       [&](const std::string& line) { return line.find(part) != std::string::npos; });
  }
};

// Runs a shell command in the folder.
void run(const fs::path& folder, const std::string& command) {
  BOOST_REQUIRE_MESSAGE(std::system(("cd '" + folder.string() + "' && " + command + " > /dev/null").c_str()) == 0,
                        command);
}

// The command between backticks.
std::string command_in(const std::string& message) {
  const size_t first = message.find('`'), last = message.rfind('`');
  BOOST_REQUIRE_MESSAGE(first < last, message);
  return message.substr(first + 1, last - first - 1);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(idx_layouts, LayoutFixture)

BOOST_AUTO_TEST_CASE(finds_the_files_of_each_delivery) {
  const std::vector<std::vector<std::string>> deliveries{
      files,
      {"train-images.idx3-ubyte", "train-labels.idx1-ubyte", "t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"},
      {"TRAIN-IMAGES-IDX3-UBYTE", "Train-Labels-idx1-ubyte", "T10K-images-IDX3-ubyte", "t10k-labels-idx1-UBYTE"},
      {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "test-images-idx3-ubyte", "test-labels-idx1-ubyte"},
      {"train_images.idx3-ubyte", "train_labels.idx1-ubyte", "test_images.idx3-ubyte", "test_labels.idx1-ubyte"},
      {"MNIST/raw/train-images-idx3-ubyte", "MNIST/raw/train-labels-idx1-ubyte", "MNIST/raw/t10k-images-idx3-ubyte",
       "MNIST/raw/t10k-labels-idx1-ubyte"},
      {"a/b/c/train-images-idx3-ubyte", "a/b/c/train-labels-idx1-ubyte", "a/b/c/t10k-images-idx3-ubyte",
       "a/b/c/t10k-labels-idx1-ubyte"},
      {"gzip/emnist-letters-train-images-idx3-ubyte", "gzip/emnist-letters-train-labels-idx1-ubyte",
       "gzip/emnist-letters-test-images-idx3-ubyte", "gzip/emnist-letters-test-labels-idx1-ubyte"},
  };
  for (const std::vector<std::string>& names : deliveries) {
    LayoutFixture fresh;
    fresh.arrange(names);
    BOOST_TEST_CONTEXT(names[0]) fresh.check_reads(fresh.directory.path());
  }
}

BOOST_AUTO_TEST_CASE(finds_files_in_folders_of_their_names) {
  arrange({"train-images-idx3-ubyte.d/train-images-idx3-ubyte", "train-labels-idx1-ubyte.d/train-labels-idx1-ubyte",
           "t10k-images-idx3-ubyte.d/t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte.d/t10k-labels-idx1-ubyte"});
  for (const std::string& file : files) move(file + ".d", file);
  check_reads(directory.path());
  // As in Kaggle's archive: files with dots in their names, next to the folders.
  for (const std::string& file : files)
    fs::copy(directory.path() / file / file, directory.path() / std::string(file).replace(file.find("-idx"), 1, "."));
  check_reads(directory.path());
  for (const std::string& file : files) fs::remove_all(directory.path() / file);
  check_reads(directory.path());
}

BOOST_AUTO_TEST_CASE(prefers_the_unpacked_of_two_forms) {
  for (const std::string& file : files) put(file + ".gz", {1, 2, 3});
  check_reads(directory.path());
}

BOOST_AUTO_TEST_CASE(passes_by_what_a_mac_adds_to_archives) {
  copy("MNIST");
  copy("__MACOSX", "._");
  for (const std::string& file : files) move(file, "._" + file);
  check_reads(directory.path());
}

BOOST_AUTO_TEST_CASE(says_which_files_it_reads_where_that_is_not_plain) {
  check_reads(directory.path());
  BOOST_TEST(context.lines.empty());
  copy("MNIST/raw");
  for (const std::string& file : files) fs::remove(directory.path() / file);
  check_reads(directory.path());
  BOOST_TEST(has_line("reads " + folder() + "/MNIST/raw/train-images-idx3-ubyte"));
}

BOOST_AUTO_TEST_CASE(lists_the_prefixes_of_several_sets) {
  copy(".", "emnist-letters-");
  put("emnist-letters-t10k-labels-idx1-ubyte", idx({2}, {0, 0}));
  const std::string message = error_at(directory.path());
  check_contains(message, "the IDX files of 2 sets, which start with \"\", \"emnist-letters\"; set 'prefix'");
  check_reads(directory.path(), R"(, "prefix": "")");
  const auto letters = make_below(directory.path(), R"(, "prefix": "EMNIST-letters")");
  letters->open();
  BOOST_TEST(letters->labels(Split::kTest).sum().item<int64_t>() == 0);
  check_contains(
      error_at(directory.path(), R"(, "prefix": "digits")"),
      "no IDX files with the prefix \"digits\", found \"\", \"emnist-letters\"; set 'prefix' to one of these");
}

BOOST_AUTO_TEST_CASE(lists_the_folders_of_several_sets) {
  copy("MNIST/raw");
  copy("FashionMNIST/raw");
  check_reads(directory.path());  // nothing below is meant
  for (const std::string& file : files) fs::remove(directory.path() / file);
  check_contains(error_at(directory.path()), "has IDX files in 2 folders: " + folder() + "/FashionMNIST/raw, " +
                                                 folder() + "/MNIST/raw; set 'path' to one of them");
  check_reads(directory.path() / "MNIST/raw");
  check_reads(directory.path() / "MNIST");
}

BOOST_AUTO_TEST_CASE(names_the_missing_file_of_a_pair) {
  for (const std::string& file : files) {
    IdxFixture fresh;
    fs::remove(fresh.directory.path() / file);
    const std::string message = error_at(fresh.directory.path());
    check_contains(message, fresh.directory.path().string() + " lacks " + file + "[.gz], which belongs to ");
    check_contains(message, "; add it");
  }
  fs::remove(directory.path() / files[3]);
  check_contains(error_at(directory.path()), "or move the latter elsewhere");
  fs::create_directory(directory.path() / "elsewhere");
  move(files[2], "elsewhere/" + files[2]);
  make_below(directory.path())->open();
}

BOOST_AUTO_TEST_CASE(names_missing_training_files) {
  fs::remove(directory.path() / files[0]);
  fs::remove(directory.path() / files[1]);
  check_contains(error_at(directory.path()),
                 folder() + " lacks train-images-idx3-ubyte[.gz] and train-labels-idx1-ubyte[.gz]; add both");
}

BOOST_AUTO_TEST_CASE(reads_a_set_without_test_files) {
  fs::remove(directory.path() / files[2]);
  fs::remove(directory.path() / files[3]);
  const auto set = make_below(directory.path());
  set->open();
  BOOST_TEST(set->size(Split::kTest) == 0);
  BOOST_TEST(set->size(Split::kTrain) == 3);
  BOOST_REQUIRE(context.lines.size() == 1U);
  check_contains(context.lines[0], "there is no test split: " + folder() + " lacks t10k-images-idx3-ubyte");
}

BOOST_AUTO_TEST_CASE(reads_validation_files) {
  put("val-images-idx3-ubyte", idx({1, 2, 3}, Bytes(6, 9)));
  put("val-labels-idx1-ubyte", idx({1}, {2}));
  const auto set = make_below(directory.path());
  set->open();
  BOOST_TEST(set->size(Split::kValidation) == 1);
  BOOST_TEST(set->tensors(Split::kValidation).images[0][0][1][2].item<int>() == 9);
}

BOOST_AUTO_TEST_CASE(refuses_two_test_splits) {
  put("test-images-idx3-ubyte", idx({2, 2, 3}, Bytes(12, 7)));
  check_contains(error_at(directory.path()), "both contain the test split of one set; move one of them");
  fs::remove(directory.path() / "t10k-images-idx3-ubyte");
  check_contains(error_at(directory.path()), "do not belong together");
  fs::remove(directory.path() / "test-images-idx3-ubyte");
  check_contains(error_at(directory.path()), "lacks t10k-images-idx3-ubyte");
}

BOOST_AUTO_TEST_CASE(says_how_to_unpack_an_archive) {
  for (const std::string& name : std::vector<std::string>{"archive.zip", "it's MNIST.zip", "mnist.tar.gz"}) {
    IdxFixture fresh;
    const fs::path root = fresh.directory.path() / "a 'b'";
    const bool is_zip = name.ends_with("zip");
    fs::create_directory(root);
    run(fresh.directory.path(),
        (is_zip ? "python3 -m zipfile -c archive " : "tar -czf archive ") + std::string("t*-ubyte && rm t*-ubyte"));
    fs::rename(fresh.directory.path() / "archive", root / name);
    check_contains(error_at(root / name), (root / name).string() + " is an archive, and archives are not read");
    check_contains(error_at(root / name), "and set 'path' to " + root.string());
    const std::string message = error_at(root);
    check_contains(message, is_zip ? "unpack it with `unzip " : "unpack it with `tar -xf ");
    BOOST_TEST(command_in(message) == command_in(error_at(root / name)));
    run("/", command_in(message));
    check_reads(root);
  }
}

BOOST_AUTO_TEST_CASE(says_what_lies_there_instead) {
  check_contains(error_at(directory.path() / files[0]),
                 "is a file, expected the folder of the IDX files; set 'path' to " + folder());
  check_contains(error_at(directory.path() / "nowhere"), folder() + "/nowhere cannot be read (No such file");
  fs::create_directory(directory.path() / "other");
  check_contains(error_at(directory.path() / "other"), "has no IDX files such as train-images-idx3-ubyte[.gz]");
  check_contains(error_at(directory.path() / "other"), "it contains nothing");
  for (const char* file : {"a.csv", "b.csv", "c.csv", "d.csv", "e.csv"}) put(std::string("other/") + file, {1});
  check_contains(error_at(directory.path() / "other"), "it contains a.csv, b.csv, c.csv, d.csv and 1 more; set 'path'");
}

BOOST_AUTO_TEST_CASE(names_a_link_that_leads_nowhere) {
  fs::remove(directory.path() / files[0]);
  fs::create_symlink("nowhere", directory.path() / files[0]);
  check_contains(error_at(directory.path()), files[0] + " cannot be opened");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::datasets
