// The worker pool with shell children: lines, ends, time limits, stop requests, and what happens when a parent dies.
#include "process/worker_pool.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <fstream>
#include <map>
#include <thread>

#include "process/worker_channel.hpp"
#include "storage/atomic_file.hpp"
#include "support/child_process.hpp"
#include "support/error_checks.hpp"
#include "support/paths.hpp"

namespace dha {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Workers {
  test::TemporaryDirectory directory;
  std::map<int64_t, std::vector<std::string>> lines;
  std::map<int64_t, WorkerEnd> ends;
  WorkerPool pool{[this](int64_t worker, std::string_view line) {
                    BOOST_TEST(!ends.contains(worker));
                    lines[worker].emplace_back(line);
                  },
                  [this](int64_t worker, const WorkerEnd& end) {
                    BOOST_TEST(!ends.contains(worker));
                    ends[worker] = end;
                  }};

  WorkerTask shell(const std::string& script, milliseconds limit = milliseconds(0)) const {
    return {{"/bin/sh", "-c", script}, directory.path() / "output.txt", limit};
  }

  // Waits for the ends of all, half a minute at most.
  void finish() {
    const Clock::time_point deadline = Clock::now() + seconds(30);
    while (pool.running() > 0 && Clock::now() < deadline) pool.wait(milliseconds(500));
    BOOST_TEST_REQUIRE(pool.running() == 0u);
  }

  // Waits until worker `id` has sent `count` lines.
  void expect_lines(int64_t id, size_t count) {
    const Clock::time_point deadline = Clock::now() + seconds(30);
    while (lines[id].size() < count && Clock::now() < deadline) pool.wait(milliseconds(500));
    BOOST_TEST_REQUIRE(lines[id].size() == count);
  }

