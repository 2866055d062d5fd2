#!/bin/sh
# Runs one of llama.cpp's own tools as tools/setup.sh peers brought it: tools/peer.sh llama-perplexity -h
set -eu
tool=$1
shift
root=${XDG_CACHE_HOME:-$HOME/.cache}/qualm/sysroot/peers
if [ ! -d "$root" ]; then exec "$tool" "$@"; fi  # a distribution that has them itself
root=$(readlink -f "$root")
for lib in "$root"/usr/lib/*/; do
  [ ! -e "$lib"libllama.so ] || break
done
program=$root/usr/bin/$tool
for other in "$root"/usr/libexec/*/llama/bin/"$tool"; do
  [ ! -e "$other" ] || program=$other
done
exec "$lib"ld-linux-*.so.* --library-path "$lib:${lib}llama:${lib}ggml/backends0" "$program" "$@"
