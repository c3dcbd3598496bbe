#include "ledger.hpp"

#include <c10/util/Backtrace.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <sstream>
#include <vector>

#include "recording.hpp"

namespace dha::simulated_cuda {

namespace {

constexpr size_t kCrossingsKept = 64;

// Names a variable that adds the host's call stack to each crossing, for whoever looks for its origin.
constexpr const char* kStackVariable = "DHA_SIMULATED_CUDA_STACKS";

struct Ledger {
  std::mutex mutex;
  Traffic traffic;
  std::vector<Traffic> at_replays;
  std::deque<std::string> crossings;
};

Ledger& ledger() {
  static Ledger one;
  return one;
}

std::string described(const at::Tensor& tensor) {
  std::ostringstream text;
  text << at::toString(tensor.scalar_type()) << ' ' << tensor.sizes();
  return text.str();
}

// The lock is held.
void remember(Ledger& held, std::string line) {
  if (std::getenv(kStackVariable) != nullptr) line += "\n" + c10::get_backtrace(2, 40);
  held.crossings.push_back(std::move(line));
  if (held.crossings.size() > kCrossingsKept) held.crossings.pop_front();
}

}  // namespace

void note_operator() {
  const std::lock_guard lock(ledger().mutex);
  ++ledger().traffic.operators;
}

void note_recording() {
  const std::lock_guard lock(ledger().mutex);
  ++ledger().traffic.recordings;
}

void note_replay() {
  const std::lock_guard lock(ledger().mutex);
  ledger().at_replays.push_back(ledger().traffic);
}

void note_synchronisation(const std::string& what) {
  check_may_wait(what);
  Ledger& held = ledger();
  const std::lock_guard lock(held.mutex);
  ++held.traffic.synchronisations;
  remember(held, "synchronisation: " + what);
}

void note_copy_to_device(const at::Tensor& source, bool pinned, bool waits) {
  if (waits) check_may_wait("a copy to the device");
  Ledger& held = ledger();
  const std::lock_guard lock(held.mutex);
  ++held.traffic.copies_to_device;
  held.traffic.bytes_to_device += static_cast<int64_t>(source.nbytes());
  if (!pinned) ++held.traffic.pageable_copies_to_device;
  if (waits) ++held.traffic.synchronisations;
  remember(held, std::string("copy to the device, ") + (pinned ? "pinned" : "pageable") +
                     (waits ? ", the host waits: " : ": ") + described(source));
}

void note_copy_to_host(const at::Tensor& source, const std::string& how, bool waits) {
  if (waits) check_may_wait(how);
  Ledger& held = ledger();
  const std::lock_guard lock(held.mutex);
  ++held.traffic.copies_to_host;
  held.traffic.bytes_to_host += static_cast<int64_t>(source.nbytes());
  if (waits) ++held.traffic.synchronisations;
  remember(held, how + (waits ? ", the host waits: " : ": ") + described(source));
}

}  // namespace dha::simulated_cuda

extern "C" {

void dha_simulated_cuda_traffic(dha::simulated_cuda::Traffic* traffic) {
  auto& held = dha::simulated_cuda::ledger();
  const std::lock_guard lock(held.mutex);
  *traffic = held.traffic;
}

int64_t dha_simulated_cuda_traffic_at_replays(dha::simulated_cuda::Traffic* traffic, int64_t capacity) {
  auto& held = dha::simulated_cuda::ledger();
  const std::lock_guard lock(held.mutex);
  const auto count = static_cast<int64_t>(held.at_replays.size());
  std::copy_n(held.at_replays.begin(), std::min(count, capacity), traffic);
  return count;
}

const char* dha_simulated_cuda_crossings(void) {
  auto& held = dha::simulated_cuda::ledger();
  const std::lock_guard lock(held.mutex);
  static std::string text;
  text.clear();
  for (const std::string& line : held.crossings) text += line + "\n";
  return text.c_str();
}

void dha_simulated_cuda_forget_crossings(void) {
  auto& held = dha::simulated_cuda::ledger();
  const std::lock_guard lock(held.mutex);
  held.crossings.clear();
}
}
