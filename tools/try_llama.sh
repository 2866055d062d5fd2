#!/bin/sh
# Tries qualm with a libllama of one's own: builds that of a llama.cpp source folder (for the CPU),
# then qualm with it, runs the tests of src/engine and a diagnosis of the bundled model.
#
#   tools/try_llama.sh LLAMA_CPP [WORK]     (WORK: build/try-llama)
#
# docs/platforms.md lists the versions that were tried. `pip download --no-binary :all: --no-deps
# llama-cpp-python` brings a source: vendor/llama.cpp in the archive.
set -eu
source=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "${2:-$root/build/try-llama}"
work=$(cd "${2:-$root/build/try-llama}" && pwd)
jobs=${JOBS:-$(nproc)}

cmake -S "$source" -B "$work/llama" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_INSTALL_PREFIX="$work/installed" -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=ON \
  -DGGML_NATIVE=OFF \
  -DLLAMA_BUILD_COMMON=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_CURL=OFF \
  -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_APP=OFF >/dev/null
cmake --build "$work/llama" --target install -j "$jobs" >/dev/null

cmake -S "$root" -B "$work/qualm" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$work/installed" >/dev/null
cmake --build "$work/qualm" --target qualm test_engine_engine -j "$jobs" >/dev/null

"$work/qualm/qualm" --version
# Two tests hold figures against files that another version wrote.
"$work/qualm/tests/test_engine_engine" --gtest_brief=1 \
  --gtest_filter='-SixteenBits.*:importance.agrees_with_the_file_of_llama_imatrix_within_rounding'
model=$root/models/qualm-tiny-base-F16.gguf
code=0
"$work/qualm/qualm" diagnose "$model" --baseline "$model" -ctk q4_0 -ctv q4_0 -q --no-cache \
  --chunks 16 --symptom none || code=$?
case $code in
  0 | 1 | 3) echo "qualm works with this libllama" ;;
  *) exit "$code" ;;
esac
