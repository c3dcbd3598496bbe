# dha_add_cuda_library(NAME FOLDER <augment|hpo|nas|datasets> SOURCES a.cpp … KERNELS b.cu … [HEADERS c.hpp …] [NO_INSTALL])
#
# The library with a plugin's CUDA kernels, which lies next to the plugin as NAME.so and which the host opens only where an
# accelerator is in use; the plugin names it in its descriptor. Kernels are compiled by nvcc for compute capability 8.0 and 9.0,
# and as PTX for what comes later, without contraction of multiplications and additions. CUDA's runtime is linked statically.
# Changes of the HEADERS compile the kernels anew. Does not exist where DHA_NVCC was not found.
find_program(DHA_NVCC nvcc HINTS /usr/local/cuda/bin)
if(DHA_NVCC)
  find_library(DHA_CUDART NAMES libcudart_static.a HINTS /usr/local/cuda/lib64 ENV CUDA_HOME PATH_SUFFIXES lib64)
  if(NOT DHA_CUDART)
    message(STATUS "nvcc was found, but not libcudart_static.a: CUDA kernels are not built")
    unset(DHA_NVCC CACHE)
    set(DHA_NVCC "")
  endif()
endif()

function(dha_add_cuda_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_INSTALL" "FOLDER" "SOURCES;KERNELS;HEADERS")
  set(objects)
  foreach(kernel ${arg_KERNELS})
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${kernel}.o)
    add_custom_command(OUTPUT ${object}
      COMMAND ${DHA_NVCC} -std=c++20 -O3 --fmad=false -Xcompiler -fPIC -Xcompiler -fvisibility=hidden
        -gencode arch=compute_80,code=sm_80 -gencode arch=compute_90,code=[sm_90,compute_90]
        -c ${CMAKE_CURRENT_SOURCE_DIR}/${kernel} -o ${object}
      DEPENDS ${kernel} ${arg_HEADERS}
      COMMENT "Compiling the CUDA kernels of ${kernel}"
      VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  if(DHA_PLUGIN_OUTPUT_DIR)
    set(output_dir ${DHA_PLUGIN_OUTPUT_DIR})
  else()
    set(output_dir ${CMAKE_BINARY_DIR}/plugins)
  endif()
  add_library(${name} MODULE ${arg_SOURCES} ${objects})
  target_link_libraries(${name} PRIVATE Dha::sdk ${DHA_CUDART} rt dl pthread)
  set_target_properties(${name} PROPERTIES
    PREFIX "" CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON LIBRARY_OUTPUT_DIRECTORY ${output_dir}/${arg_FOLDER})
  if(TARGET dha-programs)
    add_dependencies(dha-programs ${name})
  endif()
  if(NOT arg_NO_INSTALL)
    include(GNUInstallDirs)
    install(TARGETS ${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/dha/plugins/${arg_FOLDER})
  endif()
endfunction()
