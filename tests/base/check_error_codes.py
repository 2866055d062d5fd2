"""Holds the table src/base/error_codes*.{cpp,h} against the places in src/ that fail.

    python3 check_error_codes.py ROOT

A code is a literal ("GGUF-028"), or it is made by a ByteReader of the format that the folder reads
(`reader.error(9, ...)` in src/formats/gguf is GGUF-009; number() and bytes() give 001, count() 002,
string() 003). Its kind is the Kind of the Error it stands in, or of the function it is handed to.
"""

import bisect
import collections
import pathlib
import re
import sys

TABLE = "src/base/error_codes"
TABLE_FILES = [TABLE + ".cpp", TABLE + "_files.h"]
READER_FILE = "src/base/byte_reader.cpp"

# Codes that more than one file may give: the meaning in the table is what is wrong at each place.
# Another fault needs another code.
SHARED = set("""
    CODEC-009 CODEC-102 CODEC-103 CODEC-104 CODEC-106 ENGINE-002 ENGINE-003 FILE-003 FILE-011 GGUF-001
    GGUF-015 HF-002 HF-004 HF-008 HF-009 QW-002 QW-003 REQUEST-001 TOK-010 TOK-012 TOK-016
    TOK-021
""".split())

TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'|//[^\n]*')
CODE = re.compile(r'"([A-Z]+-[0-9]{3})"')
COMPARED = re.compile(r"(?:[=!]=|starts_with\()\s*$")
READER = re.compile(r'\bByteReader\s+\w+\([^;]*?"([A-Z]+)"')
READ = re.compile(r"\breader_?\s*\.\s*(number|bytes|count|string|error)\b(?:<[^>]*>)?\(\s*(\w*)")
READ_NUMBERS = {"number": ["1"], "bytes": ["1"], "count": ["2"], "string": ["3"]}
DEFINITION = r"(?:\b(?:Error|std::unexpected<Error>|bool)\s+(?:\w+::)*|\bauto\s+){}\s*(?:\(|=\s*\[)"
ROW = re.compile(
    r'\{"([A-Z]+-[0-9]{3})",\s*Kind::(\w+),\s*((?:"[^"\n]*"\s*)+),\s*((?:"[^"\n]*"\s*)+)\}')
GROUP = re.compile(r"^ *// ([A-Z]+), (src/[^:]+):", re.M)

# `giver`: the file whose code it is; `place`: where it comes up.
Site = collections.namedtuple("Site", "code kind giver folder place")


class Source:
    """A file without comments; `bare` also without what strings say, so that brackets count."""

    def __init__(self, root, path):
        self.path = path
        self.name = str(path.relative_to(root))
        self.folder = str(path.parent.relative_to(root))
        text = path.read_text()
        self.text = TOKEN.sub(lambda m: blank(m[0]) if m[0].startswith("//") else m[0], text)
        self.bare = TOKEN.sub(lambda m: blank(m[0]), self.text)
        self.starts = [0] + [m.end() for m in re.finditer("\n", text)]

    def site(self, code, kind, at, giver=None):
        place = f"{self.name}:{bisect.bisect(self.starts, at)}"
        return Site(code, kind, giver or self.name, self.folder, place)


def blank(text):
    return " " * len(text)


def enclosing(bare, at):
    """The bracket that is open at `at`, and where it is."""
    depth = 0
    for i in range(at - 1, -1, -1):
        if bare[i] in ")]}":
            depth += 1
        elif bare[i] in "([{":
            if depth == 0:
                return bare[i], i
            depth -= 1
    return "", 0


def body_of(bare, at):
    """The text between the next { and its }; empty for a declaration."""
    begin = at
    while begin < len(bare) and bare[begin] not in "{;":
        begin += 1
    if begin == len(bare) or bare[begin] == ";":
        return ""
    depth = 0
    for end in range(begin, len(bare)):
        depth += {"{": 1, "}": -1}.get(bare[end], 0)
        if depth == 0:
            return bare[begin:end]
    return ""


def kinds_in(bare, function, depth=0):
    """The kinds of the errors that definitions of `function` in this text make."""
    kinds = set()
    for found in re.finditer(DEFINITION.format(re.escape(function)), bare):
        body = body_of(bare, found.end())
        here = set(re.findall(r"\bKind::(\w+)", body))
        if not here and depth < 2:
            for called in set(re.findall(r"\b(\w+)\(", body)) - {function}:
                here |= kinds_in(bare, called, depth + 1)
        kinds |= here
    return kinds


def kind_of_call(function, source, sources):
    """What the function nearest to the call makes: of the file, of its folder, of src/."""
    for near in ([source], [s for s in sources if s.folder == source.folder], sources):
        kinds = kinds_in("\n".join(s.bare for s in near), function)
        if kinds:
            return kinds
    return set()


