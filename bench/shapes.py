#!/usr/bin/env python3
"""GGUF files of the shape of a Llama of 1, 8 or 70 billion weights in F16, sparse: one big hole. For the memory that
`diagnose` says it needs, and how fast it refuses what does not fit.

usage: bench/shapes.py [FREE_BYTES]
       bench/shapes.py 1B FILE    such a file with random weights, to be run
"""
import os
import struct
import subprocess
import sys
import tempfile
import time

from sparse import string
from whole_process import QUALM

# width, feed forward, layers, heads, KV heads; the vocabulary is that of Llama 3
SHAPES = {"1B": (2048, 8192, 16, 32, 8), "8B": (4096, 14336, 32, 32, 8), "70B": (8192, 28672, 80, 64, 8)}
VOCABULARY = 128256
F32, F16 = 0, 1
U32, FLOAT, TEXT, ARRAY, I32 = 4, 6, 8, 9, 5


def pairs(width, ffn, layers, heads, kv_heads):
    numbers = {"block_count": layers, "context_length": 8192, "embedding_length": width, "feed_forward_length": ffn,
               "attention.head_count": heads, "attention.head_count_kv": kv_heads, "vocab_size": VOCABULARY,
               "rope.dimension_count": width // heads}
    yield string("general.architecture") + struct.pack("<I", TEXT) + string("llama")
    for key, value in numbers.items():
        yield string(f"llama.{key}") + struct.pack("<II", U32, value)
    yield string("llama.attention.layer_norm_rms_epsilon") + struct.pack("<If", FLOAT, 1e-5)
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    kinds = [2, 3, 3] + [6] * 256 + [1] * (VOCABULARY - len(tokens))
    tokens += [f"t{index}" for index in range(len(tokens), VOCABULARY)]

    def array(key, kind, items):
        return string(f"tokenizer.ggml.{key}") + struct.pack("<IIQ", ARRAY, kind, VOCABULARY) + b"".join(items)
    yield string("tokenizer.ggml.model") + struct.pack("<I", TEXT) + string("llama")
    yield array("tokens", TEXT, (string(token) for token in tokens))
    yield array("scores", FLOAT, (struct.pack("<f", -index) for index in range(VOCABULARY)))
    yield array("token_type", I32, (struct.pack("<i", kind) for kind in kinds))


def tensors(width, ffn, layers, heads, kv_heads):
    kv = width * kv_heads // heads
    yield "token_embd.weight", (width, VOCABULARY), F16
    yield "output.weight", (width, VOCABULARY), F16
    yield "output_norm.weight", (width,), F32
    for layer in range(layers):
        for name in ("attn_norm", "ffn_norm"):
            yield f"blk.{layer}.{name}.weight", (width,), F32
        for name, columns, rows in (("attn_q", width, width), ("attn_k", width, kv), ("attn_v", width, kv),
                                    ("attn_output", width, width), ("ffn_gate", width, ffn), ("ffn_up", width, ffn),
                                    ("ffn_down", ffn, width)):
            yield f"blk.{layer}.{name}.weight", (columns, rows), F16


def random_rows(dims, kind, random):
    """Norms of 1; weights so small that the sums keep their size from layer to layer."""
    import numpy
    if kind == F32:
        yield numpy.ones(dims[0], numpy.float32).tobytes()
        return
    for _ in range(dims[1]):
        yield (random.standard_normal(dims[0], numpy.float32) / dims[0] ** 0.5).astype(numpy.float16).tobytes()


def write_random(path, shape):
    import numpy
    write_shape(path, shape)
    random = numpy.random.default_rng(1)
    with open(path, "r+b") as file:
        file.seek(0, os.SEEK_END)
        bytes_of = sum(dims[0] * (dims[1] if len(dims) > 1 else 1) * (2 if kind == F16 else 4)
                       for _, dims, kind in tensors(*shape))
        file.seek(file.tell() - bytes_of)
        for name, dims, kind in tensors(*shape):
            for row in random_rows(dims, kind, random):
                file.write(row)


def write_shape(path, shape):
    infos, offset = [], 0
    for name, dims, kind in tensors(*shape):
        infos.append(string(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, kind, offset))
        offset += dims[0] * (dims[1] if len(dims) > 1 else 1) * (2 if kind == F16 else 4)
    keys = list(pairs(*shape))
    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(keys)) + b"".join(keys + infos)
    head += b"\0" * (-len(head) % 32)
    with open(path, "wb") as file:
        file.write(head)
        file.truncate(len(head) + offset)


def main():
    if len(sys.argv) > 2:
        write_random(sys.argv[2], SHAPES[sys.argv[1]])
        return
    free = sys.argv[1] if len(sys.argv) > 1 else "1000000000"
    with tempfile.TemporaryDirectory() as folder:
        for name, shape in SHAPES.items():
            path = os.path.join(folder, f"{name}.gguf")
            write_shape(path, shape)
            begin = time.time()
            ended = subprocess.run([QUALM, "diagnose", path, "--baseline", path, "-q"], capture_output=True, text=True,
                                   env={**os.environ, "QUALM_FREE_MEMORY": free}, check=False)
            print(f"{name}: {os.path.getsize(path) / 1e9:.1f} GB, exit code {ended.returncode} after "
                  f"{time.time() - begin:.2f} s: {ended.stderr.strip()}")


if __name__ == "__main__":
    main()
