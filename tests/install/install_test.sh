#!/usr/bin/env bash
# Installs to a temporary prefix, builds examples/plugin against it, and uses the installed program with that plugin.
# usage: install_test.sh CMAKE SOURCE_DIR BUILD_DIR
set -euo pipefail
cmake=$1 source_dir=$2 build_dir=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset DHA_PLUGIN_PATH

fail() { echo "failed: $*" >&2; exit 1; }
# expect TEXT COMMAND…: the command succeeds and prints the text.
expect() {
  local text=$1 output
  shift
  output=$("$@" 2>&1) || fail "$* (status $?): $output"
  grep -qF -- "$text" <<<"$output" || fail "$* did not print '$text': $output"
}
# refuse STATUS TEXT COMMAND…: the command ends with that status and prints the text.
refuse() {
  local wanted=$1 text=$2 output status=0
  shift 2
  output=$("$@" 2>&1) || status=$?
  [ "$status" = "$wanted" ] || fail "$* ended with status $status, expected $wanted: $output"
  # CMake wraps its messages.
  tr -s '\n ' ' ' <<<"$output" | grep -qF -- "$text" || fail "$* did not print '$text': $output"
}

"$cmake" --install "$build_dir" --prefix "$work/dha" >"$work/install.log" 2>&1 || fail "cmake --install: $(cat "$work/install.log")"
tail -1 "$work/install.log" | grep -q "^dha uses LibTorch 2.11.0 in /" || fail "the last line does not name LibTorch: $(tail -1 "$work/install.log")"
for file in bin/dha share/doc/dha/README.md share/doc/dha/docs/howto/write_a_plugin.md share/doc/dha/LICENSE include/dha/plugin.hpp include/dha/operators.hpp include/dha/nn/layer.hpp include/dha/nas/adam.hpp \
  include/dha/images/apply.hpp share/dha/examples/plugin/CMakeLists.txt; do
  [ -e "$work/dha/$file" ] || fail "$file was not installed"
done
if find "$work/dha" -path '*fixture*' -o -name 'good.so' | grep -q .; then fail "fixtures of the tests were installed"; fi

# Links of the installed pages lead somewhere.
for page in "$work"/dha/share/doc/dha/README.md $(find "$work/dha/share/doc/dha/docs" -name '*.md'); do
  for link in $(grep -oE '\]\([^)#:]+(#[^)]*)?\)' "$page" | sed 's/](//; s/[#)].*//'); do
    [ -e "$(dirname "$page")/$link" ] || fail "$page links to $link, which is not installed"
  done
done

# A third party's copy of the example.
cp -r "$source_dir/examples/plugin" "$work/project"
launcher=()
if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
configure() { "$cmake" -S "$work/project" --preset release "-DCMAKE_PREFIX_PATH=$work/dha" "${launcher[@]}" "$@"; }
cd "$work/project"
expect "Found LibTorch" configure
expect "Linking CXX shared module plugins/augment/invert.so" "$cmake" --build build
"$cmake" -S "$work/project" -B "$work/plain" -G Ninja "-DCMAKE_PREFIX_PATH=$work/dha" >/dev/null
grep -q -- "-O3" "$work/plain/build.ninja" || fail "a project without a build type is not optimised"
refuse 1 "Could NOT find LibTorch" configure --fresh "-DLIBTORCH_ROOT=$work/nowhere"
refuse 1 "flush-to-zero" configure --fresh -DCMAKE_CXX_FLAGS=-ffast-math
configure --fresh >/dev/null

dha=$work/dha/bin/dha
expect "acme.invert" "$dha" plugins --plugin-path "$work/project/build/plugins"
expect "9 passed, 0 failed, 0 skipped" "$dha" verify "$work/project/build/plugins/augment/invert.so"
expect "share of the images that are turned" "$dha" describe acme.invert --plugin-path "$work/project/build/plugins"
expect '"augment": [ { "use": "acme.invert", "probability": 0.5 } ]' \
  "$dha" describe acme.invert --plugin-path "$work/project/build/plugins/augment/invert.so"
refuse 2 "no component is named 'acme.invert'" "$dha" describe acme.invert
expect "100% tests passed" ctest --test-dir "$work/project/build"

# A plugin that links every library beside the SDK.
cp -r "$source_dir/tests/install/libraries" "$work/libraries"
"$cmake" -S "$work/libraries" -B "$work/libraries/build" -DCMAKE_BUILD_TYPE=Release "-DCMAKE_PREFIX_PATH=$work/dha" "${launcher[@]}" \
  >/dev/null
