# Installs the SDK as the CMake package Dha.
include(CMakePackageConfigHelpers)
set(_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Dha)

install(TARGETS dha_sdk EXPORT DhaTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/include/dha DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT DhaTargets NAMESPACE Dha:: DESTINATION ${_package_dir})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/DhaConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/DhaConfig.cmake
  INSTALL_DESTINATION ${_package_dir} PATH_VARS CMAKE_INSTALL_BINDIR NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/DhaConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/DhaConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/DhaConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/DhaAddPlugin.cmake
  ${CMAKE_CURRENT_LIST_DIR}/DhaAddCudaLibrary.cmake
  ${CMAKE_CURRENT_LIST_DIR}/plugin.map
  ${PROJECT_SOURCE_DIR}/cmake/FindLibTorch.cmake
  DESTINATION ${_package_dir})
