"""A Llama of 30 M random weights with the bundled model's tokenizer, as F16 GGUF.

Its text is noise; what it costs to run is not. Python's own library only.
"""
import random
import struct
import sys

from whole_process import BASE

WIDTH, FFN, LAYERS, HEADS, KV_HEADS, VOCAB = 512, 1536, 9, 8, 4, 4096
F32, F16 = 0, 1
SCALARS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
STRING, ARRAY = 8, 9


def string(text):
    return struct.pack("<Q", len(text)) + text.encode()


def tokenizer_pairs(data):
    """The tokenizer.* pairs of a GGUF, as the bytes they are."""
    pairs = []
    at = 24

    def value_end(kind, at):
        if kind == STRING:
            return at + 8 + struct.unpack_from("<Q", data, at)[0]
        if kind == ARRAY:
            element, count = struct.unpack_from("<IQ", data, at)
            at += 12
            if element in SCALARS:
                return at + count * SCALARS[element]
            for _ in range(count):
                at = value_end(element, at)
            return at
        return at + SCALARS[kind]

    for _ in range(struct.unpack_from("<Q", data, 16)[0]):
        begin = at
        length = struct.unpack_from("<Q", data, at)[0]
        key = data[at + 8:at + 8 + length]
        at += 8 + length
        at = value_end(struct.unpack_from("<I", data, at)[0], at + 4)
        if key.startswith(b"tokenizer."):
            pairs.append(data[begin:at])
    return pairs


def halves(source, count):
    """Random F16 of +-[2^-6, 2^-5): random signs and mantissas under one exponent."""
    size = 2 * count
    keep = int.from_bytes(b"\xff\x83" * count, "little")
    exponent = int.from_bytes(b"\x00\x24" * count, "little")
    bits = int.from_bytes(source.randbytes(size), "little")
    return (bits & keep | exponent).to_bytes(size, "little")


def tensors():
    """Name, dims, type in file order."""
    kv = WIDTH * KV_HEADS // HEADS
    yield "token_embd.weight", (WIDTH, VOCAB), F16
    yield "output_norm.weight", (WIDTH,), F32
    for layer in range(LAYERS):
        for name in ("attn_norm", "ffn_norm"):
            yield f"blk.{layer}.{name}.weight", (WIDTH,), F32
        for name, columns, rows in (("attn_q", WIDTH, WIDTH), ("attn_k", WIDTH, kv),
                                    ("attn_v", WIDTH, kv), ("attn_output", WIDTH, WIDTH),
                                    ("ffn_gate", WIDTH, FFN), ("ffn_up", WIDTH, FFN),
                                    ("ffn_down", FFN, WIDTH)):
            yield f"blk.{layer}.{name}.weight", (columns, rows), F16


def write_synthetic(path):
    numbers = {"block_count": LAYERS, "context_length": 2048, "embedding_length": WIDTH,
               "feed_forward_length": FFN, "attention.head_count": HEADS,
               "attention.head_count_kv": KV_HEADS, "rope.dimension_count": WIDTH // HEADS,
               "vocab_size": VOCAB}
    with open(BASE, "rb") as file:
        pairs = tokenizer_pairs(file.read())
    pairs.append(string("general.architecture") + struct.pack("<I", STRING) + string("llama"))
    pairs.append(string("llama.attention.layer_norm_rms_epsilon") + struct.pack("<If", 6, 1e-5))
    pairs += [string(f"llama.{key}") + struct.pack("<II", 4, value)
              for key, value in numbers.items()]
    infos, offset = [], 0
    for name, dims, kind in tensors():
        infos.append(string(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, kind, offset))
        count = dims[0] * (dims[1] if len(dims) > 1 else 1)
        offset += count * (2 if kind == F16 else 4)  # a multiple of 32 for all of them
    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(pairs)) + b"".join(pairs + infos)
    source = random.Random(1)
    with open(path, "wb") as file:
        file.write(head + b"\0" * (-len(head) % 32))
        for name, dims, kind in tensors():
            if kind == F32:
                file.write(struct.pack("<f", 1.0) * dims[0])
            else:
                file.write(halves(source, dims[0] * dims[1]))


if __name__ == "__main__":
    write_synthetic(sys.argv[1])
