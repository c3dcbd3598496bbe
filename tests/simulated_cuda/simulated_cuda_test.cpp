// The simulated CUDA does what LibTorch's CUDA does where dha depends on it, and counts what would make the host wait.
#include "simulated_cuda/simulated_cuda.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/index.h>
#include <ATen/ops/multinomial.h>
#include <ATen/ops/nonzero.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/where.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "device/memory.hpp"
#include "device/stream_scope.hpp"

namespace {

using dha::simulated_cuda::Traffic;
using dha::test::SimulatedCuda;

const at::Device kCuda(at::kCUDA, 0);

// What crosses while `work` runs.
template <class Work>
Traffic traffic_of(Work&& work) {
  const Traffic before = SimulatedCuda::open().traffic();
  work();
  Traffic after = SimulatedCuda::open().traffic();
  after.synchronisations -= before.synchronisations;
  after.copies_to_device -= before.copies_to_device;
  after.bytes_to_device -= before.bytes_to_device;
  after.pageable_copies_to_device -= before.pageable_copies_to_device;
  after.copies_to_host -= before.copies_to_host;
  after.bytes_to_host -= before.bytes_to_host;
  return after;
}

at::Tensor drawn(at::IntArrayRef sizes) { return at::randn(sizes, at::detail::createCPUGenerator(7)); }

// Loss and gradients of a small network.
std::vector<at::Tensor> train_on(at::Device device) {
  const at::Tensor images = drawn({4, 3, 8, 8}).to(device).contiguous(at::MemoryFormat::ChannelsLast);
  at::Tensor weight = drawn({6, 3, 3, 3}).to(device).requires_grad_(true);
  at::Tensor scale = drawn({6}).to(device).requires_grad_(true);
  const at::Tensor features = at::conv2d(images, weight, {}, {1, 1}, at::IntArrayRef{1, 1});
  const at::Tensor normal = at::batch_norm(features, scale, {}, {}, {}, true, 0.1, 1e-5, false);
  const at::Tensor loss = at::relu(normal).square().mean();
  loss.backward();
  at::_foreach_add_(std::vector<at::Tensor>{weight.mutable_grad()}, std::vector<at::Tensor>{weight.detach()}, 0.5);
  return {loss.detach(), weight.grad(), scale.grad()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(simulated_cuda)

BOOST_AUTO_TEST_CASE(a_run_finds_one_device) {
  BOOST_TEST((SimulatedCuda::open().device().device == kCuda));
  BOOST_TEST(at::globalContext().hasCUDA());
}

BOOST_AUTO_TEST_CASE(a_network_learns_with_the_cpus_bits) {
  SimulatedCuda::open();
  const std::vector<at::Tensor> expected = train_on(at::kCPU);
  std::vector<at::Tensor> found;
  const Traffic traffic = traffic_of([&] { found = train_on(kCuda); });
  BOOST_TEST(traffic.copies_to_device == 3);
  BOOST_TEST(traffic.copies_to_host == 0);
  for (size_t i = 0; i < expected.size(); ++i) {
    BOOST_TEST(found[i].is_cuda());
    BOOST_TEST(at::equal(found[i].cpu(), expected[i]));
  }
}

BOOST_AUTO_TEST_CASE(tensors_of_two_devices_are_refused) {
  SimulatedCuda::open();
  const at::Tensor here = at::ones({4, 3, 8, 8}), there = here.to(kCuda), weight = at::ones({2, 3, 3, 3});
  BOOST_CHECK_THROW(here + there, c10::Error);
  BOOST_CHECK_THROW(at::cat({here, there}), c10::Error);
  BOOST_CHECK_THROW(at::conv2d(there, weight), c10::Error);
  BOOST_CHECK_THROW(at::rand({4}, at::detail::createCPUGenerator(1), at::TensorOptions(kCuda)), c10::Error);
  BOOST_CHECK_NO_THROW(there + at::ones({}));
}

BOOST_AUTO_TEST_CASE(the_host_cannot_read_the_devices_memory) {
  const at::Tensor there = at::ones({4}, at::TensorOptions(SimulatedCuda::open().device().device));
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);
    volatile float value = there.const_data_ptr<float>()[0];
    _exit(value == 1.0f ? 0 : 1);
  }
  int status = 0;
  BOOST_TEST_REQUIRE(waitpid(child, &status, 0) == child);
  BOOST_TEST(WIFSIGNALED(status));
}

BOOST_AUTO_TEST_CASE(copies_and_waits_are_counted_as_on_a_card) {
  const at::Device device = SimulatedCuda::open().device().device;
  const at::Tensor pageable = at::ones({8}), pinned = at::empty({8}, at::TensorOptions().pinned_memory(true));
  pinned.fill_(2);
  BOOST_TEST(pinned.is_pinned());
  BOOST_TEST(!pageable.is_pinned());
  at::Tensor there;
  Traffic traffic = traffic_of([&] { there = pageable.to(device); });
  BOOST_TEST(traffic.copies_to_device == 1);
  BOOST_TEST(traffic.pageable_copies_to_device == 1);
  BOOST_TEST(traffic.bytes_to_device == 32);
  BOOST_TEST(traffic.synchronisations == 1);
  traffic = traffic_of([&] { there = pinned.to(device, /*non_blocking=*/true); });
  BOOST_TEST(traffic.copies_to_device == 1);
  BOOST_TEST(traffic.pageable_copies_to_device == 0);
  BOOST_TEST(traffic.synchronisations == 0);
  traffic = traffic_of([&] { BOOST_TEST(there.sum().item<float>() == 16); });
  BOOST_TEST(traffic.synchronisations == 1);
  BOOST_TEST(traffic.copies_to_host == 1);
  traffic = traffic_of([&] { pinned.copy_(there, /*non_blocking=*/true); });
  BOOST_TEST(traffic.synchronisations == 0);
  traffic = traffic_of([&] { pageable.copy_(there, /*non_blocking=*/true); });
  BOOST_TEST(traffic.synchronisations == 1);
}

BOOST_AUTO_TEST_CASE(operators_that_look_at_values_wait) {
  const at::Device device = SimulatedCuda::open().device().device;
  const at::Tensor there = at::arange(6, at::TensorOptions(device).dtype(at::kFloat));
  const at::Tensor mask = there.gt(2);
  at::Generator generator = at::globalContext().getAcceleratorHooksInterface(at::kCUDA).getNewGenerator(0);
  BOOST_TEST(traffic_of([&] { at::index(there, {mask}); }).synchronisations == 1);
  BOOST_TEST(traffic_of([&] { at::nonzero(mask); }).synchronisations == 1);
  BOOST_TEST(traffic_of([&] { at::multinomial(there, 1, true, generator); }).synchronisations == 1);
  BOOST_TEST(traffic_of([&] { at::multinomial(there, 4, true, generator); }).synchronisations == 0);
  BOOST_TEST(traffic_of([&] { at::index(there, {at::ones({2}, at::kLong)}); }).copies_to_device >= 1,
             SimulatedCuda::open().crossings());
  BOOST_TEST(traffic_of([&] { at::where(mask, there, there.neg()); }).synchronisations == 0);
  BOOST_TEST(traffic_of([&] { at::where(mask, there, at::ones({})); }).synchronisations == 1);
}

BOOST_AUTO_TEST_CASE(its_generators_draw_the_cpus_numbers) {
  const at::Device device = SimulatedCuda::open().device().device;
  at::Generator generator = at::globalContext().getAcceleratorHooksInterface(at::kCUDA).getNewGenerator(0);
  generator.set_current_seed(5);
  const at::Tensor state = generator.get_state();
  const at::Tensor there = at::rand({9}, generator, at::TensorOptions(device));
  BOOST_TEST(at::equal(there.cpu(), at::rand({9}, at::detail::createCPUGenerator(5))));
  generator.set_state(state);
  BOOST_TEST(at::equal(at::rand({9}, generator, at::TensorOptions(device)), there));
}

BOOST_AUTO_TEST_CASE(memory_is_counted_and_has_an_end) {
  const at::Device device = SimulatedCuda::open().device().device;
  const int64_t before = dha::device_memory(device)->allocated;
  const at::Tensor held = at::ones({1000}, at::TensorOptions(device));
  BOOST_TEST(dha::device_memory(device)->allocated == before + 4000);
  BOOST_CHECK_THROW(at::empty({int64_t{1} << 40}, at::TensorOptions(device)), c10::OutOfMemoryError);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_streams_scope_hides_no_error_under_way) {
  const SimulatedCuda& cuda = SimulatedCuda::open();
  const auto fail_in_scope = [&](bool throws) {
    const dha::StreamScope scope(cuda.device().device);
    cuda.let_events_fail(true);
    if (throws) throw std::runtime_error("the first error");
  };
  BOOST_CHECK_EXCEPTION(fail_in_scope(true), std::runtime_error,
                        [](const std::exception& error) { return std::string(error.what()) == "the first error"; });
  cuda.let_events_fail(false);
  BOOST_CHECK_EXCEPTION(fail_in_scope(false), std::exception, [](const std::exception& error) {
    return std::string(error.what()).find("illegal memory access") != std::string::npos;
  });
  cuda.let_events_fail(false);
}

BOOST_AUTO_TEST_SUITE_END()
