#!/bin/sh
# All benchmarks; about 45 minutes on 2 cores. Results: docs/results/performance.md.
set -eu
cd "$(dirname "$0")/.."
export QUALM="$PWD/build/bench/qualm"
build/bench/bench/qualm_bench --benchmark_min_time=0.2
python3 bench/sparse.py
python3 bench/differential.py
python3 bench/versus_llama_perplexity.py
python3 bench/busy_neighbour.py