  std::string output() const { return read_file(directory.path() / "output.txt"); }
};

// Whether it runs; one that waits to be reaped by somebody else does not.
bool is_alive(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/stat");
  std::string number, name, state;
  status >> number >> name >> state;
  return !state.empty() && state != "Z" && state != "X";
}

bool dies_soon(pid_t process) {
  const Clock::time_point deadline = Clock::now() + seconds(10);
  while (is_alive(process) && Clock::now() < deadline) std::this_thread::sleep_for(milliseconds(5));
  return !is_alive(process);
}

size_t open_descriptors() {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) count += entry.path().empty() ? 0 : 1;
  return count;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(worker_pool, Workers)

BOOST_AUTO_TEST_CASE(lines_come_apart_from_what_is_printed) {
  const int64_t first = pool.start(shell("echo noise; echo more >&2; echo one >&3; echo two >&3; exit 3"));
  const int64_t second = pool.start(shell(R"(printf 'a\nb\nunfinished' >&$DHA_WORKER_CHANNEL)"));
  BOOST_TEST(first == 0);
  BOOST_TEST(second == 1);
  finish();
  BOOST_TEST(lines[first] == (std::vector<std::string>{"one", "two"}), boost::test_tools::per_element());
  BOOST_TEST(lines[second] == (std::vector<std::string>{"a", "b"}), boost::test_tools::per_element());
  BOOST_TEST(ends[first].process.status == 3);
  BOOST_TEST(ends[first].process.text() == "with status 3");
  BOOST_TEST(!ends[first].timed_out);
  BOOST_TEST(ends[second].process.is_success());
  BOOST_TEST(output().find("noise\nmore\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(standard_input_is_empty_and_no_other_descriptor_is_passed_on) {
  const int kept = open("/dev/null", O_RDONLY);  // as a library opens it that does not care
  const int64_t id = pool.start(shell("cat; ls /proc/self/fd | tr '\\n' ' ' >&3; echo >&3"));
  finish();
  close(kept);
  // The last is the folder that ls reads.
  BOOST_TEST(lines[id] == (std::vector<std::string>{"0 1 2 3 4 "}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(lines_go_to_workers_and_back) {
  const int64_t id =
      pool.start(shell("while read -r line <&3; do [ \"$line\" = end ] && exit 0; echo \"got $line\" >&3; done"));
  pool.send(id, "1");
  pool.send(id, "a b");
  expect_lines(id, 2);
  pool.send(id, "end");
  finish();
  BOOST_TEST(lines[id] == (std::vector<std::string>{"got 1", "got a b"}), boost::test_tools::per_element());
  BOOST_TEST(ends[id].process.is_success());
  pool.send(id, "into the void");
}

BOOST_AUTO_TEST_CASE(more_than_a_channel_holds_goes_through_in_both_directions) {
  const std::string line(1 << 20, 'x');
  const int64_t id = pool.start(shell("sleep 0.2; head -c 3145731 <&3 >&3"));
  for (int i = 0; i < 3; ++i) pool.send(id, line);  // does not wait for the worker
  finish();
  BOOST_REQUIRE(lines[id].size() == 3u);
  for (const std::string& received : lines[id]) BOOST_TEST((received == line));
}

BOOST_AUTO_TEST_CASE(a_worker_that_reads_nothing_ends_no_program) {
  const int64_t id = pool.start(shell("exec 3>&-; sleep 0.1"));
  for (int i = 0; i < 50; ++i) {
    pool.send(id, std::string(1 << 16, 'x'));  // SIGPIPE would end this test
    pool.wait(milliseconds(1));
  }
  finish();
  BOOST_TEST(ends[id].process.is_success());
}

BOOST_AUTO_TEST_CASE(a_signal_is_an_end_of_its_own) {
  const int64_t id = pool.start(shell("kill -9 $$"));
  finish();
  BOOST_TEST(ends[id].process.signal == SIGKILL);
  BOOST_TEST(ends[id].process.status == -1);
  BOOST_TEST(!ends[id].process.is_success());
  BOOST_TEST(ends[id].process.text() == "by signal 9 (Killed)");
}

BOOST_AUTO_TEST_CASE(environment_and_arguments_arrive) {
  WorkerTask task = shell("echo \"$1|$DHA_TEST_VALUE|$DHA_TEST_OTHER\" >&3");
  setenv("DHA_TEST_VALUE", "old", 1);
  setenv("DHA_TEST_OTHER", "kept", 1);
  task.arguments.insert(task.arguments.end(), {"name", "two words"});
  task.environment = {"DHA_TEST_VALUE=new"};
  const int64_t id = pool.start(task);
  finish();
  BOOST_TEST(lines[id] == (std::vector<std::string>{"two words|new|kept"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_started_is_an_error_and_leaves_nothing) {
  const size_t before = open_descriptors();
  BOOST_CHECK_EXCEPTION(pool.start({{"/no/such/program"}, "", milliseconds(0)}), Error,
                        test::error_with(ErrorCode::kIo, "cannot start '/no/such/program'"));
  BOOST_CHECK_EXCEPTION(pool.start({{"/bin/sh"}, "/no/such/folder/log", milliseconds(0)}), Error,
                        test::error_with(ErrorCode::kIo, "/no/such/folder/log"));
  BOOST_TEST(pool.running() == 0u);
  BOOST_TEST(open_descriptors() == before);
  BOOST_TEST(waitpid(-1, nullptr, WNOHANG) == -1);  // no zombie
}

BOOST_AUTO_TEST_CASE(a_time_limit_ends_by_sigterm_first) {
  const int64_t polite = pool.start(
      shell("trap 'echo saved >&3; exit 7' TERM; echo up >&3; while :; do sleep 0.02; done", milliseconds(400)));
  const int64_t quick = pool.start(shell("echo done >&3", seconds(20)));
  const Clock::time_point begun = Clock::now();
  finish();
  BOOST_TEST((Clock::now() - begun < WorkerPool::kGrace));
  BOOST_TEST(lines[polite] == (std::vector<std::string>{"up", "saved"}), boost::test_tools::per_element());
  BOOST_TEST(ends[polite].process.status == 7);
  BOOST_TEST(ends[polite].timed_out);
  BOOST_TEST(!ends[quick].timed_out);
}

BOOST_AUTO_TEST_CASE(a_worker_that_ignores_sigterm_is_killed_after_the_grace_with_what_it_started) {
  const int64_t id =
      pool.start(shell("trap '' TERM; sleep 100 & echo $! >&3; while :; do sleep 0.05; done", milliseconds(100)));
  const Clock::time_point begun = Clock::now();
  finish();
  BOOST_TEST((Clock::now() - begun >= WorkerPool::kGrace));
  BOOST_TEST(ends[id].process.signal == SIGKILL);
  BOOST_TEST(ends[id].timed_out);
  BOOST_TEST_REQUIRE(lines[id].size() == 1u);
  BOOST_TEST(dies_soon(std::stoi(lines[id][0])));
}

BOOST_AUTO_TEST_CASE(an_end_is_seen_though_a_grandchild_holds_the_channel) {
  const int64_t id = pool.start(shell("sleep 100 & echo $! >&3; exit 0"));
  const Clock::time_point begun = Clock::now();
  finish();
  BOOST_TEST((Clock::now() - begun < seconds(20)));
  BOOST_TEST(ends[id].process.is_success());
  BOOST_TEST(dies_soon(std::stoi(lines[id].at(0))));
}

BOOST_AUTO_TEST_CASE(a_stop_request_is_sent_once_and_waited_for) {
  const char* const script =
      "trap 'n=$((n+1)); echo stop $n >&3; sleep 0.3; exit 130' INT; echo up >&3; "
      "while :; do sleep 0.02; done";
  const int64_t first = pool.start(shell(script)), second = pool.start(shell(script));
  expect_lines(first, 1);
  expect_lines(second, 1);
  pool.stop();
  pool.stop();
  finish();
  for (const int64_t id : {first, second}) {
    BOOST_TEST(lines[id] == (std::vector<std::string>{"up", "stop 1"}), boost::test_tools::per_element());
    BOOST_TEST(ends[id].process.status == 130);
  }
}

BOOST_AUTO_TEST_CASE(workers_start_with_default_signals) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGINT, SIG_IGN);
  sigset_t blocked, old;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigprocmask(SIG_BLOCK, &blocked, &old);
  const int64_t id = pool.start(shell("exec sed -n 's/^Sig[BI][lg][kn]:\\t*//p' /proc/self/status >&3"));
  finish();
  sigprocmask(SIG_SETMASK, &old, nullptr);
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGPIPE, SIG_DFL);
  BOOST_TEST_REQUIRE(lines[id].size() == 2U);
  // The C library keeps signals 32 and 33 to itself, and lets no program reset one that is ignored from the start.
  constexpr uint64_t kReserved = (uint64_t{1} << 31) | (uint64_t{1} << 32);
  for (const std::string& mask : lines[id]) BOOST_TEST((std::stoull(mask, nullptr, 16) & ~kReserved) == 0U);
}

BOOST_AUTO_TEST_CASE(a_callback_may_start_the_next_worker) {
  int64_t started = 0;
  std::unique_ptr<WorkerPool> chain;
  chain = std::make_unique<WorkerPool>([](int64_t, std::string_view) {},
                                       [&](int64_t, const WorkerEnd&) {
                                         if (++started < 5) chain->start(shell("true"));
                                       });
  chain->start(shell("true"));
  const Clock::time_point deadline = Clock::now() + seconds(30);
  while (chain->running() > 0 && Clock::now() < deadline) chain->wait(milliseconds(100));
  BOOST_TEST(started == 5);
}

BOOST_AUTO_TEST_CASE(what_a_callback_throws_leaves_wait_and_the_pool_stays_usable) {
  bool has_ended = false;
  WorkerPool strict([](int64_t, std::string_view line) { throw std::runtime_error(std::string(line)); },
                    [&](int64_t, const WorkerEnd&) { has_ended = true; });
  strict.start(shell("echo one >&3"));
  const auto wait_long = [&] {
    for (int i = 0; i < 100 && !has_ended; ++i) strict.wait(milliseconds(300));
  };
  BOOST_CHECK_EXCEPTION(wait_long(), std::runtime_error,
                        [](const std::runtime_error& error) { return error.what() == std::string("one"); });
  wait_long();
  BOOST_TEST(has_ended);
}

BOOST_AUTO_TEST_CASE(a_signal_ends_the_wait_early) {
  struct sigaction action {
  }, old{};
  action.sa_handler = [](int) {};
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, &old);
  const int64_t id = pool.start(shell("sleep 0.2; kill -USR1 " + std::to_string(getpid()) + "; sleep 100"));
  const Clock::time_point begun = Clock::now();
  pool.wait(seconds(60));
  BOOST_TEST((Clock::now() - begun < seconds(30)));
  BOOST_TEST(!ends.contains(id));
  sigaction(SIGUSR1, &old, nullptr);
}

BOOST_AUTO_TEST_CASE(patience_is_kept) {
  pool.wait(seconds(60));  // no worker: returns at once
  pool.start(shell("sleep 100"));
  const Clock::time_point begun = Clock::now();
  pool.wait(milliseconds(150));
  BOOST_TEST((Clock::now() - begun >= milliseconds(150)));
  BOOST_TEST((Clock::now() - begun < seconds(20)));
}

BOOST_AUTO_TEST_CASE(a_pool_that_goes_takes_its_workers_along) {
  const size_t before = open_descriptors();
  std::vector<std::string> pids;
  {
    WorkerPool brief([&](int64_t, std::string_view line) { pids.emplace_back(line); },
                     [](int64_t, const WorkerEnd&) { BOOST_ERROR("a callback of the destructor"); });
    for (int i = 0; i < 3; ++i) brief.start(shell("echo $$ >&3; sleep 100"));
    const Clock::time_point deadline = Clock::now() + seconds(30);
    while (pids.size() < 3 && Clock::now() < deadline) brief.wait(milliseconds(100));
  }
  BOOST_TEST_REQUIRE(pids.size() == 3u);
  for (const std::string& pid : pids) BOOST_TEST(!is_alive(std::stoi(pid)));
  BOOST_TEST(waitpid(-1, nullptr, WNOHANG) == -1);
  BOOST_TEST(open_descriptors() == before);
}

BOOST_AUTO_TEST_CASE(workers_of_a_killed_parent_get_sigterm) {
  const std::string mark = (directory.path() / "mark").string(), pid_file = (directory.path() / "pid").string();
  const int status = test::in_child([&] {
    WorkerPool lost([](int64_t, std::string_view) { kill(getpid(), SIGKILL); }, [](int64_t, const WorkerEnd&) {});
    lost.start(shell("trap 'echo saved > " + mark + "; exit 0' TERM; echo $$ > " + pid_file +
                     "; echo up >&3; while :; do sleep 0.02; done"));
    for (;;) lost.wait(seconds(1));
  });
  BOOST_TEST(WIFSIGNALED(status));
  BOOST_TEST(dies_soon(std::stoi(read_file(pid_file))));
  BOOST_TEST(read_file(mark) == "saved\n");
}

BOOST_AUTO_TEST_CASE(workers_start_beside_threads_that_allocate) {
  std::atomic<bool> is_over{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      while (!is_over) std::vector<std::string>(100, std::string(100, 'x')).clear();
    });
  for (int i = 0; i < 40; ++i) pool.start(shell("echo $$ >&3"));
  finish();
  is_over = true;
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(ends.size() == 40u);
  for (const auto& [id, end] : ends) {
    BOOST_TEST(end.process.is_success());
    BOOST_TEST(lines[id].size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(children_are_reaped_where_a_parent_left_them_ignored) {
  std::signal(SIGCHLD, SIG_IGN);
  WorkerPool late([](int64_t, std::string_view) {},
                  [&](int64_t worker, const WorkerEnd& end) { ends[worker + 100] = end; });
  late.start(shell("exit 4"));
  const Clock::time_point deadline = Clock::now() + seconds(30);
  while (late.running() > 0 && Clock::now() < deadline) late.wait(milliseconds(100));
  BOOST_TEST(ends[100].process.status == 4);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(worker_channel)

BOOST_AUTO_TEST_CASE(a_process_without_a_pool_has_no_channel) {
  unsetenv(kWorkerVariable);
  BOOST_TEST(!WorkerChannel::inherited().has_value());
}

BOOST_AUTO_TEST_CASE(a_wrong_variable_is_named) {
  for (const char* value : {"", "x", "3x", "12345"}) {
    setenv(kWorkerVariable, value, 1);
    BOOST_CHECK_EXCEPTION(WorkerChannel::inherited(), Error,
                          test::error_with(ErrorCode::kUsage, "DHA_WORKER_CHANNEL=", value));
    BOOST_TEST(std::getenv(kWorkerVariable) == nullptr);
  }
}

BOOST_AUTO_TEST_CASE(lines_go_both_ways_until_the_parent_is_gone) {
  int sides[2];
  BOOST_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, sides) == 0);
  setenv(kWorkerVariable, std::to_string(sides[1]).c_str(), 1);
  std::optional<WorkerChannel> channel = WorkerChannel::inherited();
  BOOST_TEST_REQUIRE(channel.has_value());
  BOOST_TEST((fcntl(sides[1], F_GETFD) & FD_CLOEXEC) != 0);
  BOOST_REQUIRE(::write(sides[0], "first\nsec", 9) == 9);
  BOOST_TEST(channel->receive().value() == "first");
  BOOST_REQUIRE(::write(sides[0], "ond\nhalf", 8) == 8);
  BOOST_TEST(channel->receive().value() == "second");
  channel->send("answer");
  char text[16] = {};
  BOOST_TEST(::read(sides[0], text, sizeof text) == 7);
  BOOST_TEST(std::string(text) == "answer\n");
  close(sides[0]);
  BOOST_TEST(!channel->receive().has_value());
  BOOST_CHECK_EXCEPTION(channel->send("x"), Error, test::error_with(ErrorCode::kIo, "has it ended?"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha
