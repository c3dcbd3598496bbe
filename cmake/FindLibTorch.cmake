# Finds LibTorch without the wheel's own package file, which wants a CUDA toolkit (docs/howto/build.md).
#
# Looks in LIBTORCH_ROOT (CMake or environment: the folder that has include/ and lib/), else in the project's .venv.
# A build tree stays with what it found until LIBTORCH_ROOT names something else, or until it is gone.
# Defines LibTorch_VERSION and the targets LibTorch::c10 and LibTorch::torch_cpu; neither names CUDA.

set(_libtorch_hints ${LIBTORCH_ROOT} $ENV{LIBTORCH_ROOT})
set(_libtorch_found LibTorch_INCLUDE_DIR LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY)
# find_path() and find_library() look no further where the cache has an answer, be it to another question.
set(_libtorch_is_stale FALSE)
if(_libtorch_hints AND NOT "${_libtorch_hints}" STREQUAL "${LibTorch_SEARCHED}")
  set(_libtorch_is_stale TRUE)
endif()
foreach(_libtorch_entry IN LISTS _libtorch_found)
  if(NOT EXISTS "${${_libtorch_entry}}")
    set(_libtorch_is_stale TRUE)
  endif()
endforeach()
if(_libtorch_is_stale)
  foreach(_libtorch_entry IN LISTS _libtorch_found)
    unset(${_libtorch_entry} CACHE)
  endforeach()
endif()
if(_libtorch_hints)
  set(LibTorch_SEARCHED "${_libtorch_hints}" CACHE INTERNAL "LIBTORCH_ROOT that LibTorch was looked for in")
else()
  file(GLOB _libtorch_hints ${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch)
endif()

find_path(LibTorch_INCLUDE_DIR ATen/core/Tensor.h PATHS ${_libtorch_hints} PATH_SUFFIXES include NO_DEFAULT_PATH)
find_library(LibTorch_CPU_LIBRARY torch_cpu PATHS ${_libtorch_hints} PATH_SUFFIXES lib NO_DEFAULT_PATH)
find_library(LibTorch_C10_LIBRARY c10 PATHS ${_libtorch_hints} PATH_SUFFIXES lib NO_DEFAULT_PATH)

if(LibTorch_INCLUDE_DIR AND EXISTS ${LibTorch_INCLUDE_DIR}/torch/headeronly/version.h)
  file(STRINGS ${LibTorch_INCLUDE_DIR}/torch/headeronly/version.h _libtorch_lines REGEX "TORCH_VERSION_(MAJOR|MINOR|PATCH) [0-9]")
  string(REGEX MATCHALL "[0-9]+" _libtorch_numbers "${_libtorch_lines}")
  list(JOIN _libtorch_numbers "." LibTorch_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_INCLUDE_DIR
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "run scripts/setup, or set LIBTORCH_ROOT to a LibTorch of the required version (looked in: ${_libtorch_hints})")

if(LibTorch_FOUND AND NOT TARGET LibTorch::torch_cpu)
  add_library(LibTorch::c10 SHARED IMPORTED)
  set_target_properties(LibTorch::c10 PROPERTIES
    IMPORTED_LOCATION ${LibTorch_C10_LIBRARY}
    INTERFACE_COMPILE_FEATURES cxx_std_20
    INTERFACE_INCLUDE_DIRECTORIES "${LibTorch_INCLUDE_DIR};${LibTorch_INCLUDE_DIR}/torch/csrc/api/include")
  add_library(LibTorch::torch_cpu SHARED IMPORTED)
  set_target_properties(LibTorch::torch_cpu PROPERTIES
    IMPORTED_LOCATION ${LibTorch_CPU_LIBRARY}
    INTERFACE_LINK_LIBRARIES LibTorch::c10)
endif()
mark_as_advanced(LibTorch_INCLUDE_DIR LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY)
