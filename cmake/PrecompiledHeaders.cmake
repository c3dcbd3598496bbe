# The headers that cost most to read, precompiled once for all of the project's own targets, which share one set of flags.
#
# dha_use_precompiled_headers(TARGET) makes a target read them. Third parties' plugins do without.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled/anchor.cpp CONTENT "// Carries the precompiled header.\n")
add_library(dha_precompiled OBJECT ${CMAKE_BINARY_DIR}/precompiled/anchor.cpp)
target_link_libraries(dha_precompiled PRIVATE Dha::sdk dha_warnings nlohmann_json::nlohmann_json)
target_compile_definitions(dha_precompiled PRIVATE FMT_HEADER_ONLY)
target_compile_options(dha_precompiled PRIVATE -fPIC)
set_target_properties(dha_precompiled PROPERTIES POSITION_INDEPENDENT_CODE OFF)
target_precompile_headers(dha_precompiled PRIVATE
  <ATen/core/Tensor.h> <algorithm> <filesystem> <fmt/format.h> <map> <memory> <nlohmann/json.hpp> <optional> <string> <vector>)

function(dha_use_precompiled_headers target)
  target_compile_definitions(${target} PRIVATE FMT_HEADER_ONLY)
  target_compile_options(${target} PRIVATE -fPIC)  # the same code generation for programs and libraries
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_link_libraries(${target} PRIVATE nlohmann_json::nlohmann_json)
  target_precompile_headers(${target} REUSE_FROM dha_precompiled)
endfunction()
