// Long work reaches whoever watches, wherever it is done.
#include "process/long_work.hpp"

#include <boost/test/unit_test.hpp>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "data/open_dataset.hpp"
#include "dha/error.hpp"
#include "dha/opening_progress.hpp"
#include "support/counting_dataset.hpp"

using dha::LongWork;
using dha::LongWorkState;

namespace {

using namespace std::chrono_literals;

// Waits for what the watch shows.
class Shown {
 public:
  bool comes(const std::string& name, int64_t done) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] { return last_ && last_->name == name && last_->done == done; });
  }
  int ends() {
    const std::lock_guard lock(mutex_);
    return ends_;
  }
  double outer_seconds() {
    const std::lock_guard lock(mutex_);
    return last_->outer_seconds - last_->seconds;
  }

 private:
  void show(const LongWorkState* state) {
    const std::lock_guard lock(mutex_);
    last_ = state != nullptr ? std::optional(*state) : std::nullopt;
    ends_ += state == nullptr;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<LongWorkState> last_;
  int ends_ = 0;
  const dha::LongWorkWatch watch_{[this](const LongWorkState* state) { show(state); }};
};

// Reports what it does and waits until that is shown.
class SlowDataset : public dha::test::CountingDataset, public dha::OpeningProgress {
 public:
  explicit SlowDataset(Shown& shown, bool fails = false)
      : CountingDataset(4, 0, 2, /*in_memory=*/true), shown_(shown), fails_(fails) {}
  void* capability(std::string_view id) override {
    return id == dha::OpeningProgress::kCapability ? static_cast<dha::OpeningProgress*>(this) : nullptr;
  }
  void report_opening(Listener listener) override { listener_ = std::move(listener); }
  void open() override {
    listener_("checking images", 3, 10);
    BOOST_TEST(shown_.comes("checking images", 3));
    if (fails_) throw dha::Error(dha::ErrorCode::kData, "no such folder");
    CountingDataset::open();
  }
  bool has_listener() const { return static_cast<bool>(listener_); }

 private:
  Shown& shown_;
  bool fails_;
  Listener listener_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(long_work)

BOOST_AUTO_TEST_CASE(the_innermost_work_is_shown_until_all_has_ended) {
  Shown shown;
  {
    LongWork outer("opening the data set");
    BOOST_TEST(shown.comes("opening the data set", 0));
    {
      LongWork inner("measuring", 10);
      inner.advance(4);
      inner.advance();
      BOOST_TEST(shown.comes("measuring", 5));
      BOOST_TEST(shown.outer_seconds() > 0);
      inner.set("checking", 2, 3);
      BOOST_TEST(shown.comes("checking", 2));
    }
    BOOST_TEST(shown.ends() == 0);
    BOOST_TEST(shown.comes("opening the data set", 0));
  }
  BOOST_TEST(shown.ends() == 1);
}

BOOST_AUTO_TEST_CASE(work_that_nobody_watches_is_done_all_the_same) {
  LongWork work("checking", 2);
  work.advance();
}

BOOST_AUTO_TEST_CASE(a_data_set_reports_how_far_it_has_opened) {
  Shown shown;
  const auto dataset = std::make_shared<SlowDataset>(shown);
  const dha::OpenDataset open("test.slow", dataset);
  BOOST_TEST(shown.ends() == 1);
  BOOST_TEST(!dataset->has_listener());
  const auto failing = std::make_shared<SlowDataset>(shown, /*fails=*/true);
  BOOST_CHECK_THROW(dha::OpenDataset("test.slow", failing), dha::Error);
  BOOST_TEST(!failing->has_listener());
}

BOOST_AUTO_TEST_SUITE_END()
