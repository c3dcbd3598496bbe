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

"$cmake" --install "$build_dir" --prefix "$work/dha" >"$work/install.log" || fail "cmake --install: $(cat "$work/install.log")"
for file in bin/dha include/dha/plugin.hpp include/dha/operators.hpp include/dha/nn/layer.hpp include/dha/nas/adam.hpp \
  include/dha/images/apply.hpp share/dha/examples/plugin/CMakeLists.txt; do
  [ -e "$work/dha/$file" ] || fail "$file was not installed"
done
if find "$work/dha" -path '*fixture*' -o -name 'good.so' | grep -q .; then fail "fixtures of the tests were installed"; fi

# A third party's copy of the example.
cp -r "$source_dir/examples/plugin" "$work/project"
launcher=()
if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
configure() { "$cmake" -S "$work/project" --preset release "-DCMAKE_PREFIX_PATH=$work/dha" "${launcher[@]}" "$@"; }
cd "$work/project"
expect "Found LibTorch" configure
expect "Linking CXX shared module plugins/augment/invert.so" "$cmake" --build build
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
for plugin in "$build_dir"/plugins/*/*.so; do
  [ -e "$plugin" ] || continue
  expect "/moved/" find "$work/moved" -name "$(basename "$plugin")"
done
echo "installed, built against, moved: all well"
