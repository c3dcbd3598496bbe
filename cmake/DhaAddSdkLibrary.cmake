# dha_add_sdk_library(NAME SOURCES a.cpp … PUBLIC target … [PRIVATE target …])
#
# Dha::NAME: a static library next to the SDK with the headers in include/, installed with it. Each plugin links its own copy, so
# that none of its types crosses the boundary.
function(dha_add_sdk_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;PUBLIC;PRIVATE")
  add_library(dha_${name} STATIC ${arg_SOURCES})
  add_library(Dha::${name} ALIAS dha_${name})
  target_include_directories(dha_${name} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(dha_${name} PUBLIC cxx_std_20)
  target_link_libraries(dha_${name} PUBLIC ${arg_PUBLIC})
  foreach(_library dha_warnings ${arg_PRIVATE})
    target_link_libraries(dha_${name} PRIVATE $<BUILD_INTERFACE:${_library}>)
  endforeach()
  set_target_properties(dha_${name} PROPERTIES
    EXPORT_NAME ${name}
    POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  install(TARGETS dha_${name} EXPORT DhaTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(DIRECTORY include/dha DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endfunction()
