"""A program that speaks the line protocol of adapters/README.md, of a model without weights. What
it does wrong is its first argument."""
import json
import math
import sys

VOCABULARY = 40


def log_probabilities(token, position):
    logits = [3 * math.sin(1 + token * 7 + position * 3 + t * t) for t in range(VOCABULARY)]
    total = math.log(sum(map(math.exp, logits)))
    return [one - total for one in logits]


def say(value):
    print(json.dumps(value), flush=True)


def main(fault='none', *_):
    if fault == 'dies':
        sys.exit('Traceback (most recent call last):\nOSError: no such model: /models/tiny')
    if fault == 'no_json':
        print('loading ...', flush=True)
    say({'name': 'of ' + fault, 'vocab_size': VOCABULARY, 'context': 64})
    for line in sys.stdin:
        asked = json.loads(line)
        if fault == 'ends':
            sys.exit(3)
        if fault == 'floods':
            print('x' * 3_000_000, flush=True)
        ids = asked['ids']
        rows = [log_probabilities(token, i) for i, token in enumerate(ids[:-1])]
        tops = [sorted(enumerate(row), key=lambda one: -one[1])[:asked['top']] for row in rows]
        say({'nll': [-row[target] for row, target in zip(rows, ids[1:])][fault == 'short':],
             'top': tops[fault == 'short':]})


main(*sys.argv[1:])
