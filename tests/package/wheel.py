"""The wheel in a clean virtual environment: builds it, installs it, asks it.

    python3 wheel.py SOURCE WORK

Exit code 77: pip or what it must download is missing, so nothing was tested.
"""

import pathlib
import shutil
import subprocess
import sys

ASK = """
import pathlib, subprocess, sys
import qualm

assert "site-packages" in qualm.__file__, qualm.__file__
models = sorted(pathlib.Path(qualm.__file__).parent.glob("share/qualm/models/*.gguf"))
base, tune = models

seen = qualm.inspect(base)
assert seen["command"] == "inspect" and seen["tool"]["name"] == "qualm", seen

few = {"chunks": 4, "symptom": "none", "no_cache": True}
lost = qualm.diagnose(base, baseline=base, cache_type_k="q4_0", **few)
assert lost["command"] == "diagnose" and lost["tool"]["libllama"].startswith("libllama "), lost
assert lost["settings"]["type_k"] == "q4_0", lost["settings"]

measured = qualm.measure([base, tune], baseline=base, chunks=4, no_cache=True)
assert len(measured["results"]) == 2, measured

try:
    qualm.inspect("nothing.gguf")
except qualm.Error as error:
    assert "FILE-001" in str(error) and error.exit_code == 2, error
    assert error.document["error"]["code"] == "FILE-001"
else:
    raise AssertionError("a file that is not there was inspected")

script = pathlib.Path(sys.executable).parent / "qualm"
said = subprocess.run([script, "--version"], capture_output=True, text=True)
assert said.returncode == 0 and said.stdout.startswith("qualm "), said
"""


def skip(why, said=""):
    print(f"SKIPPED: {why}: the wheel was not tested\n{said}")
    sys.exit(77)


def main(source, work):
    shutil.rmtree(work, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", work], capture_output=True, text=True)
    if made.returncode != 0:
        skip("no module venv", made.stdout + made.stderr)
    python = str(work / "bin" / "python")
    tools = subprocess.run([python, "-m", "pip", "download", "-q", "--no-deps", "--dest",
                            work / "found", "scikit-build-core"], capture_output=True, text=True)
    if tools.returncode != 0:
        skip("pip cannot download scikit-build-core", tools.stderr)
    # With the flags of the other builds, so that ccache has most of it.
    subprocess.run([python, "-m", "pip", "wheel", "-q", "--no-deps", "-w", work / "wheel",
                    "-C", "cmake.define.QUALM_WERROR=ON", source], check=True)
    wheel, = (work / "wheel").glob("qualm-*.whl")
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB")
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-index", wheel], check=True)
    # Its data must come from the wheel: no QUALM_DATA, and not from this folder.
    subprocess.run([python, "-I", "-c", ASK], check=True, cwd=work, env={"HOME": str(work)})


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).absolute())
