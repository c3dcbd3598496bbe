// What a run keeps beside its checkpoints: its folder, metrics, log, environment; and how signals stop it.
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <thread>

#include "dha/error.hpp"
#include "process/signals.hpp"
#include "report/console.hpp"
#include "report/log.hpp"
#include "report/metrics_writer.hpp"
#include "run/environment.hpp"
#include "storage/atomic_file.hpp"
#include "storage/run_directory.hpp"
#include "storage/sha256.hpp"
#include "support/child_process.hpp"
#include "support/paths.hpp"

namespace fs = std::filesystem;
using dha::test::TemporaryDirectory;
using Json = nlohmann::ordered_json;

namespace {

auto has(dha::ErrorCode code, const std::string& part) {
  return [=](const dha::Error& error) {
    BOOST_TEST_MESSAGE(error.what());
    return error.code() == code && std::string(error.what()).find(part) != std::string::npos;
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(run_directory)

BOOST_AUTO_TEST_CASE(runs_of_one_second_get_folders_of_their_own) {
  const TemporaryDirectory parent;
  std::set<fs::path> paths;
  for (int i = 0; i < 5; ++i) {
    const auto run = dha::RunDirectory::create(parent.path() / "runs", "cifar", 7);
    BOOST_TEST(paths.insert(run.path()).second);
    BOOST_TEST(fs::is_directory(run.file("checkpoints")));
    BOOST_TEST(fs::read_symlink(parent.path() / "runs/cifar/latest") == run.path().filename());
    BOOST_TEST(std::regex_match(run.path().filename().string(), std::regex(R"(\d{4}-\d\d-\d\d-\d{6}-s7(-[2-5])?)")));
  }
}

BOOST_AUTO_TEST_CASE(checkpoints_are_named_by_stage_and_epoch) {
  const TemporaryDirectory parent;
  const auto run = dha::RunDirectory::create(parent.path(), "r", 1);
  BOOST_TEST(run.checkpoint("search", 3) == run.path() / "checkpoints/search-0003.safetensors");
  BOOST_TEST(run.checkpoint("a-b", 12345).filename() == "a-b-12345.safetensors");
  for (const char* name : {"", "..", ".x", "a/b", "a\nb"}) {
    BOOST_CHECK_EXCEPTION(run.checkpoint(name, 1), dha::Error, has(dha::ErrorCode::kInvalidConfig, "stage name"));
    BOOST_CHECK_EXCEPTION(dha::RunDirectory::create(parent.path(), name, 1), dha::Error,
                          has(dha::ErrorCode::kInvalidConfig, "cannot name a file"));
  }
}

BOOST_AUTO_TEST_CASE(open_wants_a_pipeline_and_follows_the_latest) {
  const TemporaryDirectory parent;
  const auto first = dha::RunDirectory::create(parent.path(), "r", 1);
  const fs::path latest = parent.path() / "r/latest";
  BOOST_CHECK_EXCEPTION(dha::RunDirectory::open(latest), dha::Error, has(dha::ErrorCode::kUsage, "no pipeline.json"));
  dha::write_file_atomically(first.file("pipeline.json"), "{}");
  const auto opened = dha::RunDirectory::open(latest);
  dha::RunDirectory::create(parent.path(), "r", 2);  // moves the link on
  BOOST_TEST(fs::equivalent(opened.path(), first.path()));
  BOOST_TEST(opened.path().filename() == first.path().filename());
}

BOOST_AUTO_TEST_CASE(a_parent_that_cannot_be_written_is_named) {
  const TemporaryDirectory parent;
  dha::write_file_atomically(parent.path() / "file", "");
  const fs::path folder = parent.path() / "file" / "runs";
  BOOST_CHECK_EXCEPTION(dha::RunDirectory::create(folder, "r", 1), dha::Error,
                        has(dha::ErrorCode::kIo, (folder / "r").string()));
  fs::create_directories(parent.path() / "s" / "latest");
  BOOST_CHECK_EXCEPTION(dha::RunDirectory::create(parent.path(), "s", 1), dha::Error,
                        has(dha::ErrorCode::kUsage, (parent.path() / "s" / "latest").string() + "' is a folder"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(metrics_and_log)

BOOST_AUTO_TEST_CASE(every_row_is_there_at_once_and_numbers_survive) {
  const TemporaryDirectory folder;
  const fs::path file = folder.path() / "metrics.jsonl";
  dha::MetricsWriter writer(file);
  writer.write(Json{{"step", 1}, {"loss", 0.1}, {"bad", std::numeric_limits<double>::quiet_NaN()}});
  BOOST_TEST(dha::read_file(file) == "{\"step\":1,\"loss\":0.1,\"bad\":null}\n");
  writer.write(Json{{"text", "\xff\n"}});
  std::ifstream lines(file);
  std::string line;
  std::getline(lines, line);
  std::getline(lines, line);
  BOOST_TEST(Json::parse(line)["text"].get<std::string>() == "\ufffd\n");
}

BOOST_AUTO_TEST_CASE(an_unfinished_line_is_cut_off_before_rows_are_added) {
  const TemporaryDirectory folder;
  const fs::path file = folder.path() / "metrics.jsonl";
  for (const std::string& old : {std::string("{\"a\":1}\n{\"a\":"), std::string("{\"a\":1}\n")}) {
    dha::write_file_atomically(file, old);
    dha::MetricsWriter(file).write(Json{{"a", 2}});
    BOOST_TEST(dha::read_file(file) == "{\"a\":1}\n{\"a\":2}\n");
  }
  dha::write_file_atomically(file, "{\"only");
  dha::MetricsWriter(file).write(Json{{"a", 2}});
  BOOST_TEST(dha::read_file(file) == "{\"a\":2}\n");
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_an_error_of_metrics_and_a_warning_of_the_log) {
  dha::MetricsWriter writer("/dev/full");
  BOOST_CHECK_EXCEPTION(writer.write(Json{{"a", 1}}), dha::Error,
                        has(dha::ErrorCode::kIo, "'/dev/full': No space left on device"));
  const TemporaryDirectory folder;
  std::FILE* out = std::fopen((folder.path() / "console").c_str(), "w");
  {
    dha::Console console(out);
    dha::Log log(console);
    log.open("/dev/full");
    log.write(dha::LogLevel::kInfo, "host", "one");
    log.write(dha::LogLevel::kInfo, "host", "two");
  }
  std::fclose(out);
  BOOST_TEST(dha::read_file(folder.path() / "console") ==
             "warning: cannot write '/dev/full': No space left on device; the run continues without its log\nhost: "
             "one\nhost: two\n");
}

BOOST_AUTO_TEST_CASE(log_lines_have_time_level_origin_and_no_control_characters) {
  const TemporaryDirectory folder;
  const fs::path file = folder.path() / "log.txt", shown = folder.path() / "console";
  std::FILE* out = std::fopen(shown.c_str(), "w");
  {
    dha::Console console(out);
    dha::Log log(console);
    log.write(dha::LogLevel::kInfo, "host", "before the file");
    log.open(file);
    log.write(dha::LogLevel::kDebug, "dha.tau", "for the file only");
    log.write(dha::LogLevel::kWarning, "dha.tau", "two\nlines\x1b[31m\xc2\x9b\n");
    const std::regex expected(
        R"((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d) debug   dha\.tau: for the file only
\d{4}-\d\d-\d\dT\S+ warning dha\.tau: two
    lines\?\[31m\?
)");
    BOOST_TEST(std::regex_match(dha::read_file(file), expected), dha::read_file(file));
  }
  std::fclose(out);
  BOOST_TEST(dha::read_file(shown) == "host: before the file\nwarning: dha.tau: two\n    lines?[31m?\n");
}

BOOST_AUTO_TEST_CASE(lines_of_many_threads_stay_whole) {
  const TemporaryDirectory folder;
  const fs::path file = folder.path() / "log.txt";
  std::FILE* out = std::fopen("/dev/null", "w");
  {
    dha::Console console(out);
    dha::Log log(console);
    log.open(file);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) log.write(dha::LogLevel::kInfo, "t", std::string(100, 'x'));
      });
    for (std::thread& thread : threads) thread.join();
  }
  std::fclose(out);
  std::ifstream lines(file);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) BOOST_TEST(line.ends_with("t: " + std::string(100, 'x')));
  BOOST_TEST(count == 800);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(environment)

BOOST_AUTO_TEST_CASE(checksums_are_sha_256) {
  dha::Sha256 sum;  // FIPS 180-2, appendix B.1
  sum.update("a");
  sum.update("bc");
  BOOST_TEST(sum.finish() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_CHECK_THROW(dha::sha256_of_file("/no/such/file"), dha::Error);
}

BOOST_AUTO_TEST_CASE(it_says_what_a_run_was_made_with) {
  const TemporaryDirectory folder;
  dha::write_file_atomically(folder.path() / "tau.so", "abc");
  const Json json = dha::describe_environment(
      {"cuda:0", "NVIDIA H100", {{"tau", "1.0.0", folder.path() / "tau.so"}, {"gone", "2", "/no/such/file"}}});
  for (const char* key : {"date", "dha", "sdk", "libtorch", "compiler", "system", "processor", "capability"})
    BOOST_TEST(!json.at(key).get<std::string>().empty(), key);
  BOOST_TEST(json["libtorch"].get<std::string>().starts_with("2."));
  BOOST_TEST(json["cores"].get<int>() >= 1);
  BOOST_TEST(json["threads"].get<int>() >= 1);
  BOOST_TEST(json["device_name"] == "NVIDIA H100");
  BOOST_TEST(json["plugins"][0]["sha256"] == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(json["plugins"][1]["sha256"].is_null());
  BOOST_TEST(dha::describe_environment({"cpu", "", {}})["device_name"] == json["processor"]);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(signals)

BOOST_AUTO_TEST_CASE(the_first_signal_asks_and_a_second_interrupt_ends) {
  for (const int first : {SIGINT, SIGTERM}) {
    const int status = dha::test::in_child([&] {
      const dha::StopSignals signals;
      if (dha::stop_requested()) _exit(1);
      kill(getpid(), first);
      if (!dha::stop_requested()) _exit(2);
      kill(getpid(), SIGTERM);  // asks again, ends nothing
      kill(getpid(), SIGINT);
      if (first == SIGTERM) kill(getpid(), SIGINT);
      _exit(3);
    });
    BOOST_TEST(WIFEXITED(status));
    BOOST_TEST(WEXITSTATUS(status) == 130);
  }
}

BOOST_AUTO_TEST_CASE(handlers_come_back_and_a_closed_pipe_ends_nothing_meanwhile) {
  const int status = dha::test::in_child([] {
    int ends[2];
    if (pipe(ends) != 0) _exit(1);
    close(ends[0]);
    {
      const dha::StopSignals signals;
      if (write(ends[1], "x", 1) != -1) _exit(2);
      kill(getpid(), SIGTERM);
    }
    if (!dha::stop_requested()) _exit(3);
    { const dha::StopSignals again; }
    if (dha::stop_requested()) _exit(4);
    kill(getpid(), SIGTERM);
    _exit(5);
  });
  BOOST_TEST(WIFSIGNALED(status));
  BOOST_TEST(WTERMSIG(status) == SIGTERM);
}

BOOST_AUTO_TEST_SUITE_END()
