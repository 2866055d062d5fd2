"""Log-probabilities of a GGUF file as llama-cpp-python runs it, for `qualm ... 'run:...'`.

    qualm diagnose 'run:python3 adapters/llama_cpp_python_adapter.py FILE n_ctx=2048' --reference model.qref

Further words are whole-number parameters of llama_cpp.Llama: give those that your server has
(n_gpu_layers=35 type_k=8 type_v=8 flash_attn=1). The protocol is in adapters/README.md.
"""
import json
import os
import sys

out = os.fdopen(os.dup(1), 'w')  # the protocol's; what libraries print goes to stderr
os.dup2(2, 1)

import numpy  # noqa: E402
from llama_cpp import Llama  # noqa: E402


def say(value):
    print(json.dumps(value), file=out, flush=True)


def main(file, *parameters):
    given = {name: int(value) for name, value in (one.split('=') for one in parameters)}
    llama = Llama(file, logits_all=True, verbose=False, **given)
    say({'name': file, 'vocab_size': llama.n_vocab(), 'context': llama.n_ctx()})
    for line in sys.stdin:
        asked = json.loads(line)
        ids = asked['ids']
        llama.reset()
        llama.eval(ids)
        logits = llama.scores[:len(ids) - 1].astype(numpy.float64)
        log_p = logits - numpy.logaddexp.reduce(logits, axis=1, keepdims=True)
        top = numpy.argpartition(-log_p, min(asked['top'], log_p.shape[1]) - 1)[:, :asked['top']]
        say({'nll': [-row[token] for row, token in zip(log_p, ids[1:])],
             'top': [[[int(token), row[token]] for token in tokens] for row, tokens in zip(log_p, top)]})


main(*sys.argv[1:])
