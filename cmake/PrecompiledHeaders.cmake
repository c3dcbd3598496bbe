# The headers that cost most to read, precompiled once for all of the project's own targets, which share one set of flags.
#
# dha_use_precompiled_headers(TARGET [WITH_BOOST_TEST]) makes a target read them. Third parties' plugins do without.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled/anchor.cpp CONTENT "// Carries the precompiled header.\n")

# The wheel's include folder carries its own fmt, whose code would otherwise be compiled into each file that formats.
add_library(dha_fmt STATIC ${CMAKE_CURRENT_LIST_DIR}/fmt.cpp)
target_link_libraries(dha_fmt PUBLIC LibTorch::c10)
set_target_properties(dha_fmt PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)

function(_dha_set_common_flags target)
  target_compile_options(${target} PRIVATE -fPIC)  # the same code generation for programs and libraries
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_link_libraries(${target} PRIVATE dha_fmt nlohmann_json::nlohmann_json)
endfunction()

# A test's own code takes longer to compile than to run. At -O1 GCC 12 takes some variables for uninitialised that are not.
function(_dha_optimize_for_tests target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release,RelWithDebInfo>:-O1>
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endfunction()

function(_dha_precompile name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;LINK")
  add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/precompiled/anchor.cpp)
  _dha_set_common_flags(${name})
  target_link_libraries(${name} PRIVATE Dha::sdk dha_warnings ${arg_LINK})
  target_precompile_headers(${name} PRIVATE
    <ATen/core/Tensor.h> <algorithm> <filesystem> <fmt/format.h> <map> <memory> <nlohmann/json.hpp> <optional> <string> <vector>
    ${arg_HEADERS})
endfunction()

_dha_precompile(dha_precompiled)
if(DHA_BUILD_TESTS)
  _dha_precompile(dha_precompiled_for_tests HEADERS <boost/test/unit_test.hpp> LINK Boost::unit_test_framework)
  target_compile_definitions(dha_precompiled_for_tests PRIVATE BOOST_TEST_DYN_LINK)
  _dha_optimize_for_tests(dha_precompiled_for_tests)
endif()

function(dha_use_precompiled_headers target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "WITH_BOOST_TEST" "" "")
  _dha_set_common_flags(${target})
  if(arg_WITH_BOOST_TEST)
    _dha_optimize_for_tests(${target})
    target_precompile_headers(${target} REUSE_FROM dha_precompiled_for_tests)
  else()
    target_precompile_headers(${target} REUSE_FROM dha_precompiled)
  endif()
endfunction()
