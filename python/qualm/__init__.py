"""qualm from Python: why did a quantized model get worse, and what fixes it?

    import qualm
    report = qualm.diagnose("model-Q2_K.gguf", baseline="model-F16.gguf", cache_type_k="q4_0")

Each function runs the program and returns its JSON report as a dict (docs/reports.md). Its keyword
arguments are the program's options: `ctx_size=2048` is `--ctx-size 2048`, `full=True` is `--full`,
and a list repeats an option. `qualm diagnose --help` lists them.
"""

import json
import os
import pathlib
import subprocess
import sys

__all__ = ["Error", "diagnose", "inspect", "measure"]

PROGRAM = pathlib.Path(__file__).parent / "bin" / "qualm"
ANSWERS = {0, 1, 3}  # no problem, a problem, cannot tell: docs/reports.md


class Error(Exception):
    """qualm gave no answer. `exit_code` says which kind; `document` is its JSON, or None."""

    def __init__(self, message, exit_code, document=None):
        super().__init__(message)
        self.exit_code = exit_code
        self.document = document


def diagnose(path, baseline=None, **options):
    """Finds the cause of the loss and measures the fix. Without `baseline`: an estimate."""
    return _run("diagnose", [path], {"baseline": baseline, **options})


def measure(path, baseline=None, **options):
    """Perplexity, KLD and same top token against `baseline`. `path` may be a list of models."""
    models = path if isinstance(path, (list, tuple)) else [path]
    return _run("measure", models, {"baseline": baseline, **options})


def inspect(path, **options):
    """What the file is: format, bits, tokenizer, origin, risks. Runs no model."""
    return _run("inspect", [path], options)


def main():
    """The command `qualm`."""
    os.execv(PROGRAM, [str(PROGRAM), *sys.argv[1:]])


def _words(options):
    """{"ctx_size": 2048, "full": True, "t": 4} as the program's words."""
    for name, value in options.items():
        option = ("--" if len(name) > 1 else "-") + name.replace("_", "-")
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one is True:
                yield option
            elif one is not None and one is not False:
                yield f"{option}={one}" if len(name) > 1 else f"{option}{one}"


def _run(command, models, options):
    words = [command, *_words(options), "--format=json", "--quiet", "--", *map(os.fspath, models)]
    ended = subprocess.run([PROGRAM, *words], stdin=subprocess.DEVNULL, capture_output=True)
    try:
        document = json.loads(ended.stdout)
    except ValueError:
        document = None
    if document is not None and ended.returncode in ANSWERS:
        return document
    if document is not None:
        said = document["error"]["message"]
    else:
        said = ended.stderr.decode(errors="replace").strip()
    raise Error(said or f"qualm ended with {ended.returncode}", ended.returncode, document)
