# libwebp as the target WebP::webp. The package of libwebp's own CMake build is not part of Debian's.
include(${CMAKE_CURRENT_LIST_DIR}/DhaFindLibrary.cmake)
dha_find_library(WebP WebP::webp webp/decode.h webp libwebp-dev)
