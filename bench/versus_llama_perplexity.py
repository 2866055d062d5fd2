#!/usr/bin/env python3
"""qualm measure against llama-perplexity: time, memory, disk.

One candidate against its two passes, and three candidates against four (one of the original, one of
each) and against six (two for each, where its base file is not kept). The two are run in turn,
A B A B, so that a drifting machine hits both; the ratio is taken pair by pair. The noise floors are
known from an earlier run: each is measured once for a model and device.

usage: bench/versus_llama_perplexity.py [CHUNKS [RUNS [ORIGINAL.gguf CANDIDATE.gguf ...]]]
(default: the whole text, 5 runs, the bundled model and a synthetic one of 30 M)
"""
import os
import shutil
import sqlite3
import statistics
import sys
import tempfile

from synthetic_model import write_synthetic
from whole_process import BASE, QUALM, TEXT, THREADS, Run, median, peer_passes, quantized, spread

FLOOR_WINDOWS = 4  # evaluate/noise_floor.h


def with_known_floors(base, candidates, chunks, folder):
    """A run whose cache holds the noise floors, and no other window."""
    cache = os.path.join(folder, "cache")
    shutil.rmtree(cache, ignore_errors=True)

    def measure(windows):
        return Run(["env", f"XDG_CACHE_HOME={cache}", QUALM, "measure", *candidates, "--baseline", base, "-f", TEXT,
                    "-q", "--full", "--protocol", "llama.cpp", "--chunks", str(windows), "-t", THREADS])

    measure(2 * FLOOR_WINDOWS)
    with sqlite3.connect(os.path.join(cache, "qualm", "measurements.sqlite")) as store:
        store.execute("DELETE FROM windows WHERE key IN "
                      "(SELECT key FROM windows GROUP BY key HAVING count(*) > ?)", (FLOOR_WINDOWS,))
    return measure(chunks)


def versus(title, base, candidates, chunks, runs, folder):
    ours, theirs, ratios, of_each, disk = [], [], [], [], 0
    for _ in range(runs):
        qualm = with_known_floors(base, candidates, chunks, folder)
        passes, twice = [], 0.0
        for candidate in candidates:
            first, second, disk = peer_passes(base, candidate, TEXT, chunks, folder)
            passes += [second] if passes else [first, second]
            twice += first.wall + second.wall
        ours.append(qualm)
        theirs.append(passes)
        ratios.append(qualm.wall / sum(one.wall for one in passes))
        of_each.append(qualm.wall / twice)
    peer_wall = statistics.median(sum(one.wall for one in passes) for passes in theirs)
    peer_peak = max(one.peak_mb for passes in theirs for one in passes)
    print(f"{title}: {'all' if chunks < 0 else chunks} windows of 512, {THREADS} threads, {runs} runs in turn")
    print(f"  qualm measure        {median(ours, 'wall'):7.1f} s   peak {median(ours, 'peak_mb'):5.0f} MiB   logits on disk 0 B")
    print(f"  llama-perplexity x{len(theirs[0])}  {peer_wall:7.1f} s   peak {peer_peak:5.0f} MiB   logits on disk {disk / 1e6:.0f} MB")
    print(f"  wall qualm / peer    {spread(ratios)}", flush=True)
    if len(candidates) > 1:
        print(f"  against two passes for each candidate {spread(of_each)}", flush=True)


def both(title, base, candidates, chunks, runs, folder):
    versus(f"{title}, one candidate", base, candidates[:1], chunks, runs, folder)
    if len(candidates) > 1:
        versus(f"{title}, {len(candidates)} candidates", base, candidates, chunks, runs, folder)


def main():
    chunks = int(sys.argv[1]) if len(sys.argv) > 1 else -1
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        if len(sys.argv) > 4:
            both(os.path.basename(sys.argv[4]), sys.argv[3], sys.argv[4:], chunks, runs, folder)
            return
        for title, base in (("qualm-tiny", BASE), ("30 M synthetic", os.path.join(folder, "synthetic-F16.gguf"))):
            own = os.path.join(folder, title.replace(" ", "-"))
            os.makedirs(own)
            if base != BASE:
                write_synthetic(base)
                chunks = 200 if chunks < 0 else min(chunks, 200)
            both(f"{title} Q4_K_M, Q6_K, Q8_0", base, [quantized(mix, own, base) for mix in ("Q4_K_M", "Q6_K", "Q8_0")],
                 chunks, runs, own)


if __name__ == "__main__":
    main()
