"""Whole processes, timed from outside: wall seconds, processor seconds, peak memory, outputs."""
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
QUALM = os.environ.get("QUALM", os.path.join(ROOT, "build", "qualm"))
PEER = os.path.join(ROOT, "tools", "peer.sh")
BASE = os.path.join(ROOT, "models", "qualm-tiny-base-F16.gguf")
TEXT = os.path.join(ROOT, "corpora", "frankenstein.txt")
THREADS = "2"


class Run:
    """One finished process."""

    def __init__(self, command, accept=(0,)):
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            began = time.monotonic()
            child = subprocess.Popen(command, stdout=out, stderr=err)
            _, status, usage = os.wait4(child.pid, 0)
            self.wall = time.monotonic() - began
            child.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0), err.seek(0)
            self.out, self.err = (f.read().decode(errors="replace") for f in (out, err))
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak_mb = usage.ru_maxrss / 1024  # of the largest process below it
        if child.returncode not in accept:
            sys.exit(f"{' '.join(command)}\nexit code {child.returncode}\n{self.err[-2000:]}")


def median(runs, field):
    return statistics.median(getattr(run, field) for run in runs)


def spread(values):
    return f"{statistics.median(values):.3f} [{min(values):.3f}, {max(values):.3f}]"


def quantized(mix, folder, base=BASE):
    """The base as llama-quantize's `mix`, made once in the folder."""
    path = os.path.join(folder, f"{mix}.gguf")
    if not os.path.exists(path):
        Run([PEER, "llama-quantize", base, path, mix])
    return path


def peer_passes(base, candidate, text, chunks, folder, ctx="512"):
    """llama-perplexity's two passes: the base file written, the candidate against it.

    It now and then loses its last lines when its output is redirected; such a run is repeated.
    """
    logits = os.path.join(folder, "base.kld")
    common = ["-f", text, "-c", ctx, "--chunks", str(chunks), "-t", THREADS,
              "--kl-divergence-base", logits]
    command = [PEER, "llama-perplexity", "-m"]
    for _ in range(5):
        first = Run(command + [base] + common)
        second = Run(command + [candidate] + common + ["--kl-divergence"])
        if "Same top p" in second.out + second.err:
            return first, second, os.path.getsize(logits)
    sys.exit("llama-perplexity lost its summary five times")
