#!/usr/bin/env bash
# What scripts/setup does on other systems, which are told by stand-ins for /etc/os-release and for the tools of packages.
# usage: setup_test.sh SOURCE_DIR
set -euo pipefail
source_dir=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/scripts" "$work/bin"
sed "s:/etc/os-release:$work/os-release:" "$source_dir/scripts/setup" >"$work/scripts/setup"

fail() { echo "failed: $*" >&2; exit 1; }
tool() { printf '#!/bin/sh\n%s\n' "$2" >"$work/bin/$1" && chmod +x "$work/bin/$1"; }  # NAME SCRIPT
# Scripts and no links, which a stand-in written over them would follow out of the folder.
for name in bash dirname cmp; do tool "$name" "exec $(command -v "$name") \"\$@\""; done
tool id "echo 0"

# setup STATUS LINES [NAME=VALUE…]: calls it with that environment; what it prints is in $output.
setup() {
  local wanted=$1 lines=$2 status=0
  shift 2
  output=$(env -i PATH="$work/bin" LIBTORCH_ROOT=/elsewhere "$@" bash "$work/scripts/setup" 2>&1) || status=$?
  [ "$status" = "$wanted" ] || fail "setup ended with status $status, expected $wanted: $output"
  [ "$(grep -c . <<<"$output")" = "$lines" ] || fail "setup did not print $lines lines: $output"
}
says() { grep -qF -- "$1" <<<"$output" || fail "setup did not say '$1': $output"; }

printf 'ID=ubuntu\nVERSION_ID="24.04"\n' >"$work/os-release"
tool apt-get "echo apt-get was called; exit 1"
tool dpkg-query 'case "$*" in *libboost*) exit 1 ;; esac; printf "install ok installed"'
setup 1 1
says "'ubuntu 24.04', not Debian 12"
says "libboost1.81-dev libboost-program-options1.81-dev libboost-test1.81-dev by hand"
says "DHA_SKIP_PACKAGES=1"
setup 0 0 DHA_SKIP_PACKAGES=1

rm "$work/bin/apt-get" "$work/bin/dpkg-query" "$work/os-release"
setup 1 1
says "'unknown', not Debian 12"
says "ninja-build"
setup 0 0 DHA_SKIP_PACKAGES=1

printf 'ID=debian\nVERSION_ID="12"\n' >"$work/os-release"
tool dpkg-query 'case "$*" in *zlib1g-dev*) exit 1 ;; esac; printf "install ok installed"'
tool apt-get "echo \"\$@\" >>$work/calls"
setup 0 1
says "setup: installing zlib1g-dev"
grep -q "install .* zlib1g-dev$" "$work/calls" || fail "apt-get was called with: $(cat "$work/calls")"
tool dpkg-query 'printf "install ok installed"'
rm "$work/calls"
setup 0 0
[ ! -e "$work/calls" ] || fail "apt-get was called although nothing is missing"
echo "packages are installed on Debian 12 and named elsewhere: all well"
