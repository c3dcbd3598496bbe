# protozero, which has headers only, as the target Protozero::protozero.
include(FindPackageHandleStandardArgs)
find_path(Protozero_INCLUDE_DIR protozero/pbf_writer.hpp)
mark_as_advanced(Protozero_INCLUDE_DIR)
find_package_handle_standard_args(Protozero REQUIRED_VARS Protozero_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "install libprotozero-dev, or run scripts/setup")
if(Protozero_FOUND AND NOT TARGET Protozero::protozero)
  add_library(Protozero::protozero INTERFACE IMPORTED)
  set_target_properties(Protozero::protozero PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ${Protozero_INCLUDE_DIR})
endif()
