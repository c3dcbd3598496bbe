// The ledger of trials and the files of a trial: exact round trips, damage, and what a crash leaves.
#include "trial/ledger.hpp"

#include <sys/resource.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "storage/atomic_file.hpp"
#include "support/child_process.hpp"
#include "support/error_checks.hpp"
#include "support/paths.hpp"
#include "trial/trial_files.hpp"

namespace dha {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool same_bits(double a, double b) { return (std::isnan(a) && std::isnan(b)) || std::memcmp(&a, &b, sizeof a) == 0; }

void check_same(const Quantities& a, const Quantities& b) {
  const std::vector<Quantity> left(a.begin(), a.end()), right(b.begin(), b.end());
  BOOST_REQUIRE(left.size() == right.size());
  for (size_t i = 0; i < left.size(); ++i) {
    BOOST_TEST(left[i].name == right[i].name);
    BOOST_TEST(same_bits(left[i].value, right[i].value), left[i].value << " is not " << right[i].value);
  }
}

void check_same(const TrialOutcome& a, const TrialOutcome& b) {
  BOOST_TEST(a.id == b.id);
  BOOST_TEST((a.status == b.status));
  check_same(a.measurements, b.measurements);
  check_same(a.cost, b.cost);
  BOOST_TEST(a.epochs == b.epochs);
  BOOST_TEST(same_bits(a.seconds, b.seconds));
}

Trial full_trial() {
  Trial trial;
  trial.id = 7;
  trial.architecture = R"({ "a": [1, "ä\n"] })";
  trial.settings = R"({"/hyper/learning_rate": 0.1})";
  trial.start = TrialStart{3, "", {"weights", "momentum"}};
  trial.first_epoch = 2;
  trial.last_epoch = 5;
  return trial;
}

TrialOutcome odd_outcome() {
  TrialOutcome outcome;
  outcome.id = 7;
  outcome.status = TrialStatus::kStopped;
  outcome.measurements = {{"validation_loss", std::nan("")},
                          {"a", kInfinity},
                          {"b", -kInfinity},
                          {"c", 0.1 + 0.2},
                          {"d", -0.0},
                          {"e", 5e-324},
                          {"f", std::numeric_limits<double>::max()},
                          {"g", 1e23},
                          {"h", 3}};
  outcome.cost = {{"parameters", 9007199254740993.0}, {"multiply_adds", 1.5}};
  outcome.epochs = 3;
  outcome.seconds = 1.0 / 3;
  return outcome;
}

struct Folder {
  test::TemporaryDirectory directory;
  std::vector<std::string> notes;
  LedgerNote note = [this](const std::string& sentence) { notes.push_back(sentence); };

  std::filesystem::path file() const { return directory.path() / "trials.jsonl"; }
  std::string content() const { return read_file(file()); }
  void write(const std::string& text) const { std::ofstream(file(), std::ios::binary) << text; }

