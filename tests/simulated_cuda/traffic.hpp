// What crossed between host and the simulated CUDA device: how often the host waited, and what was copied.
//
// The library counts, tests ask through the C functions below, which SimulatedCuda (simulated_cuda.hpp) finds in it.
#pragma once

#include <cstdint>

namespace dha::simulated_cuda {

struct Traffic {
  // Times that the host would have waited for a real card: values read by the host, copies that are not non_blocking or
  // whose host side is not pinned where the card writes there, and operators whose result's size depends on values.
  int64_t synchronisations = 0;
  int64_t copies_to_device = 0, bytes_to_device = 0;
  int64_t pageable_copies_to_device = 0;  // among the copies to the device: those from memory that is not pinned
  int64_t copies_to_host = 0, bytes_to_host = 0;  // values read one by one included
  int64_t operators = 0;                          // run on the device
  int64_t recordings = 0;                         // that ended without an error
};

}  // namespace dha::simulated_cuda

extern "C" {
// What crossed since the start. [any thread]
void dha_simulated_cuda_traffic(dha::simulated_cuda::Traffic* traffic);

// What had crossed when a recording was replayed, for the first `capacity` replays of the process. Returns how many
// there were. [any thread]
int64_t dha_simulated_cuda_traffic_at_replays(dha::simulated_cuda::Traffic* traffic, int64_t capacity);

// One line for each of the last crossings, the newest last, such as "copy to the device, pinned: int64 (16)". Valid
// until the next call.
const char* dha_simulated_cuda_crossings(void);

// Forgets the crossings so far; the counts go on.
void dha_simulated_cuda_forget_crossings(void);

// After a recording that failed: what only a new process does on a card, makes generators and recordings work again.
void dha_simulated_cuda_recover(void);

// From now on the record of an event fails, as it does on a card after an error of earlier work; or no more.
void dha_simulated_cuda_let_events_fail(bool fail);
}
