#!/bin/sh
# Puts a real run into README.md, between the marks. `make readme`.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$root/build/qualm" demo -q > "$work/demo.txt"  # makes the patients
cp "$root/models/qualm-tiny-base-F16.gguf" "$work/tiny-F16.gguf"
cp "${XDG_CACHE_HOME:-$HOME/.cache}/qualm/demo/qualm-tiny-Q2_K.gguf" "$work/tiny-Q2_K.gguf"
cd "$work"
command="qualm diagnose tiny-Q2_K.gguf --baseline tiny-F16.gguf -ctk q4_0 -ctv q4_0 \\
    --accept 'kld_mean<0.006'"
{ printf '```\n$ %s\n' "$command"
  eval "\"$root/build/qualm\" ${command#qualm } -q --no-cache" || [ $? = 1 ]
  printf '```\n'
} > run.md
awk -v run="$work/run.md" '
  /<!-- run: / { print; while ((getline line < run) > 0) print line; skip = 1 }
  /<!-- end -->/ { skip = 0 }
  !skip && !/<!-- run: / { print }' "$root/README.md" > README.new
cp README.new "$root/README.md"
