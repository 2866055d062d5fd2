#!/usr/bin/env python3
"""qualm and llama-perplexity side by side on the same windows, figure by figure.

llama-perplexity reads the baseline's distribution from a file of 16-bit log-probabilities floored
at max - 16; qualm holds both rows in float32. Figures that come from the candidate alone agree to
the digits printed; those that involve the baseline differ by what 16 bits lose. Exit code 1 where a
figure differs by more than `allowed`. usage: bench/differential.py [CHUNKS]
"""
import json
import re
import sys
import tempfile

from whole_process import BASE, QUALM, TEXT, THREADS, Run, peer_passes, quantized

# figure: how llama-perplexity prints it, factor from our unit to its, largest difference that its
# 16 bits explain
FIGURES = {
    "ppl": (r"Mean PPL\(Q\) +: +([\d.]+)", 1, 1e-6),
    "ppl_baseline": (r"Mean PPL\(base\) +: +([\d.]+)", 1, 2e-3),
    "kld_mean": (r"Mean +KLD: +([-\d.]+)", 1, 3e-6),
    "kld_median": (r"Median +KLD: +([-\d.]+)", 1, 3e-6),
    "kld_p90": (r"90.0% +KLD: +([-\d.]+)", 1, 1e-5),
    "kld_p99": (r"99.0% +KLD: +([-\d.]+)", 1, 5e-5),
    "kld_max": (r"Maximum KLD: +([-\d.]+)", 1, 5e-4),
    "delta_p_rms": (r"RMS Δp +: +([\d.]+)", 100, 1e-3),
    "same_top": (r"Same top p: +([\d.]+)", 100, 0.05),
}


def main():
    chunks = sys.argv[1] if len(sys.argv) > 1 else "60"
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for mix in ("Q8_0", "Q4_K_M", "Q2_K"):
            candidate = quantized(mix, folder)
            document = json.loads(Run([QUALM, "measure", candidate, "--baseline", BASE, "-f", TEXT,
                                       "--protocol", "llama.cpp", "--chunks", chunks, "-t", THREADS,
                                       "-q", "--no-cache", "--format", "json"]).out)
            metrics = document["results"][0]["metrics"]
            _, second, _ = peer_passes(BASE, candidate, TEXT, chunks, folder)
            printed = second.out + second.err
            print(f"{mix}, {chunks} windows      qualm        peer    difference")
            for name, (pattern, factor, allowed) in FIGURES.items():
                theirs = float(re.search(pattern, printed).group(1))
                ours = metrics[name]["value"] * factor
                digits = len(re.search(pattern, printed).group(1).split(".")[1])
                wrong = abs(ours - theirs) > allowed + 0.5 * 10 ** -digits
                failed |= wrong
                print(f"  {name:14s} {ours:13.6f} {theirs:11.6f} {ours - theirs:+12.6f}"
                      f"{'   MORE THAN 16 BITS EXPLAIN' if wrong else ''}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
