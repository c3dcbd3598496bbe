#include <ATen/ops/ones.h>
#include <dlfcn.h>
#include <stdlib.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "device/accelerator.hpp"
#include "device/device_properties.hpp"
#include "device/memory.hpp"
#include "dha/error.hpp"
#include "support/paths.hpp"

namespace {

// An environment variable for a test's duration.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// The code and text of the error that choosing `device` throws.
dha::Error refusal(const std::string& device) {
  try {
    dha::choose_device(device);
  } catch (const dha::Error& error) {
    return error;
  }
  throw std::logic_error("'" + device + "' was accepted");
}

bool has_nvidia_driver() { return dlopen("libcuda.so.1", RTLD_LAZY) != nullptr; }

boost::test_tools::assertion_result has_no_nvidia_driver(boost::unit_test::test_unit_id) {
  return !has_nvidia_driver();
}

bool cuda_library_is_open() { return dlopen("libtorch_cuda.so", RTLD_LAZY | RTLD_NOLOAD) != nullptr; }

}  // namespace

BOOST_AUTO_TEST_CASE(cpu_opens_nothing) {
  const dha::DeviceChoice choice = dha::choose_device("cpu");
  BOOST_TEST(choice.device.is_cpu());
  BOOST_TEST(choice.note == "");
  BOOST_TEST(!cuda_library_is_open());
}

