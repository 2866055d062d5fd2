"""Checks that the code of src/ keeps to the house numbers.

    python3 tools/check_house.py [ROOT]

No function has more than 50 lines or 5 parameters, no file more than 400 lines; half of the files
have fewer than 150; no call has a bare `true` or `false` among its arguments. What is in KNOWN is
older than the rule: the list only shrinks, and what was mended must be taken from it.

It reads text, not syntax: code that clang-format wrote is what it understands.
"""

import pathlib
import re
import statistics
import sys

MAX_LINES = 50
MAX_PARAMETERS = 5
MAX_FILE = 400
MEDIAN_FILE = 150

# Calls whose boolean is the value itself, and those of libraries: a name would say no more.
VALUE_CALLS = {"store", "exchange", "value_or", "push_back", "emplace_back", "optional", "assign",
               "resize", "vector", "set", "Value", "Known", "count", "flag", "flag_of", "flag_or"}
LIBRARY_CALLS = re.compile(r"llama_\w+|ggml_\w+|dump|from_cbor")
STATEMENTS = {"if", "while", "for", "switch", "return"}

KNOWN = {
    ("src/evaluate/score_rows.cpp", "score_rows parameters"),
    ("src/evaluate/score_rows.h", "score_rows parameters"),
    ("src/weights/comparison.cpp", "rows parameters"),
    ("src/weights/quantization_error.cpp", "add_row parameters"),
}

# Comments, literals and the lines of the preprocessor, each as blanks of the same length and lines.
OPAQUE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"'
    r"|'(?:\\.|[^'\\\n])+'|^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", re.S | re.M)
DIGITS = re.compile(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])")
SCOPE = re.compile(r"^(?:inline\s+)?namespace\b|^extern\b|\b(?:class|struct|union|enum)\b[^()]*$")
NAME = re.compile(r"(?:operator\s*(?:\(\)|[^\s\w(]+)|[~\w:]+)$")
BOOLEAN = re.compile(r"\b(?:true|false)\b")


def cleaned(text):
    """The code, every character where it was, without what only looks like code."""
    def blank(match):
        keep = '""' if match[0][0] in "\"'R" else ""
        return keep + "".join(c if c == "\n" else " " for c in match[0][len(keep):])
    return OPAQUE.sub(blank, DIGITS.sub(" ", text))


def closing(code, at):
    """Where the bracket that opens at `at` closes."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    stack = []
    for i in range(at, len(code)):
        if code[i] in pairs:
            stack.append(pairs[code[i]])
        elif stack and code[i] == stack[-1]:
            stack.pop()
            if not stack:
                return i
    return len(code) - 1


def parameters(head):
    """Name and number of parameters of what is declared there; None where it is no function."""
    depth = 0
    for i, c in enumerate(head):
        before = head[:i].rstrip()
        if c == "<" and not before.endswith("operator"):
            depth += 1
        elif c == ">" and depth > 0 and head[i - 1] != "-":
            depth -= 1
        elif c == "(" and depth == 0:
            name = NAME.search(before)
            if before.endswith("operator") or not name or name[0] in ("static_assert", "alignas"):
                if before.endswith("operator"):
                    continue
                return None
            if "=" in before.replace("operator=", "").replace("==", ""):
                return None
            inside = head[i + 1:closing(head, i)]
            return name[0], count_of(inside)
    return None


def count_of(inside):
    if inside.strip() in ("", "void"):
        return 0
    depth = 0
    commas = 0
    for i, c in enumerate(inside):
        if c in "([{<":
            depth += 1
        elif c in ")]}" or (c == ">" and inside[i - 1] != "-"):
            depth -= 1
        elif c == "," and depth == 0:
            commas += 1
    return commas + 1


def in_initializers(head):
    """The brace after it belongs to a member that a constructor initializes."""
    colon = re.search(r"\)\s*(?:noexcept\s*)?:[^:]", head)
    return bool(colon) and re.search(r"[\w>]\s*$", head[colon.end():]) is not None


def functions(code):
    """Each function that is defined or declared outside others: name, parameters, first and last line."""
    at = 0
    begin = 0
    while at < len(code):
        c = code[at]
        head = code[begin:at].strip()
        if c == "(" or (c == "[" and head):
            at = closing(code, at)
        elif c == "{" and SCOPE.search(head):
            begin = at + 1
        elif c == "{" and in_initializers(head):
            at = closing(code, at)
        elif c in "{;":
            found = parameters(head)
            end = closing(code, at) if c == "{" else at
            start = begin + len(code[begin:at]) - len(code[begin:at].lstrip())
            if found:
                yield *found, code.count("\n", 0, start) + 1, code.count("\n", 0, end) + 1
            at = end
            if found or c == ";" or not head:
                begin = end + 1
        elif c == "}" or (c == ":" and re.search(r"\b(?:public|private|protected)$", head)):
            begin = at + 1
        at += 1


def bare_booleans(code):
    """The lines on which a call has one, and what is called."""
    stack = []
    for i, c in enumerate(code):
        if c in "({[":
            stack.append((c, i))
        elif c in ")}]" and stack:
            stack.pop()
        elif c in "tf" and stack and stack[-1][0] == "(":
            word = BOOLEAN.match(code, i)
            if not word or code[i - 1].isalnum() or code[i - 1] == "_":
                continue
            before = code[:i].rstrip()
            after = code[word.end():].lstrip()
            if before[-1] not in "(," or after[0] not in ",)":
                continue
            called = re.search(r"([\w]+)\s*(?:<[^<>()]*>)?$", code[:stack[-1][1]])
            name = called[1] if called else ""
            if name and name not in VALUE_CALLS | STATEMENTS and not LIBRARY_CALLS.fullmatch(name):
                yield code.count("\n", 0, i) + 1, name


def offences_of(file, text):
    code = cleaned(text)
    lines = text.count("\n")
    if lines > MAX_FILE:
        yield (file, "file"), f"{file}: {lines} lines"
    for name, count, first, last in functions(code):
        if last - first + 1 > MAX_LINES:
            yield (file, f"{name} long"), f"{file}:{first}: {name} has {last - first + 1} lines"
        if count > MAX_PARAMETERS:
            yield (file, f"{name} parameters"), f"{file}:{first}: {name} has {count} parameters"
    for line, name in bare_booleans(code):
        yield (file, f"{name} boolean"), f"{file}:{line}: a bare boolean in a call of {name}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    files = sorted(f for f in (root / "src").rglob("*") if f.suffix in (".h", ".cpp"))
    lengths = []
    found = {}
    for file in files:
        text = file.read_text()
        lengths.append(text.count("\n"))
        for key, says in offences_of(str(file.relative_to(root)), text):
            found.setdefault(key, []).append(says)
    faults = [says for key, all_of in found.items() if key not in KNOWN for says in all_of]
    faults += [f"{file}: {what}: mended, take it from KNOWN" for file, what in sorted(KNOWN - set(found))]
    median = statistics.median(lengths) if lengths else 0
    if not lengths or median >= MEDIAN_FILE:
        faults.append(f"half of the {len(lengths)} files have {median} lines or more")
    print("\n".join(faults) or f"{len(lengths)} files keep to the house numbers, but for {len(KNOWN)} known places; "
          f"half of them have fewer than {median:.0f} lines")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
