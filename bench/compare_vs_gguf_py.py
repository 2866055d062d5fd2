#!/usr/bin/env python3
"""`qualm compare` against Debian's python3-gguf and numpy, on one pair of GGUF files.

Usage: compare_vs_gguf_py.py QUALM MODEL.gguf BASELINE.gguf [--repeat N] [--threads N] [--gguf-py FOLDER]

Both compute, for every tensor and for the whole, relative RMS error, SQNR, cosine and the largest error.
Prints the best wall-clock and processor time of N runs of each, their ratios, and how far the figures agree;
exit code 1 where they do not. Opening the files counts on both sides, starting Python and importing numpy
does not. Run it with the distribution's python3 (python3-numpy); `tools/setup.sh peers` brings python3-gguf,
and --gguf-py names the folder that holds the module `gguf`.
"""
import argparse
import json
import math
import os
import resource
import subprocess
import sys
import time


def numpy_figures(gguf, np, model_path, baseline_path):
    """What a careful script does: dequantize both, subtract, sum in float64."""
    baseline = {t.name: t for t in gguf.GGUFReader(baseline_path).tensors}
    whole = [0.0, 0.0, 0.0, 0.0]
    largest = 0.0
    tensors = {}
    for tensor in gguf.GGUFReader(model_path).tensors:
        other = baseline.get(tensor.name)
        if other is None or list(tensor.shape) != list(other.shape):
            continue
        w = gguf.quants.dequantize(tensor.data, tensor.tensor_type).ravel().astype(np.float64)
        b = gguf.quants.dequantize(other.data, other.tensor_type).ravel().astype(np.float64)
        e = w - b
        sums = [float(e @ e), float(b @ b), float(w @ w), float(w @ b)]
        whole = [x + y for x, y in zip(whole, sums)]
        biggest = float(np.abs(e).max())
        largest = max(largest, biggest)
        tensors[tensor.name] = math.sqrt(sums[0] / sums[1]) if sums[1] > 0 else 0.0
    return {
        "relative_error": math.sqrt(whole[0] / whole[1]),
        "sqnr_db": 10 * math.log10(whole[1] / whole[0]) if whole[0] > 0 else math.inf,
        "cosine": whole[3] / math.sqrt(whole[1] * whole[2]),
        "max_error": largest,
        "tensors": tensors,
    }


def processor_time(whose):
    usage = resource.getrusage(whose)
    return usage.ru_utime + usage.ru_stime


def best_times(repeat, whose, call):
    wall, processor, result = math.inf, math.inf, None
    for _ in range(repeat):
        start, used = time.perf_counter(), processor_time(whose)
        result = call()
        wall = min(wall, time.perf_counter() - start)
        processor = min(processor, processor_time(whose) - used)
    return wall, processor, result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("qualm")
    parser.add_argument("model")
    parser.add_argument("baseline")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0)
    cache = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
    parser.add_argument("--gguf-py", default=f"{cache}/qualm/sysroot/peers/usr/lib/python3/dist-packages")
    options = parser.parse_args()
    sys.path.append(options.gguf_py)
    import gguf
    import numpy as np

    def run_qualm():
        done = subprocess.run(
            [options.qualm, "compare", options.model, options.baseline, "--format", "json", "-q",
             "-t", str(options.threads)],
            check=True, capture_output=True)
        return json.loads(done.stdout)

    ours, ours_cpu, report = best_times(options.repeat, resource.RUSAGE_CHILDREN, run_qualm)
    theirs, theirs_cpu, figures = best_times(
        options.repeat, resource.RUSAGE_SELF,
        lambda: numpy_figures(gguf, np, options.model, options.baseline))
    whole = report["whole"]
    weights = whole["params"]
    print(f"{weights} weights, best of {options.repeat}      wall ms    cpu ms  M weights/s")
    for name, wall, cpu in (("qualm compare (whole process)", ours, ours_cpu),
                            ("gguf-py and numpy", theirs, theirs_cpu)):
        print(f"{name:32} {wall * 1e3:9.1f} {cpu * 1e3:9.1f} {weights / wall / 1e6:12.0f}")
    print(f"{'ratio':32} {theirs / ours:9.1f} {theirs_cpu / ours_cpu:9.1f}")
    worst = max(abs(whole[name] - figures[name]) / abs(figures[name])
                for name in ("relative_error", "sqnr_db", "cosine"))
    worst = max(worst, abs(whole["max_error"]["value"] - figures["max_error"]) / figures["max_error"])
    for tensor in report["tensors"]:
        theirs_error = figures["tensors"].get(tensor["name"])
        if theirs_error:
            worst = max(worst, abs(tensor["relative_error"] - theirs_error) / theirs_error)
    print(f"largest relative difference of a figure: {worst:.1e}")
    return 1 if worst > 1e-5 else 0


if __name__ == "__main__":
    sys.exit(main())
