// Passes on to the host how far open() of a data set of image files has got.
#pragma once

#include <utility>

#include "dha/opening_progress.hpp"

namespace dha::datasets {

class OpeningReports final : public OpeningProgress {
 public:
  void report_opening(Listener listener) override { listener_ = std::move(listener); }

  // To the listener, if there is one. [any thread]
  void report(std::string_view work, int64_t done, int64_t total) const {
    if (listener_) listener_(work, done, total);
  }

 private:
  Listener listener_;
};

}  // namespace dha::datasets
