#!/usr/bin/env python3
"""qualm measure while another process keeps one core busy, against the same on a quiet machine.

ggml's OpenMP threads spin where they wait, so a neighbour once made qualm several times slower. Its
job now spins for a moment only (GOMP_SPINCOUNT), unless the user chose otherwise:
OMP_WAIT_POLICY=active is what it was. Quiet and busy runs are made in turn. usage: bench/busy_neighbour.py [CHUNKS [RUNS]]
"""
import os
import subprocess
import sys
import tempfile

from whole_process import BASE, QUALM, TEXT, THREADS, Run, median, quantized, spread

POLICIES = {"qualm's own": None, "passive": "passive", "active": "active"}


def measured(candidate, chunks, policy):
    os.environ.pop("OMP_WAIT_POLICY", None)
    if policy:
        os.environ["OMP_WAIT_POLICY"] = policy
    return Run([QUALM, "measure", candidate, "--baseline", BASE, "-f", TEXT, "-q", "--chunks",
                str(chunks), "-t", THREADS, "--no-cache", "--full"], accept=(0, 1, 3))


def main():
    chunks = int(sys.argv[1]) if len(sys.argv) > 1 else 16
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as folder:
        candidate = quantized("Q4_K_M", folder)
        measured(candidate, 1, None)  # files and libraries are in memory
        print(f"qualm-tiny Q4_K_M against F16: {chunks} windows of 512, {THREADS} threads, {runs} runs in turn")
        for title, policy in POLICIES.items():
            quiet, busy = [], []
            for _ in range(runs):
                quiet.append(measured(candidate, chunks, policy))
                neighbour = subprocess.Popen([sys.executable, "-c", "while True: pass"])
                try:
                    busy.append(measured(candidate, chunks, policy))
                finally:  # also where a failed run ends the program
                    neighbour.kill()
                    neighbour.wait()
            print(f"  {title}: wall busy / quiet {spread([b.wall / q.wall for b, q in zip(busy, quiet)])}, "
                  f"quiet {median(quiet, 'wall'):.1f} s, busy {median(busy, 'wall'):.1f} s, "
                  f"processor time busy {median(busy, 'cpu'):.1f} s")


if __name__ == "__main__":
    main()