  // A ledger of four events, closed.
  std::string good_ledger() {
    Ledger ledger(directory.path(), note);
    ledger.append(TrialAsked{full_trial()});
    ledger.append(TrialAsked{
        Trial{.id = 8, .architecture = "", .start = TrialStart{std::nullopt, "search", {}}, .last_epoch = {}}});
    ledger.append(TrialKept{7, EpochOutcome{{2, 5, 10, 11}, odd_outcome().measurements}, false});
    ledger.append(TrialTold{odd_outcome()});
    return content();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ledger, Folder)

BOOST_AUTO_TEST_CASE(events_come_back_bit_by_bit) {
  const std::string text = good_ledger();
  BOOST_TEST(text.starts_with("{\"format\":\"dha.ledger/1\"}\n"));
  Ledger again(directory.path(), note);
  BOOST_TEST(content() == text);
  const std::vector<LedgerEvent>& events = again.events();
  BOOST_REQUIRE(events.size() == 4u);
  const Trial& first = std::get<TrialAsked>(events[0]).trial;
  BOOST_TEST(first.id == 7);
  BOOST_TEST(first.architecture == full_trial().architecture);
  BOOST_TEST(first.settings == full_trial().settings);
  BOOST_TEST(first.start.value().trial.value() == 3);
  BOOST_TEST(first.start->stage.empty());
  BOOST_TEST(first.start->carry == full_trial().start->carry, boost::test_tools::per_element());
  BOOST_TEST(first.first_epoch == 2);
  BOOST_TEST(first.last_epoch.value() == 5);
  const Trial& second = std::get<TrialAsked>(events[1]).trial;
  BOOST_TEST(second.architecture.empty());
  BOOST_TEST(second.settings == "{}");
  BOOST_TEST(!second.last_epoch.has_value());
  BOOST_TEST(!second.start.value().trial.has_value());
  BOOST_TEST(second.start->stage == "search");
  BOOST_TEST(second.start->carry.empty());
  const TrialKept& kept = std::get<TrialKept>(events[2]);
  BOOST_TEST(kept.id == 7);
  BOOST_TEST(!kept.go);
  BOOST_TEST(kept.epoch.progress.epoch == 2);
  BOOST_TEST(kept.epoch.progress.epochs == 5);
  BOOST_TEST(kept.epoch.progress.step == 10);
  BOOST_TEST(kept.epoch.progress.steps_per_epoch == 11);
  check_same(kept.epoch.measurements, odd_outcome().measurements);
  check_same(std::get<TrialTold>(events[3]).outcome, odd_outcome());
  BOOST_TEST(notes.empty());
}

BOOST_AUTO_TEST_CASE(every_status_comes_back) {
  {
    Ledger ledger(directory.path(), note);
    for (const TrialStatus status :
         {TrialStatus::kFinished, TrialStatus::kFailed, TrialStatus::kStopped, TrialStatus::kRejected})
      ledger.append(TrialTold{{.id = static_cast<int64_t>(status), .status = status, .measurements = {}, .cost = {}}});
  }
  for (const LedgerEvent& event : read_ledger(directory.path(), note)) {
    const TrialOutcome& outcome = std::get<TrialTold>(event).outcome;
    BOOST_TEST(static_cast<int64_t>(outcome.status) == outcome.id);
  }
}

BOOST_AUTO_TEST_CASE(a_crash_at_any_byte_leaves_the_whole_lines) {
  const std::string text = good_ledger();
  for (size_t length = 0; length <= text.size(); ++length) {
    const std::string part = text.substr(0, length);
    const size_t whole = part.rfind('\n') + 1;  // npos + 1 is 0
    const auto lines = std::count(part.begin(), part.end(), '\n');
    write(part);
    notes.clear();
    const size_t read = read_ledger(directory.path(), note).size();
    BOOST_TEST(content() == part);
    BOOST_TEST(notes.size() == (whole == length ? 0u : 1u));
    BOOST_TEST(read == static_cast<size_t>(std::max<std::ptrdiff_t>(lines - 1, 0)));
    Ledger ledger(directory.path(), note);
    BOOST_TEST(ledger.events().size() == read);
    ledger.append(TrialKept{1, {}, true});
    BOOST_TEST(read_ledger(directory.path(), note).size() == read + 1);
  }
}

BOOST_AUTO_TEST_CASE(damage_before_the_end_is_an_error_that_names_the_line) {
  const std::string text = good_ledger();
  const size_t second = text.find('\n') + 1;
  const std::pair<std::string, const char*> table[] = {
      {std::string(text).replace(second, 5, 5, '\0'), "line 2"},
      {std::string(text).insert(second, "{}\n"), "line 2"},
      {std::string(text).insert(second, "\n"), "line 2"},
      {std::string(text).insert(second, R"({"event":"paused"})"
                                        "\n"),
       "expected the event asked, kept or told, found 'paused'"},
      {text + "{ \"event\": \n", "line 6"},
      {"{\"format\":\"dha.ledger/2\"}\n", R"(expected the format "dha.ledger/1", found "dha.ledger/2")"},
      {"{\"epoch\": 3}\n", "line 1"},
  };
  for (const auto& [damaged, part] : table) {
    write(damaged);
    BOOST_CHECK_EXCEPTION(read_ledger(directory.path(), note), Error,
                          test::error_with(ErrorCode::kData, file().string(), part));
    BOOST_CHECK_EXCEPTION(Ledger(directory.path(), note), Error, test::error_with(ErrorCode::kData, part));
    BOOST_TEST(content() == damaged);
  }
}

BOOST_AUTO_TEST_CASE(a_full_disk_leaves_whole_lines) {
  const std::string text = good_ledger();
  const int status = test::in_child([&] {
    Ledger ledger(directory.path(), note);
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{text.size() + 10, text.size() + 10};  // ten bytes of the next line fit
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      ledger.append(TrialTold{odd_outcome()});
    } catch (const Error& error) {
      _exit(error.code() == ErrorCode::kIo && ledger.events().size() == 4 ? 7 : 8);
    }
  });
  BOOST_TEST(WEXITSTATUS(status) == 7);
  BOOST_TEST(content() == text);
}

BOOST_AUTO_TEST_CASE(text_that_is_not_utf_8_is_refused_and_leaves_the_ledger_as_it_was) {
  const std::string text = good_ledger();
  Ledger ledger(directory.path(), note);
  BOOST_CHECK_EXCEPTION(
      ledger.append(TrialAsked{Trial{.id = 9, .architecture = "\xFF", .start = {}, .last_epoch = {}}}), Error,
      test::error_with(ErrorCode::kContractViolation, file().string()));
  BOOST_TEST(content() == text);
  BOOST_TEST(ledger.events().size() == 4u);
}

BOOST_AUTO_TEST_CASE(an_absent_ledger_is_an_error_for_readers) {
  BOOST_CHECK_EXCEPTION(read_ledger(directory.path(), note), Error,
                        test::error_with(ErrorCode::kData, file().string()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(trial_files, Folder)

BOOST_AUTO_TEST_CASE(a_task_comes_back) {
  write_trial_task(directory.path(),
                   {.id = 3, .stage = "tuned", .path = "tuned/trial-3", .last_epoch = {}, .threads = 2, .start = {}});
  TrialTask task = read_trial_task(directory.path());
  BOOST_TEST(task.id == 3);
  BOOST_TEST(task.stage == "tuned");
  BOOST_TEST(task.path == "tuned/trial-3");
  BOOST_TEST(task.first_epoch == 0);
  BOOST_TEST(!task.last_epoch.has_value());
  BOOST_TEST(task.settings == "{}");
  BOOST_TEST(task.threads == 2);
  BOOST_TEST(!task.start.has_value());
  task.first_epoch = 4;
  task.last_epoch = 9;
  task.settings = R"({"/batch_size":8})";
  task.start = TrialStartFiles{};
  task.start->carry = {"weights", "hyper"};
  task.start->mode = CarryMode::kExact;
  write_trial_task(directory.path(), task);
  const Json json = Json::parse(read_file(directory.path() / "trial.json"));
  BOOST_TEST(json == Json::parse(R"({ "format": "dha.trial/1", "id": 3, "stage": "tuned", "path": "tuned/trial-3",
    "first_epoch": 4, "last_epoch": 9, "settings": { "/batch_size": 8 }, "threads": 2, "start": { "pipeline": "start.json",
    "checkpoint": "start.safetensors", "carry": ["weights", "hyper"], "mode": "exact" } })"));
  task = read_trial_task(directory.path());
  BOOST_TEST(task.first_epoch == 4);
  BOOST_TEST(task.last_epoch.value() == 9);
  BOOST_TEST(task.start.value().carry == (std::vector<std::string>{"weights", "hyper"}),
             boost::test_tools::per_element());
  BOOST_TEST((task.start->mode == CarryMode::kExact));
  BOOST_TEST(task.start->checkpoint == "start.safetensors");
}

BOOST_AUTO_TEST_CASE(an_outcome_comes_back) {
  TrialResult result{odd_outcome(), R"({"/batch_size":32})", R"({"a":[1,2]})", ""};
  write_trial_result(directory.path(), result);
  TrialResult read = read_trial_result(directory.path());
  check_same(read.outcome, result.outcome);
  BOOST_TEST(read.settings == result.settings);
  BOOST_TEST(read.architecture == result.architecture);
  BOOST_TEST(read.error.empty());
  Json json = Json::parse(read_file(directory.path() / "outcome.json"));
  BOOST_TEST(json["format"] == "dha.outcome/1");
  BOOST_TEST(json["status"] == "stopped");
  BOOST_TEST(json["validation_accuracy"].is_null());
  BOOST_TEST(json["validation_loss"] == "nan");
  BOOST_TEST(json["costs"]["multiply_adds"] == 1.5);
  BOOST_TEST(json["measurements"]["h"].is_number_integer());
  BOOST_TEST(!json.contains("error"));

  result = {{.id = 1, .status = TrialStatus::kFailed, .measurements = {{"validation_accuracy", 0.5}}, .cost = {}},
            "{}",
            "",
            "the loss is not finite"};
  write_trial_result(directory.path(), result);
  read = read_trial_result(directory.path());
  BOOST_TEST(read.error == "the loss is not finite");
  BOOST_TEST(read.architecture.empty());
  json = Json::parse(read_file(directory.path() / "outcome.json"));
  BOOST_TEST(json["validation_accuracy"] == 0.5);
  BOOST_TEST(json["architecture"].is_null());
  BOOST_TEST(json["error"] == "the loss is not finite");
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_used_are_named) {
  const std::filesystem::path trial = directory.path() / "trial.json", outcome = directory.path() / "outcome.json";
  BOOST_CHECK_EXCEPTION(read_trial_task(directory.path()), Error, test::error_with(ErrorCode::kData, trial.string()));
  write_trial_task(directory.path(), {.id = 3, .stage = "s", .path = "p", .last_epoch = {}, .start = {}});
  const std::string good = read_file(trial);
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"dha.trial/1", "dha.trial/2"}, {"\"id\"", "\"ids\""}, {"\"id\": 3", "\"id\": \"3\""}, {"}", ""}}) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    write_file_atomically(trial, text);
    BOOST_TEST_CONTEXT(text)
    BOOST_CHECK_EXCEPTION(read_trial_task(directory.path()), Error, test::error_with(ErrorCode::kData, trial.string()));
  }
  write_trial_result(directory.path(), {.outcome = odd_outcome(), .architecture = "", .error = ""});
  std::string text = read_file(outcome);
  text.replace(text.find("stopped"), 7, "paused");
  write_file_atomically(outcome, text);
  BOOST_CHECK_EXCEPTION(read_trial_result(directory.path()), Error,
                        test::error_with(ErrorCode::kData, outcome.string(), "found 'paused'"));
}

BOOST_AUTO_TEST_CASE(malformed_settings_are_kept_as_text) {
  write_trial_result(directory.path(),
                     {.outcome = odd_outcome(), .settings = "{ \xFF", .architecture = "[1", .error = "\xE4"});
  const Json json = Json::parse(read_file(directory.path() / "outcome.json"));
  BOOST_TEST(json["settings"] == "{ \xEF\xBF\xBD");
  BOOST_TEST(json["architecture"] == "[1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha
