#include "app/run_progress.hpp"

#include <fmt/format.h>

namespace dha::app {

std::string in_words(const RunProgress& progress) {
  std::string text = fmt::format("the run has not finished: this is stage '{}' after {} of {} epochs", progress.stage,
                                 progress.epochs, progress.planned_epochs);
  if (progress.steps > 0)
    text += fmt::format(" and {} step{} of the next", progress.steps, progress.steps == 1 ? "" : "s");
  return progress.is_decided ? text : text + "; its architecture is not decided yet";
}

}  // namespace dha::app
