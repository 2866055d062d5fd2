"""The schema that `qualm explain --schema` prints, against the golden documents: each is valid, and none is with a
field renamed.

Usage: check_schema.py QUALM DOCUMENT...    Exit code 77 (ctest: skipped) without python3-jsonschema.
"""
import copy
import json
import subprocess
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("SKIPPED: the Python module jsonschema (4.0 or later) is not installed; no schema was checked")
    sys.exit(77)

# Objects whose keys are data, not fields.
DATA_KEYS = {"types", "classes", "provenance"}


def objects(value, path=()):
    """Every object inside, with its path."""
    if isinstance(value, dict):
        if not path or path[-1] not in DATA_KEYS:
            yield path, value
        for key, inner in value.items():
            yield from objects(inner, path + (key,))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from objects(inner, path + (index,))


def renamed(document, path, key):
    changed = copy.deepcopy(document)
    place = changed
    for step in path:
        place = place[step]
    place[key + "_renamed"] = place.pop(key)
    return changed


def main(program, document_paths):
    schema = json.loads(subprocess.run([program, "explain", "--schema"], check=True, capture_output=True).stdout)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    failures = 0
    tried = set()  # command, place and key: elements of an array have one schema
    for document_path in document_paths:
        with open(document_path, encoding="utf-8") as file:
            document = json.load(file)
        # Against its own command's definition: the message then names the place.
        name = "failure" if "error" in document else document["command"]
        own = Draft202012Validator({**schema["$defs"][name], "$defs": schema["$defs"]})
        for error in own.iter_errors(document):
            print(f"{document_path}: {error.json_path}: {error.message[:300]}")
            failures += 1
        if not validator.is_valid(document):
            print(f"{document_path}: the schema has no such document")
            failures += 1
        for path, value in objects(document):
            place = tuple("[]" if isinstance(step, int) else step for step in path)
            for key in value:
                if (name, place, key) in tried:
                    continue
                tried.add((name, place, key))
                if own.is_valid(renamed(document, path, key)):
                    print(f"{document_path}: {key} at {path} can be renamed unnoticed")
                    failures += 1
    print(f"{len(document_paths)} documents, {len(tried)} renames tried, {failures} failures")
    return 1 if failures or not document_paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
