// Atomic files, their errors, and what a kill or a full disk leaves.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>

#include "dha/error.hpp"
#include "storage/atomic_file.hpp"
#include "storage/staged_folder.hpp"
#include "support/as_nobody.hpp"
#include "support/child_process.hpp"
#include "support/paths.hpp"

namespace fs = std::filesystem;
using dha::test::AsNobody;
using dha::test::TemporaryDirectory;

namespace {

size_t entries_of(const fs::path& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

// Whether the error says which file and why.
auto names(const fs::path& file, const std::string& reason) {
  return [=](const dha::Error& error) {
    const std::string text = error.what();
    BOOST_TEST_MESSAGE(text);
    return error.code() == dha::ErrorCode::kIo && text.find("'" + file.string() + "'") != std::string::npos &&
           text.find(reason) != std::string::npos;
  };
}

// A small file system of its own.
class SmallDisk {
 public:
  explicit SmallDisk(const fs::path& folder) : folder_(folder) {
    fs::create_directory(folder);
    is_mounted_ = mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=64k") == 0;
  }
  ~SmallDisk() {
    if (is_mounted_) umount2(folder_.c_str(), MNT_DETACH);
  }
  bool is_mounted() const { return is_mounted_; }
  bool make_read_only() const { return mount("tmpfs", folder_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "") == 0; }

 private:
  fs::path folder_;
  bool is_mounted_;
};

boost::test_tools::assertion_result can_mount(boost::unit_test::test_unit_id) {
  const TemporaryDirectory folder;
  boost::test_tools::assertion_result result(SmallDisk(folder.path() / "disk").is_mounted());
  result.message() << "this user may not mount a file system";
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(atomic_file)

BOOST_AUTO_TEST_CASE(writes_and_replaces_whole_files) {
  const TemporaryDirectory folder;
  const fs::path file = folder.path() / "summary.json";
  dha::write_file_atomically(file, std::string("a\0b\n", 4));
  BOOST_TEST(dha::read_file(file) == std::string("a\0b\n", 4));
  const std::string large(3'000'001, 'x');
  dha::write_file_atomically(file, large);
  BOOST_TEST((dha::read_file(file) == large));
  dha::write_file_atomically(file, "");
  BOOST_TEST(dha::read_file(file).empty());
  BOOST_TEST(entries_of(folder.path()) == 1U);
}

BOOST_AUTO_TEST_CASE(files_have_the_permissions_of_ordinary_files) {
  const TemporaryDirectory folder;
  const fs::path file = folder.path() / "file";
  const mode_t mask = umask(027);
  dha::write_file_atomically(file, "x");
  umask(mask);
  struct stat status {};
  BOOST_REQUIRE(stat(file.c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0777) == 0640U);
}

BOOST_AUTO_TEST_CASE(names_of_the_greatest_length_work) {
  const TemporaryDirectory folder;
  dha::write_file_atomically(folder.path() / std::string(255, 'n'), "x");
  BOOST_TEST(dha::read_file(folder.path() / std::string(255, 'n')) == "x");
}

BOOST_AUTO_TEST_CASE(without_commit_the_old_file_stays) {
  const TemporaryDirectory folder;
  const fs::path file = folder.path() / "file";
  dha::write_file_atomically(file, "old");
  {
    dha::AtomicFileWriter writer(file);
    writer.write("new");
    BOOST_TEST(dha::read_file(file) == "old");
  }
  BOOST_TEST(dha::read_file(file) == "old");
  BOOST_TEST(entries_of(folder.path()) == 1U);
}

BOOST_AUTO_TEST_CASE(errors_name_file_and_reason) {
  const TemporaryDirectory folder;
  const fs::path missing = folder.path() / "no" / "file", long_name = folder.path() / std::string(256, 'n');
  BOOST_CHECK_EXCEPTION(dha::write_file_atomically(missing, ""), dha::Error, names(missing, "No such file"));
  BOOST_CHECK_EXCEPTION(dha::write_file_atomically(long_name, ""), dha::Error, names(long_name, "name too long"));
  BOOST_CHECK_EXCEPTION(dha::write_file_atomically(folder.path(), ""), dha::Error,
                        names(folder.path(), "Is a directory"));
  BOOST_CHECK_EXCEPTION(dha::read_file(missing), dha::Error, names(missing, "No such file"));
  BOOST_CHECK_EXCEPTION(dha::read_file(folder.path()), dha::Error, names(folder.path(), "Is a directory"));
  dha::write_file_atomically(folder.path() / "file", "");
  const fs::path below = folder.path() / "file" / "below";
  BOOST_CHECK_EXCEPTION(dha::write_file_atomically(below, ""), dha::Error, names(below, "Not a directory"));
  BOOST_TEST(entries_of(folder.path()) == 1U);
}

BOOST_AUTO_TEST_CASE(a_folder_without_permission_is_named) {
  const TemporaryDirectory folder;
  const fs::path closed = folder.path() / "closed";
  fs::create_directory(closed);
  fs::permissions(folder.path(), fs::perms::all);
  fs::permissions(closed,
                  fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
  {
    const AsNobody nobody;
    BOOST_REQUIRE(nobody.is_nobody());
    BOOST_CHECK_EXCEPTION(dha::write_file_atomically(closed / "file", "x"), dha::Error,
                          names(closed / "file", "Permission denied"));
  }
  BOOST_TEST(entries_of(closed) == 0U);
}

BOOST_AUTO_TEST_CASE(a_full_disk_keeps_the_old_file_and_no_temporary, *boost::unit_test::precondition(can_mount)) {
  const TemporaryDirectory folder;
  const SmallDisk disk(folder.path() / "disk");
  const fs::path file = folder.path() / "disk" / "file";
  dha::write_file_atomically(file, "old");
  BOOST_CHECK_EXCEPTION(dha::write_file_atomically(file, std::string(1 << 20, 'x')), dha::Error,
                        names(file, "No space left on device"));
  BOOST_TEST(dha::read_file(file) == "old");
  BOOST_TEST(entries_of(file.parent_path()) == 1U);
  BOOST_REQUIRE(disk.make_read_only());
  BOOST_CHECK_EXCEPTION(dha::write_file_atomically(file, "x"), dha::Error, names(file, "Read-only file system"));
}

BOOST_AUTO_TEST_CASE(a_limit_on_file_sizes_keeps_the_old_file_and_no_temporary) {
  const TemporaryDirectory folder;
  const fs::path file = folder.path() / "file";
  dha::write_file_atomically(file, "old");
  const int status = dha::test::in_child([&] {
    const rlimit limit{100'000, 100'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, SIG_IGN);
    try {
      dha::write_file_atomically(file, std::string(1 << 20, 'x'));
    } catch (const dha::Error& error) {
      _exit(names(file, "File too large")(error) ? 7 : 8);
    }
  });
  BOOST_TEST(WEXITSTATUS(status) == 7);
  BOOST_TEST(dha::read_file(file) == "old");
  BOOST_TEST(entries_of(folder.path()) == 1U);
}

BOOST_AUTO_TEST_CASE(a_kill_in_the_middle_keeps_the_old_file) {
  const TemporaryDirectory folder;
  const fs::path file = folder.path() / "file";
  dha::write_file_atomically(file, "old");
  const int status = dha::test::in_child([&] {
    dha::AtomicFileWriter writer(file);
    writer.write(std::string(100'000, 'x'));
    kill(getpid(), SIGKILL);
  });
  BOOST_TEST(WTERMSIG(status) == SIGKILL);
  BOOST_TEST(dha::read_file(file) == "old");
  BOOST_TEST(entries_of(folder.path()) == 2U);

  dha::AtomicFileWriter living(file);
  living.write("new");
  dha::remove_abandoned_temporaries(folder.path());
  BOOST_TEST(entries_of(folder.path()) == 2U);  // the file, and the temporary of the one that lives
  living.commit();
  BOOST_TEST(dha::read_file(file) == "new");
  BOOST_TEST(entries_of(folder.path()) == 1U);
}

BOOST_AUTO_TEST_CASE(the_files_of_a_folder_are_replaced_together) {
  const TemporaryDirectory place;
  const fs::path folder = place.path() / "below" / "folder";
  {
    dha::StagedFolder staged(folder);
    dha::write_file_atomically(staged.path() / "a", "1");
  }
  BOOST_TEST(!fs::exists(folder));  // without commit()
  {
    dha::StagedFolder staged(folder);
    dha::write_file_atomically(staged.path() / "a", "1");
    dha::write_file_atomically(staged.path() / "b", "1");
    BOOST_TEST(entries_of(folder) == 1U);
    dha::remove_abandoned_temporaries(folder);
    staged.commit({"a", "b", "c"});
  }
  BOOST_TEST(entries_of(folder) == 2U);
  dha::write_file_atomically(folder / "mine", "1");
  {
    dha::StagedFolder staged(folder);
    dha::write_file_atomically(staged.path() / "a", "2");
    BOOST_TEST(staged.named(dha::Error(dha::ErrorCode::kIo, "in " + staged.path().string() + "/a")).what() ==
               "in " + folder.string() + "/a");
    staged.commit({"a", "b"});
  }
  BOOST_TEST(dha::read_file(folder / "a") == "2");
  BOOST_TEST(!fs::exists(folder / "b"));
  BOOST_TEST(fs::exists(folder / "mine"));
  fs::create_directory(folder / "b");
  {
    dha::StagedFolder staged(folder);
    for (const char* name : {"a", "b"}) dha::write_file_atomically(staged.path() / name, "3");
    BOOST_CHECK_EXCEPTION(staged.commit({"a", "b"}), dha::Error, names(folder / "b", "Is a directory"));
  }
  BOOST_TEST(dha::read_file(folder / "a") == "2");
  BOOST_TEST(entries_of(folder) == 3U);
}

BOOST_AUTO_TEST_CASE(a_staged_folder_that_a_killed_writer_left_is_removed) {
  const TemporaryDirectory folder;
  fs::create_directory(folder.path() / ".dha-1-0.tmp");
  dha::write_file_atomically(folder.path() / ".dha-1-0.tmp" / "a", "1");
  dha::remove_abandoned_temporaries(folder.path());
  BOOST_TEST(entries_of(folder.path()) == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_no_regular_file_stays_what_it_is) {
  const TemporaryDirectory folder;
  const fs::path pipe = folder.path() / "pipe", file = folder.path() / "file", link = folder.path() / "link";
  BOOST_TEST_REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  dha::write_file_atomically(pipe, "text");
  char got[8] = {};
  BOOST_TEST(read(reader, got, sizeof got) == 4);
  BOOST_TEST(std::string(got) == "text");
  close(reader);
  BOOST_TEST((fs::status(pipe).type() == fs::file_type::fifo));
  BOOST_CHECK_EXCEPTION(dha::write_file_atomically("/dev/full", "text"), dha::Error,
                        names("/dev/full", "No space left"));

  dha::write_file_atomically(file, "old");
  fs::create_symlink("file", link);
  dha::write_file_atomically(link, "new");
  BOOST_TEST(fs::is_symlink(link));
  BOOST_TEST(dha::read_file(file) == "new");
  BOOST_TEST(entries_of(folder.path()) == 3U);
}

BOOST_AUTO_TEST_CASE(files_that_do_not_tell_their_size_are_read) {
  BOOST_TEST(dha::read_file("/proc/self/status").find("Pid:") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
