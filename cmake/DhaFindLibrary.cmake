# Finds a C library whose Debian package has no file for CMake, for the find modules next to this file.
include(FindPackageHandleStandardArgs)

# dha_find_library(PACKAGE TARGET HEADER LIBRARY DEBIAN_PACKAGE) defines the imported target TARGET.
macro(dha_find_library _package _target _header _library _debian_package)
  find_path(${_package}_INCLUDE_DIR ${_header})
  find_library(${_package}_LIBRARY ${_library})
  mark_as_advanced(${_package}_INCLUDE_DIR ${_package}_LIBRARY)
  find_package_handle_standard_args(${_package} REQUIRED_VARS ${_package}_LIBRARY ${_package}_INCLUDE_DIR
    REASON_FAILURE_MESSAGE "install ${_debian_package}, or run scripts/setup")
  if(${_package}_FOUND AND NOT TARGET ${_target})
    add_library(${_target} UNKNOWN IMPORTED)
    set_target_properties(${_target} PROPERTIES
      IMPORTED_LOCATION ${${_package}_LIBRARY}
      INTERFACE_INCLUDE_DIRECTORIES ${${_package}_INCLUDE_DIR})
  endif()
endmacro()
