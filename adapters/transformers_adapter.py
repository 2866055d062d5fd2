"""Log-probabilities of a Hugging Face model as transformers runs it, for `qualm ... 'run:...'`.

    qualm diagnose 'run:python3 adapters/transformers_adapter.py FOLDER' --reference model.qref

A second argument is the dtype (auto, float32, bfloat16). The protocol is in adapters/README.md.
"""
import json
import os
import sys

out = os.fdopen(os.dup(1), 'w')  # the protocol's; what libraries print goes to stderr
os.dup2(2, 1)

import torch  # noqa: E402
from transformers import AutoModelForCausalLM  # noqa: E402


def say(value):
    print(json.dumps(value), file=out, flush=True)


def main(folder, dtype='auto'):
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).to(device).eval()
    config = model.config.get_text_config()
    say({'name': folder, 'vocab_size': config.vocab_size,
         'context': getattr(config, 'max_position_embeddings', 0)})
    for line in sys.stdin:
        asked = json.loads(line)
        ids = torch.tensor([asked['ids']], device=device)
        with torch.inference_mode():
            log_p = model(ids).logits[0, :-1].float().log_softmax(-1)
        target = log_p.gather(-1, ids[0, 1:, None])[:, 0]
        top = log_p.topk(min(asked['top'], log_p.shape[-1]))
        say({'nll': (-target).tolist(),
             'top': [list(zip(*row)) for row in zip(top.indices.tolist(), top.values.tolist())]})


main(*sys.argv[1:])
