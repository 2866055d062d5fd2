#!/bin/sh
# The tarball and the .deb of tools/package.sh, each unpacked into a root folder that has nothing
# else, not even a C library or a shell.
#
#   empty_root.sh BUILD
#
# Exit code 77: there is no way to change the root folder here, so nothing was tested.
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# $1: the root folder, rest: the command in it. /proc is what containers have as well.
inside() {
  root=$1
  shift
  env -i /usr/bin/unshare -r -m -p -f --mount-proc="$root/proc" /usr/sbin/chroot "$root" "$@"
}

mkdir -p "$work/tar/proc" "$work/tar/opt" "$work/deb/proc"
/usr/bin/unshare -r -m -p -f --mount-proc="$work/tar/proc" true 2>/dev/null || {
  echo "SKIPPED: unshare may not make namespaces here: the packages were not tested"
  exit 77
}
"$here/tools/package.sh" "$build"
tar -xzf "$build"/package/qualm-*.tar.gz -C "$work/tar/opt"
mv "$work"/tar/opt/qualm-* "$work/tar/opt/moved"  # it may lie anywhere
dpkg-deb -x "$build"/package/qualm_*.deb "$work/deb"

# $1: the root folder, $2: the program in it, $3: its data
try() {
  inside "$1" "$2" --version | grep '^qualm '
  inside "$1" "$2" inspect "$3/models/qualm-tiny-base-F16.gguf" | head -n 1
  code=0
  model=$3/models/qualm-tiny-base-F16.gguf
  inside "$1" "$2" diagnose "$model" --baseline "$model" -ctk q4_0 -ctv q4_0 \
    -q --chunks 8 --symptom none --no-cache > "$work/said" 2>&1 || code=$?
  # A row with a figure of the model that ran.
  [ $code = 0 ] || [ $code = 1 ] || [ $code = 3 ] && grep 'KV cache.* bits .*of the loss' "$work/said" ||
    { cat "$work/said"; return 1; }
}
echo "== tarball"
try "$work/tar" /opt/moved/bin/qualm /opt/moved/share/qualm
echo "== deb"
try "$work/deb" /usr/bin/qualm /usr/lib/qualm/share/qualm
