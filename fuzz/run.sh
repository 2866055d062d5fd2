#!/bin/sh
# Builds the fuzz targets in FOLDER and runs each for SECONDS, one after the other, from its corpus:
#   fuzz/run.sh FOLDER SECONDS [TARGET...]
# Prints what libFuzzer counted; stops at the first crash, whose input it leaves in FOLDER/found.
set -eu
folder=$1
seconds=$2
shift 2
source=$(dirname "$0")
[ $# -gt 0 ] || set -- $(cd "$source" && ls fuzz_*.cpp | sed 's/\.cpp$//')
cmake --build "$folder" --target "$@"
for target in "$@"; do
  corpus=$source/corpus/${target#fuzz_}
  mkdir -p "$folder/found/$target"
  echo "$target: $seconds s"
  "$folder/fuzz/$target" -max_total_time="$seconds" -max_len=65536 -timeout=20 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix="$folder/found/$target-" "$folder/found/$target" "$corpus" \
    2> "$folder/found/$target.log" || { tail -40 "$folder/found/$target.log"; exit 1; }
  grep -E 'stat::number_of_executed_units|^Done' "$folder/found/$target.log"
done
