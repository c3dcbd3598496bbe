// The texts that show how far work has got: a bar on a terminal, a line elsewhere. All are one line without colours.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "process/long_work.hpp"

namespace dha {

// How far a training has got. Numbers that are not finite, and rates that are 0, are left out.
struct ProgressLine {
  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

  std::string stage;                              // "search 3/10"
  int64_t done = 0, total = 1;                    // steps of the epoch, or whatever `unit` says
  std::string unit = "steps";                     //
  double loss = kUnknown, accuracy = kUnknown;    // of training; accuracies are in [0, 1]
  double validation = kUnknown, test = kUnknown;  // accuracies of an epoch that is over
  double best = kUnknown;                         // validation accuracy so far
  std::string best_unit = "epoch";                // what `best_at` counts: "trial"
  int64_t best_at = 0;                            // where it was reached
  std::string remark;                             // "2 running"
  double images_per_second = 0;                   // of training
  double seconds_left = kUnknown;                 // of the whole run
};

// At most `columns` columns wide. Numbers are shortened, then left out, the least important first; what they leave is
// the bar's. Stage, percentage and time left stay longest.
//   search 3/10  ━━━━━━━━━━────────────   45%  loss 1.234  acc 45.1%  best 51.2% (epoch 2)  1234 img/s  12m 05s left
std::string format_bar(const ProgressLine& line, size_t columns, bool is_utf8);
// Of an epoch that is over.
//   search 3/10  loss 1.234  acc 45.1%  val 51.2%  best 51.2% (epoch 3)  1234 img/s  12m 05s left
std::string format_epoch(const ProgressLine& line, size_t columns);
// Of other work. Without a total, the time since it began.
//   checking images  ━━━━━━━━━━────────────   45%  22500/50000  12s left
std::string format_work(const LongWorkState& work, size_t columns, bool is_utf8);

// The same for logs and pipes, where nothing is left out.
//   search 3/10: 40/50 steps, loss 1.234, accuracy 45.1%, best validation 51.2% (epoch 2), 1234 images/s, 3m 05s left
//   search 3/10: loss 1.234, accuracy 45.1%, validation 51.2%, best validation 51.2% (epoch 3), 1234 images/s, …
//   checking images: 22500/50000, 12s left
std::string format_progress(const ProgressLine& line);
std::string format_epoch(const ProgressLine& line);
std::string format_work(const LongWorkState& work);

}  // namespace dha
