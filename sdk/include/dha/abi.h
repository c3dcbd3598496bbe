/* The plain-C descriptor that every plugin exports: the host reads it before it touches any C++ type of the plugin.
 *
 * A plugin is one shared library with one exported symbol, dha_plugin_entry, that returns a constant descriptor.
 * Authors do not fill it by hand; DHA_PLUGIN in <dha/plugin.hpp> does it.
 *
 * Structs grow only at their end, under struct_size and component_size; every other change raises DHA_ABI_LAYOUT. */
#pragma once

#include <stdint.h>

#define DHA_ABI_LAYOUT 2u
#define DHA_ENTRY_SYMBOL "dha_plugin_entry"

#ifdef __cplusplus
extern "C" {
#endif

/* The error of create(): owned by the caller, so that no allocator crosses the boundary. */
typedef struct dha_error {
  int32_t code; /* a dha::ErrorCode */
  char text[4092];
} dha_error;

typedef struct dha_component {
  const char* kind;        /* "dataset", "augmenter", "hyper_optimizer", "searcher", "trial_searcher" or "space" */
  const char* id;          /* "vendor.name": lower case, digits and '_' */
  const char* summary;     /* one line */
  const char* params_json; /* the parameter schema, JSON text (see <dha/params.hpp>) */
  /* params_json: a completed JSON object. context: a dha::Context that outlives the component.
   * Returns the interface pointer of `kind` as void*, or null with `error` filled. Never throws. */
  void* (*create)(const char* params_json, void* context, dha_error* error);
  void (*destroy)(void* interface_pointer);
} dha_component;

typedef struct dha_plugin {
  uint32_t struct_size; /* sizeof(dha_plugin) as the plugin saw it; first, forever */
  uint32_t abi_layout;  /* DHA_ABI_LAYOUT; second, forever */
  const char* abi_tag;  /* see <dha/abi_tag.hpp> */
  const char *name, *version, *vendor, *license;
  uint32_t component_size; /* sizeof(dha_component): the stride of `components` */
  uint32_t component_count;
  const dha_component* components;
  /* Registers LibTorch operators. Called once per process, after the handshake; null if there is nothing to
   * register. */
  void (*initialize)(void);
  /* File name of a library with CUDA kernels next to the plugin, opened only if an accelerator is in use; or null. */
  const char* accelerator_library;
  /* DHA_SDK_VERSION_MINOR as the plugin saw it: the host calls no function that was appended to an interface later. */
  uint32_t sdk_minor;
} dha_plugin;

#ifdef __cplusplus
}
#endif
