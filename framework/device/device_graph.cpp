#include "device/device_graph.hpp"

#include "device/accelerator.hpp"

namespace dha {

std::unique_ptr<DeviceGraph> make_device_graph() {
  void* make = accelerator_symbol("dha_make_device_graph");
  return std::unique_ptr<DeviceGraph>(make != nullptr ? reinterpret_cast<decltype(&dha_make_device_graph)>(make)()
                                                      : nullptr);
}

}  // namespace dha
