#include "recording.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "device.hpp"
#include "device/device_graph.hpp"
#include "device_memory.hpp"
#include "ledger.hpp"
#include "traffic.hpp"

namespace dha::simulated_cuda {

namespace {

struct Recording {
  struct Written {
    at::Tensor tensor, before;  // as the CPU sees them
  };
  std::vector<at::Generator> generators;
  std::vector<at::Tensor> generator_states;
  std::vector<std::function<void()>> work;
  std::vector<Written> written;
  std::vector<c10::Storage> memory;
};

std::mutex mutex;
Recording* current = nullptr;
bool is_void = false;                           // the recording under way met something that cannot be recorded
std::vector<at::Generator> stuck;               // generators of a void recording, which are recorded from for good
std::atomic<c10::StreamId> recorded_stream{0};  // 0: nothing is recorded

class Graph : public DeviceGraph {
 public:
  ~Graph() override { stop(); }

  void begin(const std::vector<at::Generator>& generators) override {
    TORCH_CHECK(current_stream_id() != 0, "CUDA graphs must be captured on a non-default stream");
    TORCH_CHECK(current == nullptr, "another recording is under way");
    recording_.generators = generators;
    for (const at::Generator& generator : generators) recording_.generator_states.push_back(generator.get_state());
    TORCH_CHECK(stuck.empty(), "the allocator still records: an earlier recording has failed");
    current = &recording_;
    is_void = false;
    recorded_stream = current_stream_id();
  }

  void end() override {
    TORCH_CHECK(current == &recording_, "nothing is being recorded");
    const bool has_failed = is_void;
    stop();
    TORCH_CHECK(!has_failed, "operation failed due to a previous error during capture");
    note_recording();
  }

  void replay() override {
    note_replay();
    for (const std::function<void()>& again : recording_.work) again();
  }

 private:
  void stop() {
    if (current != &recording_) return;
    recorded_stream = 0;
    current = nullptr;
    for (size_t i = recording_.written.size(); i-- > 0;)
      recording_.written[i].tensor.copy_(recording_.written[i].before);
    recording_.written.clear();
    if (is_void) {
      stuck = recording_.generators;
      return;
    }
    for (size_t i = 0; i < recording_.generators.size(); ++i)
      recording_.generators[i].set_state(recording_.generator_states[i]);
  }

  Recording recording_;
};

}  // namespace

bool is_recording() { return recorded_stream != 0 && recorded_stream == current_stream_id(); }

void check_may_wait(const std::string& what) {
  if (!is_recording()) return;
  is_void = true;
  TORCH_CHECK(false, "operation not permitted when stream is capturing: ", what);
}

void check_may_draw(const at::Generator& generator) {
  TORCH_CHECK(std::find(stuck.begin(), stuck.end(), generator) == stuck.end(),
              "Offset increment outside graph capture encountered unexpectedly.");
  if (!is_recording()) return;
  const std::lock_guard lock(mutex);
  const auto& known = current->generators;
  TORCH_CHECK(std::find(known.begin(), known.end(), generator) != known.end(),
              "a generator that was not registered with the graph draws while the stream is capturing");
}

void note_write(const at::Tensor& tensor) {
  if (!is_recording() || tensor.numel() == 0) return;
  keep_memory(tensor);
  const at::Tensor view = host_view(tensor);
  const at::Tensor before = view.clone();
  const std::lock_guard lock(mutex);
  current->written.push_back({view, before});
}

void record(std::function<void()> again, std::initializer_list<at::Tensor> tensors) {
  if (!is_recording()) return;
  for (const at::Tensor& tensor : tensors) keep_memory(tensor);
  const std::lock_guard lock(mutex);
  current->work.push_back(std::move(again));
}

void keep_memory(const at::Tensor& tensor) {
  if (!tensor.defined() || !is_recording()) return;
  const std::lock_guard lock(mutex);
  current->memory.push_back(tensor.storage());
}

}  // namespace dha::simulated_cuda

void dha_simulated_cuda_recover(void) { dha::simulated_cuda::stuck.clear(); }

extern "C" C10_EXPORT dha::DeviceGraph* dha_make_device_graph(void) { return new dha::simulated_cuda::Graph; }
