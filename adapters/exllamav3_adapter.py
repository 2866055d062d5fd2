"""Log-probabilities of an EXL3 model as ExLlamaV3 runs it, for `qualm ... 'run:...'`.

    qualm diagnose 'run:python3 adapters/exllamav3_adapter.py FOLDER' --reference model.qref

It was not tried here: it needs an NVIDIA GPU. The protocol is in adapters/README.md.
"""
import json
import os
import sys

out = os.fdopen(os.dup(1), 'w')  # the protocol's; what libraries print goes to stderr
os.dup2(2, 1)

import torch  # noqa: E402
from exllamav3 import Config, Model  # noqa: E402


def say(value):
    print(json.dumps(value), file=out, flush=True)


def main(folder):
    config = Config.from_directory(folder)
    model = Model.from_config(config)
    model.load()
    say({'name': folder, 'vocab_size': config.vocab_size})
    for line in sys.stdin:
        asked = json.loads(line)
        ids = torch.tensor([asked['ids']])
        with torch.inference_mode():
            logits = model.forward(ids, {'attn_mode': 'flash_attn_nc'})
        log_p = logits[0, :-1, :config.vocab_size].float().log_softmax(-1)  # without padding
        target = log_p.gather(-1, ids[0, 1:, None].to(log_p.device))[:, 0]
        top = log_p.topk(min(asked['top'], log_p.shape[-1]))
        say({'nll': (-target).tolist(),
             'top': [list(zip(*row)) for row in zip(top.indices.tolist(), top.values.tolist())]})


main(*sys.argv[1:])