def kind_at(source, at, sources):
    bracket, begin = enclosing(source.bare, at)
    if bracket == "{":
        kinds = set(re.findall(r"\bKind::(\w+)", source.bare[begin:at]))
        if not kinds:  # fields that a call turns into an error
            bracket, begin = enclosing(source.bare, begin)
    if bracket != "{":
        called = re.search(r"(\w+)$", source.bare[:begin])
        kinds = kind_of_call(called[1], source, sources) if called else set()
    return kinds.pop() if len(kinds) == 1 else f"unclear {sorted(kinds)}"


def literal_sites(source, sources):
    for found in CODE.finditer(source.text):
        if not COMPARED.search(source.text[:found.start()]):
            yield source.site(found[1], kind_at(source, found.start(), sources), found.start())


def numbers_of(source, method, argument):
    """The code's numbers: error() has its own, a literal or a constant that a condition chooses.
    What cannot be read here is number 0, which no table has."""
    if method != "error":
        return READ_NUMBERS[method]
    if argument.isdigit():
        return [argument]
    chosen = re.search(rf"\bconst int {argument} =([^;]*);", source.bare)
    return (re.findall(r"[?:]\s*(\d+)", chosen[1]) if chosen else []) or ["0"]


def composed_sites(sources):
    formats = {s.folder: found[1] for s in sources for found in READER.finditer(s.text)}
    for source in sources:
        for found in READ.finditer(source.bare):
            if source.folder not in formats:
                continue
            for number in numbers_of(source, found[1], found[2]):
                yield source.site(f"{formats[source.folder]}-{int(number):03}", "input",
                                  found.start(), None if found[1] == "error" else READER_FILE)


def read_table(root):
    text = "".join((root / file).read_text() for file in TABLE_FILES)
    rows = sorted((m[1], m[2], joined(m[3]), joined(m[4])) for m in ROW.finditer(text))
    groups = {m[1]: set(m[2].split(", ")) for m in GROUP.finditer(text)}
    return rows, groups


def joined(literals):
    return "".join(re.findall(r'"([^"\n]*)"', literals))


def faults_of_rows(rows):
    codes = [row[0] for row in rows]
    for before, after in zip(codes, codes[1:]):
        if before == after:  # the compiler looks at their order
            yield f"{TABLE}: {after} stands there twice"
    for code, _, meaning, advice in rows:
        for words in (meaning, advice):
            if words and (not words.endswith(".") or ". " in words):
                yield f"{TABLE}: {code}: not one sentence: {words}"
        if not meaning:
            yield f"{TABLE}: {code} has no meaning"


def faults_of_kinds(rows, sites):
    table = {row[0]: row[1] for row in rows}
    for site in sites:
        where = f"{site.place}: {site.code}"
        if site.code not in table:
            yield f"{where} ({site.kind}) is not in {TABLE}"
        elif table[site.code] != site.kind:
            yield f"{where} is of kind {site.kind}, in {TABLE} of kind {table[site.code]}"
    for code in sorted(table.keys() - {site.code for site in sites}):
        yield f"{TABLE}: {code} is given nowhere"


def faults_of_places(groups, sites):
    files = collections.defaultdict(set)
    folders = collections.defaultdict(set)
    for site in sites:
        files[site.code].add(site.giver)
        folders[site.code.split("-")[0]].add(site.folder)
    for code, places in sorted(files.items()):
        if len(places) > 1 and code not in SHARED:
            yield (f"{code} is given in {', '.join(sorted(places))}: give another fault another "
                   "code, or add it to SHARED")
        if len(places) == 1 and code in SHARED:
            yield f"{code} is in SHARED, but only {places.pop()} gives it"
    for code in sorted(SHARED - files.keys()):
        yield f"{code} is in SHARED, but given nowhere"
    for prefix, places in sorted(folders.items()):
        if groups.get(prefix) != places:
            yield f"{TABLE}: the comment of {prefix} must name {', '.join(sorted(places))}"


def main():
    root = pathlib.Path(sys.argv[1])
    sources = [Source(root, path) for path in sorted((root / "src").rglob("*"))
               if path.suffix in (".h", ".cpp") and str(path.relative_to(root)) not in TABLE_FILES]
    reader = next(source for source in sources if source.name == READER_FILE)
    assert kinds_in(reader.bare, "error") == {"input"}, "the kind of composed codes"
    sites = [site for source in sources for site in literal_sites(source, sources)]
    sites += composed_sites(sources)
    rows, groups = read_table(root)
    faults = [*faults_of_rows(rows), *faults_of_kinds(rows, sites)]
    faults += faults_of_places(groups, sites)
    print("\n".join(faults) or f"{len(rows)} codes, given at {len(sites)} places")
    return 1 if faults or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
