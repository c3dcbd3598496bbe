// The ABI tag, one string literal: the versions that a plugin and its host must share besides the SDK's layout.
//
// The host compares the tags field by field and names the fields that differ. The tag does not distinguish two builds
// of one LibTorch version, nor flags that change a layout: build with the SDK package that belongs to the host.
#pragma once

#include <torch/headeronly/version.h>

#include <cstddef>  // defines the library macros below

#include "dha/version.hpp"

#define DHA_DETAIL_STRING_(x) #x
#define DHA_DETAIL_STRING(x) DHA_DETAIL_STRING_(x)

#if defined(__GLIBCXX__) && defined(_GLIBCXX_DEBUG)
#define DHA_DETAIL_STDLIB "libstdc++-cxx11abi" DHA_DETAIL_STRING(_GLIBCXX_USE_CXX11_ABI) "-debug"
#elif defined(__GLIBCXX__)
#define DHA_DETAIL_STDLIB "libstdc++-cxx11abi" DHA_DETAIL_STRING(_GLIBCXX_USE_CXX11_ABI)
#elif defined(_LIBCPP_VERSION)
#define DHA_DETAIL_STDLIB "libc++-abi" DHA_DETAIL_STRING(_LIBCPP_ABI_VERSION)
#else
#define DHA_DETAIL_STDLIB "unknown"
#endif

#define DHA_ABI_TAG "sdk=" DHA_DETAIL_STRING(DHA_SDK_VERSION_MAJOR) ";torch=" TORCH_VERSION ";stdlib=" DHA_DETAIL_STDLIB