BOOST_AUTO_TEST_CASE(other_texts_are_refused) {
  for (const char* text :
       {"", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:1x", "cuda:x", "cuda: 1", "cuda:128", "cuda:99999999999"}) {
    BOOST_TEST_CONTEXT(text) {
      const dha::Error error = refusal(text);
      BOOST_TEST((error.code() == dha::ErrorCode::kUsage));
      BOOST_TEST(has(error.what(), std::string("found '") + text + "'"));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_replacement_that_is_not_there_is_named) {
  const dha::test::TemporaryDirectory folder;
  const std::filesystem::path library = folder.path() / "absent.so";
  const Variable replacement("DHA_CUDA_LIBRARY", library);
  const dha::Error error = refusal("cuda");
  BOOST_TEST((error.code() == dha::ErrorCode::kDevice));
  BOOST_TEST(has(error.what(), "the library named by DHA_CUDA_LIBRARY, " + library.string() + " (no such file)"));
  const dha::DeviceChoice choice = dha::choose_device("auto");
  BOOST_TEST(choice.device.is_cpu());
  BOOST_TEST(choice.note == "no accelerator found");
  BOOST_TEST(has(choice.looked_for, library.string() + " (no such file)"));
}

BOOST_AUTO_TEST_CASE(a_replacement_that_is_no_library_is_refused_with_the_linkers_reason) {
  const dha::test::TemporaryDirectory folder;
  const std::filesystem::path library = folder.path() / "text.so";
  std::ofstream(library) << "not a library, but long enough to be read as the header of one, which takes 64 bytes\n";
  const Variable replacement("DHA_CUDA_LIBRARY", library);
  const dha::Error error = refusal("cuda:0");
  BOOST_TEST((error.code() == dha::ErrorCode::kDevice));
  BOOST_TEST(has(error.what(), "(not opened: "));
  BOOST_TEST(has(error.what(), "invalid ELF header"));
}

BOOST_AUTO_TEST_CASE(without_a_driver_cuda_is_an_error_and_auto_the_cpu,
                     *boost::unit_test::precondition(has_no_nvidia_driver)) {
  for (const char* text : {"cuda", "cuda:1"}) {
    const dha::Error error = refusal(text);
    BOOST_TEST((error.code() == dha::ErrorCode::kDevice));
    BOOST_TEST(
        has(error.what(), std::string("device '") + text + "' is not available; looked for LibTorch's CUDA library "));
    BOOST_TEST((has(error.what(), "libtorch_cuda.so (no such file)") ||
                has(error.what(), "the NVIDIA driver's library (libcuda.so.1")));
    BOOST_TEST(has(error.what(), "choose device 'cpu' or 'auto'"));
  }
  const dha::DeviceChoice choice = dha::choose_device("auto");
  BOOST_TEST(choice.device.is_cpu());
  BOOST_TEST(dha::in_words(choice) == "cpu (no accelerator found)");
  BOOST_TEST(has(choice.looked_for, "LibTorch's CUDA library "));
}

BOOST_AUTO_TEST_CASE(a_library_without_devices_is_told_with_its_reason) {
  const Variable replacement("DHA_CUDA_LIBRARY", COUNTED_DEVICES), devices("DHA_TEST_DEVICES", "0");
  const dha::Error error = refusal("cuda");
  BOOST_TEST((error.code() == dha::ErrorCode::kDevice));
  BOOST_TEST(has(error.what(), " (opened), devices (found 0: the drawer for devices is empty)"));
  const dha::DeviceChoice choice = dha::choose_device("auto");
  BOOST_TEST(choice.device.is_cpu());
  BOOST_TEST(has(choice.looked_for, "the drawer for devices is empty"));
}

BOOST_AUTO_TEST_CASE(devices_are_chosen_by_number) {
  const Variable replacement("DHA_CUDA_LIBRARY", COUNTED_DEVICES), devices("DHA_TEST_DEVICES", "2");
  BOOST_TEST((dha::choose_device("cuda").device == at::Device(at::kCUDA, 0)));
  BOOST_TEST((dha::choose_device("cuda:1").device == at::Device(at::kCUDA, 1)));
  BOOST_TEST(dha::in_words(dha::choose_device("cuda:1")) == "cuda:1");
  const dha::DeviceChoice choice = dha::choose_device("auto");
  BOOST_TEST((choice.device == at::Device(at::kCUDA, 0)));
  BOOST_TEST(dha::in_words(choice) == "cuda:0 (of 2 devices)");
  BOOST_TEST(choice.looked_for == "");
  const dha::Error error = refusal("cuda:2");
  BOOST_TEST((error.code() == dha::ErrorCode::kDevice));
  BOOST_TEST(std::string(error.what()) ==
             "device 'cuda:2' is not available; found 2 devices, cuda:0 to cuda:1; choose one of these");
}

BOOST_AUTO_TEST_CASE(a_cuda_device_that_answers_no_question_is_no_failure) {
  const at::Device cuda(at::kCUDA, 0);
  BOOST_TEST(!dha::device_memory(cuda).has_value());
  BOOST_CHECK_NO_THROW(dha::reset_peak_device_memory(cuda));
  if (has_nvidia_driver()) return;
  BOOST_TEST(!dha::compute_capability(cuda).has_value());
  BOOST_TEST(dha::device_name(cuda) == "");
  for (const char* precision : {"fp32", "bf16", "fp16"}) BOOST_TEST(dha::has_native_arithmetic(cuda, precision));
}

BOOST_AUTO_TEST_CASE(libraries_with_kernels_are_opened_for_an_accelerator_only) {
  const std::vector<std::filesystem::path> absent = {"/absent/kernels.so"};
  BOOST_CHECK_NO_THROW(dha::open_accelerator_libraries({}, absent));
  const dha::DeviceChoice cuda{at::Device(at::kCUDA, 0)};
  BOOST_CHECK_NO_THROW(dha::open_accelerator_libraries(cuda, {COUNTED_DEVICES}));
  BOOST_CHECK_EXCEPTION(dha::open_accelerator_libraries(cuda, absent), dha::Error, [](const dha::Error& error) {
    return error.code() == dha::ErrorCode::kLoadFailed && has(error.what(), "/absent/kernels.so cannot be opened: ");
  });
}

BOOST_AUTO_TEST_CASE(the_peak_of_host_memory_rises_and_stays) {
  constexpr int64_t kMegabyte = 1 << 20;
  const int64_t before = dha::peak_host_memory_bytes();
  BOOST_TEST(before > 10 * kMegabyte);
  // Larger than what earlier cases may have given back, so that it must set a new peak.
  const int64_t size = before + 64 * kMegabyte;
  { const at::Tensor held = at::ones({size}, at::kByte); }
  const int64_t after = dha::peak_host_memory_bytes();
  BOOST_TEST(after >= size);
  BOOST_TEST(dha::peak_host_memory_bytes() == after);
}

BOOST_AUTO_TEST_CASE(the_cpu_answers_what_applies_to_it) {
  const at::Device cpu(at::kCPU);
  BOOST_TEST(!dha::device_memory(cpu).has_value());
  BOOST_CHECK_NO_THROW(dha::reset_peak_device_memory(cpu));
  BOOST_TEST(!dha::compute_capability(cpu).has_value());
  BOOST_TEST(dha::thread_count() >= 1);

  std::ifstream cpuinfo("/proc/cpuinfo");
  const std::string text((std::istreambuf_iterator<char>(cpuinfo)), std::istreambuf_iterator<char>());
  BOOST_TEST(has(text, dha::device_name(cpu)));
#if defined(__x86_64__)
  BOOST_TEST(dha::has_native_arithmetic(cpu, "bf16") == has(text, "avx512_bf16"));
  BOOST_TEST(dha::has_native_arithmetic(cpu, "fp32"));
#endif
}
