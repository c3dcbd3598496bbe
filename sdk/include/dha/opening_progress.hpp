// An optional ability of data sets whose open() may take long: report how far it has got, so that the host shows it.
//
// Obtained by capability("dha.opening_progress/1"). Of a data set without it the host shows only for how long it opens.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "dha/export.hpp"

namespace dha {

class DHA_API OpeningProgress {
 public:
  static constexpr const char* kCapability = "dha.opening_progress/1";

  // Receives in few words what open() does ("checking images"), and how many of how many are done; `total` is 0 while
  // it is unknown. [any thread]
  using Listener = std::function<void(std::string_view work, int64_t done, int64_t total)>;

  OpeningProgress();
  virtual ~OpeningProgress();

  // Called before open(), and with an empty function after it. A listener is called by open() only, as often as there
  // is something new; it is cheap enough for every few images. It throws nothing.
  virtual void report_opening(Listener listener) = 0;
};

}  // namespace dha
