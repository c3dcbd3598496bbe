# dha_add_component(NAME SOURCES a.cpp … [LINK target …])
#
# NAME_component: the objects of a default component, compiled once for its plugin and its tests. LINK it into both.
function(dha_add_component name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
  add_library(${name}_component OBJECT ${arg_SOURCES})
  target_include_directories(${name}_component PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name}_component PUBLIC Dha::sdk ${arg_LINK} PRIVATE dha_warnings)
  dha_use_precompiled_headers(${name}_component)
  set_target_properties(${name}_component PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endfunction()
