#!/usr/bin/env python3
"""GGUF files that are one big hole: `inspect` of 100 GB, which it does not read, and `compare` of two of 10 GB,
which it reads whole in constant memory."""
import os
import struct
import tempfile

from whole_process import QUALM, Run, spread


def string(text):
    return struct.pack("<Q", len(text)) + text.encode()


def write_sparse(path, layers=100, row=8192, rows=500_000_000 // 8192):
    """`layers` F16 matrices, of 500 million weights each where nothing else is said."""
    tensors = [f"blk.{layer}.ffn_up.weight" for layer in range(layers)]
    size = rows * row * 2
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), 1)
    head += string("general.architecture") + struct.pack("<I", 8) + string("llama")
    for index, name in enumerate(tensors):
        head += string(name) + struct.pack("<IQQIQ", 2, row, rows, 1, index * size)
    head += b"\0" * (-len(head) % 32)
    with open(path, "wb") as file:
        file.write(head)
        file.truncate(len(head) + size * layers)


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "sparse.gguf")
        write_sparse(path)
        runs = [Run([QUALM, "inspect", path]) for _ in range(5)]
        print(f"inspect of {os.path.getsize(path) / 1e9:.0f} GB, sparse: "
              f"{spread([1000 * run.wall for run in runs])} ms, "
              f"peak {max(run.peak_mb for run in runs):.0f} MiB")
        for rows, layers in ((600, 1), (500_000_000 // 8192, 10)):
            pair = [os.path.join(folder, name) for name in ("a.gguf", "b.gguf")]
            for one in pair:
                write_sparse(one, layers=layers, rows=rows)
            run = Run([QUALM, "compare", *pair, "-q"])
            print(f"compare of two of {os.path.getsize(one) / 1e9:.3g} GB: {run.wall:.2f} s, peak {run.peak_mb:.0f} MiB")


if __name__ == "__main__":
    main()
