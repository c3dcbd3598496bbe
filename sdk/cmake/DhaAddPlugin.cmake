# dha_add_plugin(NAME FOLDER <augment|hpo|nas|datasets> SOURCES a.cpp … [LINK target …] [NO_INSTALL])
#
# One shared library with one exported symbol, resident once loaded. FOLDER is the sub-folder of the plugin directory that it
# goes to, in the build tree (below plugins/, or DHA_PLUGIN_OUTPUT_DIR) and when installed. The components of dha itself are
# built with this same function. LINK may name Dha::operators, Dha::nn, Dha::nas and Dha::images, the libraries next to the SDK.
set(DHA_PLUGIN_MAP ${CMAKE_CURRENT_LIST_DIR}/plugin.map)

function(dha_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_INSTALL" "FOLDER" "SOURCES;LINK")
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "dha_add_plugin(${name}): SOURCES is empty")
  endif()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "dha_add_plugin(${name}): unknown arguments '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  if(NOT arg_FOLDER MATCHES "^(augment|hpo|nas|datasets)$")
    message(FATAL_ERROR "dha_add_plugin(${name}): FOLDER must be augment, hpo, nas or datasets, found '${arg_FOLDER}'")
  endif()
  string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
  if("${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${build_type}} ${CMAKE_MODULE_LINKER_FLAGS} ${arg_LINK}" MATCHES "-ffast-math|-Ofast")
    message(FATAL_ERROR "dha_add_plugin(${name}): a plugin linked with -ffast-math turns on flush-to-zero in the whole host; "
                        "remove the flag")
  endif()
  if(DHA_PLUGIN_OUTPUT_DIR)
    set(output_dir ${DHA_PLUGIN_OUTPUT_DIR})
  else()
    set(output_dir ${CMAKE_BINARY_DIR}/plugins)
  endif()

  add_library(${name} MODULE ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE Dha::sdk ${arg_LINK})
  if(TARGET dha-programs AND NOT arg_NO_INSTALL)
    add_dependencies(dha-programs ${name})
  endif()
  set_target_properties(${name} PROPERTIES
    PREFIX ""
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY ${output_dir}/${arg_FOLDER}
    # Libraries next to the SDK: three folders up from an installed plugin, or where it was linked from.
    INSTALL_RPATH "\$ORIGIN/../../.."
    INSTALL_RPATH_USE_LINK_PATH ON)
  target_link_options(${name} PRIVATE LINKER:--version-script=${DHA_PLUGIN_MAP} LINKER:-z,nodelete)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    target_link_options(${name} PRIVATE LINKER:-z,defs)  # clang with ASan does not link under -z defs
  endif()
  set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS ${DHA_PLUGIN_MAP})
  if(arg_NO_INSTALL)
    return()
  endif()
  include(GNUInstallDirs)
  install(TARGETS ${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/dha/plugins/${arg_FOLDER})
endfunction()
