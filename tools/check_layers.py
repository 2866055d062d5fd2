"""Checks every #include of src/ against tools/layers.txt.

    python3 tools/check_layers.py [ROOT]
"""

import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|(<[^>]+>))', re.M)


def read_rules(path):
    rules = {}
    for line in path.read_text().splitlines():
        line = line.split("#")[0].strip()
        if line:
            name, allowed = line.rsplit(":", 1)
            rules[name.strip()] = set(allowed.split())
    return rules


def faults_of(file, layer, rules, text):
    for quoted, angled in INCLUDE.findall(text):
        if quoted and "/" not in quoted:
            yield f"includes \"{quoted}\" without its folder"
        elif quoted:
            other = quoted.split("/")[0]
            if other != layer and other not in rules[layer]:
                yield f"includes {quoted}, but {layer}/ may not know {other}/"
        elif angled in rules and layer not in rules[angled]:
            yield f"includes {angled}, which only {sorted(rules[angled])} may"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    rules = read_rules(root / "tools" / "layers.txt")
    count = 0
    faults = []
    for file in sorted((root / "src").rglob("*")):
        if file.suffix not in (".h", ".cpp"):
            continue
        count += 1
        layer = file.relative_to(root / "src").parts[0]
        if layer not in rules:
            faults.append(f"{file}: folder {layer}/ is not in tools/layers.txt")
            continue
        faults += [f"{file}: {fault}" for fault in faults_of(file, layer, rules, file.read_text())]
    print("\n".join(faults) or f"{count} files keep to tools/layers.txt")
    return 1 if faults or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
