"""Log-probabilities of a model as mlx_lm runs it, for `qualm ... 'run:...'`.

    qualm diagnose 'run:python3 adapters/mlx_lm_adapter.py FOLDER' --reference model.qref

It was not tried here: it needs a Mac. The protocol is in adapters/README.md.
"""
import json
import os
import sys

out = os.fdopen(os.dup(1), 'w')  # the protocol's; what libraries print goes to stderr
os.dup2(2, 1)

import mlx.core as mx  # noqa: E402
from mlx_lm import load  # noqa: E402


def say(value):
    print(json.dumps(value), file=out, flush=True)


def main(folder):
    model, _ = load(folder)
    vocab_size = model(mx.array([[0]])).shape[-1]
    say({'name': folder, 'vocab_size': vocab_size})
    for line in sys.stdin:
        asked = json.loads(line)
        ids = mx.array(asked['ids'])
        logits = model(ids[None])[0, :-1].astype(mx.float32)
        log_p = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
        target = mx.take_along_axis(log_p, ids[1:, None], axis=-1)[:, 0]
        count = min(asked['top'], vocab_size)
        top = mx.argpartition(-log_p, kth=count - 1, axis=-1)[:, :count]
        values = mx.take_along_axis(log_p, top, axis=-1)
        say({'nll': (-target).tolist(),
             'top': [list(zip(*row)) for row in zip(top.tolist(), values.tolist())]})


main(*sys.argv[1:])
