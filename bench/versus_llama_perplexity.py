#!/usr/bin/env python3
"""qualm measure against llama-perplexity's two passes: time, memory, disk.

The two are run in turn, A B A B, so that a drifting machine hits both; the ratio is taken pair by
pair. usage: bench/versus_llama_perplexity.py [CHUNKS [RUNS]]   (default: the whole text, 5 runs)
"""
import os
import statistics
import sys
import tempfile

from synthetic_model import write_synthetic
from whole_process import BASE, QUALM, TEXT, THREADS, Run, median, peer_passes, quantized, spread


def versus(title, base, candidate, chunks, runs, folder):
    ours, theirs, ratios, disk = [], [], [], 0
    for _ in range(runs):
        qualm = Run([QUALM, "measure", candidate, "--baseline", base, "-f", TEXT, "-q",
                     "--protocol", "llama.cpp", "--chunks", str(chunks), "-t", THREADS,
                     "--no-cache"])
        first, second, disk = peer_passes(base, candidate, TEXT, chunks, folder)
        ours.append(qualm)
        theirs.append((first, second))
        ratios.append(qualm.wall / (first.wall + second.wall))
    peer_wall = statistics.median(a.wall + b.wall for a, b in theirs)
    peer_peak = max(max(a.peak_mb, b.peak_mb) for a, b in theirs)
    print(f"{title}: {'all' if chunks < 0 else chunks} windows of 512, {THREADS} threads, {runs} runs in turn")
    print(f"  qualm measure        {median(ours, 'wall'):7.1f} s   peak {median(ours, 'peak_mb'):5.0f} MiB   logits on disk 0 B")
    print(f"  llama-perplexity x2  {peer_wall:7.1f} s   peak {peer_peak:5.0f} MiB   logits on disk {disk / 1e6:.0f} MB")
    print(f"  wall qualm / peer    {spread(ratios)}")
    print(f"  model files          {(os.path.getsize(base) + os.path.getsize(candidate)) / 2**20:.1f} MiB together")


def main():
    chunks = int(sys.argv[1]) if len(sys.argv) > 1 else -1
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        candidate = quantized("Q4_K_M", folder)
        versus("qualm-tiny Q4_K_M against F16", BASE, candidate, chunks, runs, folder)
        synthetic = os.path.join(folder, "synthetic-F16.gguf")
        write_synthetic(synthetic)
        os.remove(candidate)
        candidate = quantized("Q4_K_M", folder, synthetic)
        versus("30 M synthetic Q4_K_M against F16", synthetic, candidate, 200 if chunks < 0 else min(chunks, 200),
               runs, folder)


if __name__ == "__main__":
    main()
