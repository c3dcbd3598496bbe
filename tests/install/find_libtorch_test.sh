#!/usr/bin/env bash
# Which LibTorch a build tree uses when LIBTORCH_ROOT changes under it; of empty files, so that nothing is built.
# usage: find_libtorch_test.sh CMAKE SOURCE_DIR
set -euo pipefail
cmake=$1 source_dir=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset LIBTORCH_ROOT

fail() { echo "failed: $*" >&2; exit 1; }
# configure STATUS TEXT [NAME=VALUE…]: configures the project with that environment.
configure() {
  local wanted=$1 text=$2 output status=0
  shift 2
  output=$(env "$@" "$cmake" -S "$work/project" -B "$work/build" 2>&1) || status=$?
  [ "$status" = "$wanted" ] || fail "with '$*' CMake ended with status $status, expected $wanted: $output"
  tr -s '\n ' ' ' <<<"$output" | grep -qF -- "$text" || fail "with '$*' CMake did not print '$text': $output"
}

libtorch() {  # FOLDER VERSION_PATCH
  mkdir -p "$1/include/ATen/core" "$1/include/torch/headeronly" "$1/lib"
  touch "$1/include/ATen/core/Tensor.h" "$1/lib/libtorch_cpu.so" "$1/lib/libc10.so"
  printf '#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 11\n#define TORCH_VERSION_PATCH %s\n' "$2" \
    >"$1/include/torch/headeronly/version.h"
}
mkdir -p "$work/project"
cat >"$work/project/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(find_libtorch LANGUAGES NONE)
list(APPEND CMAKE_MODULE_PATH $source_dir/cmake)
find_package(LibTorch 2.11.0 EXACT REQUIRED)
get_target_property(used LibTorch::torch_cpu IMPORTED_LOCATION)
message(STATUS "uses \${used} \${LibTorch_C10_LIBRARY} \${LibTorch_INCLUDE_DIR}.")
END
uses() { echo "uses $1/lib/libtorch_cpu.so $1/lib/libc10.so $1/include."; }
own=$work/project/.venv/lib/python3.11/site-packages/torch one=$work/one two=$work/two
libtorch "$own" 0
libtorch "$one" 0
libtorch "$two" 0
libtorch "$work/newer" 1

configure 0 "$(uses "$own")"
configure 0 "$(uses "$one")" LIBTORCH_ROOT="$one"
configure 0 "$(uses "$two")" LIBTORCH_ROOT="$two"
configure 0 "$(uses "$two")"  # as when the build runs CMake again in another shell
configure 1 "looked in: $work/nowhere" LIBTORCH_ROOT="$work/nowhere"
configure 0 "$(uses "$own")"
configure 1 '"2.11.1"' LIBTORCH_ROOT="$work/newer"
configure 0 "$(uses "$one")" LIBTORCH_ROOT="$one"
rm -r "$one"
configure 0 "$(uses "$own")"
echo "a changed LIBTORCH_ROOT takes effect: all well"