expect "Linking CXX shared module plugins/augment/libraries.so" "$cmake" --build "$work/libraries/build"
expect "9 passed, 0 failed, 0 skipped" "$dha" verify "$work/libraries/build/plugins/augment/libraries.so"

# Installed beside the default components it needs no option; and the installation may be moved.
"$cmake" --install build --prefix "$work/dha" >/dev/null
expect "invert" "$dha" plugins
mv "$work/dha" "$work/moved"
expect "acme.invert" "$work/moved/bin/dha" plugins
expect "dha.cell" "$work/moved/bin/dha" plugins  # which finds the libraries beside the SDK
dha=$work/moved/bin/dha

# Examples have names.
pipeline() { printf '{ "extends": "%s", "name": "mine", "dataset": { "path": "photos" } }' "$1" >"$work/mine.json"; }
pipeline dha:folder_64
expect "mine.json is valid: 2 stages" "$dha" validate "$work/mine.json"
pipeline dha:folder_63
refuse 2 "names 'dha:folder_63', which is no example; there are darts, dha_cifar10, " "$dha" validate "$work/mine.json"

# Another LibTorch of the same version takes the place of the one that dha was built with, and no other version does.
torch=$(sed -n 's/^built_with=//p' "$dha")
mkdir "$work/torch"
ln -s "$torch/lib" "$torch/include" "$work/torch"
expect "($work/torch/lib/libtorch_cpu.so)" env LIBTORCH_ROOT="$work/torch" "$dha" doctor
refuse 1 "$work/nowhere, which LIBTORCH_ROOT names, has no lib/libtorch_cpu.so; set LIBTORCH_ROOT to" \
  env LIBTORCH_ROOT="$work/nowhere" "$dha" doctor
mkdir -p "$work/newer/lib" "$work/newer/include/torch/headeronly"
touch "$work/newer/lib/libtorch_cpu.so"
sed 's/\(TORCH_VERSION_PATCH\) .*/\1 1/' "$torch/include/torch/headeronly/version.h" \
  >"$work/newer/include/torch/headeronly/version.h"
refuse 1 "has LibTorch 2.11.1; dha was built with 2.11.0" env LIBTORCH_ROOT="$work/newer" "$dha" doctor

# Where the one that dha was built with is gone, python3 is asked.
hidden() {  # COMMAND…: with that LibTorch hidden
  unshare -m bash -c 'mount --make-rprivate / && mount -t tmpfs none "$1" && shift && exec "$@"' hidden "$torch" "$@"
}
mkdir "$work/python" "$work/none"
printf '#!/bin/sh\necho "%s"\n' "$work/torch" >"$work/python/python3"
printf '#!/bin/sh\nexit 1\n' >"$work/none/python3"
chmod +x "$work"/*/python3
if hidden true 2>/dev/null; then
  refuse 1 "LibTorch is neither in $torch, where it was when dha was built, nor in python3" \
    hidden env PATH="$work/none:$PATH" "$dha" doctor
  # What is left of a LibTorch elsewhere: links to the same files, mounted before they are hidden.
  unshare -m bash -c 'mount --make-rprivate / && rm "$1/lib" "$1/include" && mkdir "$1/lib" "$1/include" &&
    mount --bind "$2/lib" "$1/lib" && mount --bind "$2/include" "$1/include" && mount -t tmpfs none "$2" && shift 2 &&
    exec "$@"' gone "$work/torch" "$torch" env PATH="$work/python:$PATH" \
    bash -c '"$1" doctor && cmake -S "$2" -B "$2/gone" -G Ninja "-DCMAKE_PREFIX_PATH=$3" && cmake --build "$2/gone" &&
      "$1" verify "$2/gone/plugins/augment/invert.so"' gone "$dha" "$work/project" "$work/moved" >"$work/gone.log" 2>&1 ||
    fail "where LibTorch has moved to python3's: $(cat "$work/gone.log")"
  grep -qF "($work/torch/lib/libtorch_cpu.so)" "$work/gone.log" || fail "python3's LibTorch is not used: $(cat "$work/gone.log")"
  grep -q "9 passed" "$work/gone.log" || fail "a plugin built with python3's LibTorch: $(cat "$work/gone.log")"
else
  echo "mounts are not allowed here: LibTorch was not hidden"
fi

for plugin in "$build_dir"/plugins/*/*.so; do
  [ -e "$plugin" ] || continue
  expect "/moved/" find "$work/moved" -name "$(basename "$plugin")"
done
echo "installed, built against, moved: all well"
