# utf8proc as the target Utf8proc::Utf8proc.
include(${CMAKE_CURRENT_LIST_DIR}/DhaFindLibrary.cmake)
dha_find_library(Utf8proc Utf8proc::Utf8proc utf8proc.h utf8proc libutf8proc-dev)
