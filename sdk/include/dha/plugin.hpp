// The only header that a plugin must include: all interfaces, and DHA_PLUGIN, which exports a plugin's components.
//
//   class Flip : public dha::Augmenter {
//    public:
//     static dha::Schema schema();
//     Flip(const dha::Params& params, dha::Context& context);
//     dha::Augmented apply(const at::Tensor& images, const at::Tensor& labels) override;
//   };
//   DHA_PLUGIN("flip", "1.0.0", "dha", "Apache-2.0", dha::component<Flip>("dha.flip"))
//
// A component derives from exactly one interface, has a static schema() and a constructor that takes its parameters and
// its context. A plugin stays loaded until the process ends.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "dha/abi.h"
#include "dha/abi_tag.hpp"
#include "dha/architecture.hpp"
#include "dha/augmenter.hpp"
#include "dha/component.hpp"
#include "dha/context.hpp"
#include "dha/dataset.hpp"
#include "dha/error.hpp"
#include "dha/hyper_optimizer.hpp"
#include "dha/params.hpp"
#include "dha/quantities.hpp"
#include "dha/replay.hpp"
#include "dha/searcher.hpp"
#include "dha/space.hpp"
#include "dha/stage.hpp"
#include "dha/trial_searcher.hpp"

namespace dha {

// One entry of DHA_PLUGIN's list.
struct PluginEntry {
  std::string kind, id, summary, params_json;
  void* (*create)(const char*, void*, dha_error*) = nullptr;
  void (*destroy)(void*) = nullptr;
  void (*initialize)() = nullptr;
  const char* accelerator_library = nullptr;
};

namespace detail {

// Writes the exception being handled into `error`.
DHA_API void describe_exception(dha_error* error) noexcept;

template <class Implementation>
void* create(const char* params_json, void* context, dha_error* error) noexcept {
  using Interface = typename Implementation::Interface;
  try {
    return static_cast<Interface*>(new Implementation(Params(params_json), *static_cast<Context*>(context)));
  } catch (...) {
    describe_exception(error);
    return nullptr;
  }
}

template <class Implementation>
void destroy(void* interface_pointer) {
  delete static_cast<typename Implementation::Interface*>(interface_pointer);
}

// Owns the strings and tables that a descriptor points to.
class DHA_API PluginTables {
 public:
  PluginTables(const char* abi_tag, uint32_t sdk_minor, const char* name, const char* version, const char* vendor,
               const char* license, std::vector<PluginEntry> entries);
  PluginTables(const PluginTables&) = delete;
  ~PluginTables();
  const dha_plugin* descriptor() const noexcept { return &descriptor_; }

 private:
  std::vector<PluginEntry> entries_;
  std::vector<dha_component> components_;
  dha_plugin descriptor_{};
};

}  // namespace detail

// An entry for a component.
template <class Implementation>
PluginEntry component(const char* id) {
  using Interface = typename Implementation::Interface;
  static_assert(std::is_base_of_v<Interface, Implementation>,
                "a component derives from one of the interfaces of the SDK");
  static_assert(std::is_constructible_v<Implementation, const Params&, Context&>,
                "a component has a constructor (const dha::Params&, dha::Context&)");
  const Schema schema = Implementation::schema();
  return {Interface::kKind,
          id,
          schema.summary(),
          schema.json_text(),
          &detail::create<Implementation>,
          &detail::destroy<Implementation>};
}

// An entry that registers LibTorch operators once, after the handshake, and names the library with their CUDA kernels.
inline PluginEntry operators(void (*register_operators)(), const char* accelerator_library = nullptr) {
  PluginEntry entry;
  entry.initialize = register_operators;
  entry.accelerator_library = accelerator_library;
  return entry;
}

}  // namespace dha

// Strings must be literals. The tables are built on the first call of the entry, not by static initialisers, because an
// exception from a static initialiser would end the host. A null descriptor reports that building them failed.
#define DHA_PLUGIN(name, version, vendor, license, ...)                                                        \
  extern "C" __attribute__((visibility("default"))) const dha_plugin* dha_plugin_entry(void) {                 \
    try {                                                                                                      \
      static const dha::detail::PluginTables tables(DHA_ABI_TAG, DHA_SDK_VERSION_MINOR, name, version, vendor, \
                                                    license, {__VA_ARGS__});                                   \
      return tables.descriptor();                                                                              \
    } catch (const std::exception&) {                                                                          \
      return nullptr;                                                                                          \
    }                                                                                                          \
  }
