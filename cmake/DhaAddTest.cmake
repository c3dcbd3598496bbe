# The entry of every test program, compiled once.
if(DHA_BUILD_TESTS)
  add_library(dha_test_main OBJECT ${CMAKE_SOURCE_DIR}/tests/support/test_main.cpp)
  target_compile_definitions(dha_test_main PRIVATE BOOST_TEST_DYN_LINK)
  target_compile_options(dha_test_main PRIVATE -fPIC)
  target_link_libraries(dha_test_main PRIVATE dha_warnings Boost::unit_test_framework)
endif()

# The environment of every test. CTest runs as many tests at a time as there are processors, so that a test's second thread would take
# turns with another test's first. The user's own cache is left alone.
set(DHA_TEST_ENVIRONMENT
  DHA_BUILD_DIR=${CMAKE_BINARY_DIR} DHA_SOURCE_DIR=${CMAKE_SOURCE_DIR} XDG_CACHE_HOME=${CMAKE_BINARY_DIR}/test-cache
  OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive)

# dha_add_test(NAME LABELS <unit|plugin|conformance|golden|property|cli|install|example|slow|gpu …> SOURCES a.cpp … [LINK target …])
#
# One Boost.Test program, run by CTest. Tests find the build through DHA_BUILD_DIR and the sources, with the real image sets in
# their data/, through DHA_SOURCE_DIR (tests/support/paths.hpp).
function(dha_add_test name)
  if(NOT DHA_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LABELS;SOURCES;LINK")
  add_executable(${name} ${arg_SOURCES} $<TARGET_OBJECTS:dha_test_main>)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(${name} PRIVATE BOOST_TEST_DYN_LINK)
  dha_use_precompiled_headers(${name} WITH_BOOST_TEST)
  target_link_libraries(${name} PRIVATE ${arg_LINK} Dha::sdk dha_warnings Boost::unit_test_framework)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test-programs)
  add_test(NAME ${name} COMMAND ${name} --report_level=short --color_output=no)
  set_tests_properties(${name} PROPERTIES
    LABELS "${arg_LABELS}"
    TIMEOUT 600
    ENVIRONMENT "${DHA_TEST_ENVIRONMENT}")
endfunction()
