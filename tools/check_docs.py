"""Checks the texts for readers: README.md, CONTRIBUTING.md and docs/.

    python3 tools/check_docs.py [ROOT]

- No line over 100 columns outside code blocks and tables.
- Every link leads to a file that exists, and to a heading that exists.
- No sentence over 30 words, no retired word, and no code span that names a source file that does
  not exist (not in docs/results/, which are records).
- A Markdown file that a comment in the sources names exists.
"""

import pathlib
import re
import sys

MAX_COLUMNS = 100
MAX_WORDS = 30

# What is no longer said, and what is said instead. Code spans are not read: names in JSON stay.
# (A retired word, its replacement, and where the word is still right in a sentence.)
RETIRED = (
    (r"patients?", "case, or candidate", None),
    (r"treatments?", "fix", None),
    (r"controls?", "original (control: of written texts only)", r"\b(texts?|writes?|wrote)\b"),
    (r"rungs?|tiers?|mix(es)?", "quant type", None),
    (r"plain rounding|free weights|calibration-free", "round-to-nearest (RTN)", None),
    (r"strangers?|odd (rows?|tensors?|matrix|matrices|norms?)", "mismatched tensor", None),
    (r"kept (tensors?|norms?|matrices)", "unquantized tensors", None),
    (r"unfold(s|ed|ing)?", "unscale", None),
    (r"damag(e|es|ed|ing)|witness(es)?", "fault, or integrity", None),
    (r"errors? of rounding|rounding errors?", "quantization error", None),
    (r"head\.cpp|head matrix", "output matrix", None),
    (r"labs?|workbench(es)?|beds?|wards?", "experiment", None),
    (r"(tried|screened|explored) (windows?|texts?)|fresh", "selection or holdout windows", None),
    (r"lines? of harm|% line|(above|below|over|under|against) the lines?", "threshold", None),
    (r"resolution", "noise floor", None),
    (r"evidence level l\d\+?", "what it was compared with", None),
    (r"not separated", "no significant difference", None),
    (r"gone on with|put right|its doing", "continued, restored, attributed to", None),
    (r"(of|in) (its|their|the) power|power is unexplained", "residual", None),
)

FENCE = re.compile(r"^\s*(```|~~~)")
ITEM = re.compile(r"^\s*([-*+]|\d+\.)\s+")
CODE_SPAN = re.compile(r"(`+).+?\1")
LINK = re.compile(r"!?\[([^\]]*)\]\(([^)\s]+)\)")
SOURCE_NAME = re.compile(r"`((?:[\w-]+/)+[\w-]+\.(?:h|cpp|py|sh|txt|cmake))`")
COMMENT_FILES = {".h", ".cpp", ".py", ".cmake", ".in"}
MARKDOWN_NAME = re.compile(r"(?<![\w/.\"'])((?:[\w.-]+/)*[\w-]+\.md)\b")


class Page:
    """A Markdown file, apart: prose by paragraph, list item and table cell; links; headings."""

    def __init__(self, path):
        self.path = path
        self.texts = []  # (line number, text)
        self.long_lines = []
        self.links = []  # (line number, target)
        self.sources = []  # (line number, path of a source file)
        self.anchors = set()
        self._paragraph = []
        self._begin = 0
        self._read(path.read_text().splitlines())

    def _flush(self):
        if self._paragraph:
            self.texts.append((self._begin, " ".join(self._paragraph)))
        self._paragraph = []

    def _read(self, lines):
        fenced = False
        for number, line in enumerate(lines, 1):
            if FENCE.match(line):
                self._flush()
                fenced = not fenced
            elif not fenced and (self._paragraph or not line.startswith("    ")):
                self._add(number, line)
        self._flush()

    def _add(self, number, line):
        self.links += [(number, target) for _, target in LINK.findall(CODE_SPAN.sub("", line))]
        self.sources += [(number, name) for name in SOURCE_NAME.findall(line)]
        table = line.lstrip().startswith("|")
        if len(line) > MAX_COLUMNS and not table:
            self.long_lines.append((number, len(line)))
        text = line.strip()
        if not text or text.startswith("<!--"):
            self._flush()
        elif table:
            self._flush()
            cells = re.split(r"(?<!\\)\|", text.strip("|"))
            self.texts += [(number, cell.strip()) for cell in cells if cell.strip(" :-")]
        elif text.startswith("#"):
            self._flush()
            title = text.lstrip("#").strip()
            self.texts.append((number, title))
            self.anchors.add(slug(title))
        else:
            if ITEM.match(line):
                self._flush()
                text = ITEM.sub("", line)
            if not self._paragraph:
                self._begin = number
            self._paragraph.append(text)


def slug(title):
    """The anchor that GitHub gives a heading."""
    title = LINK.sub(r"\1", title).lower().replace("`", "")
    return re.sub(r"[^\w\- ]", "", title).replace(" ", "-")


def plain(text):
    """Without code, link targets and emphasis: what is read aloud."""
    text = LINK.sub(r"\1", CODE_SPAN.sub("CODE", text))
    return text.replace("**", "").replace("*", "")


def sentences(text):
    return [s for s in re.split(r"(?<=[.!?])[)\"']?\s+", plain(text)) if s]


def words(sentence):
    return [w for w in sentence.split() if re.search(r"\w", w)]


def faults_of_words(page):
    for number, text in page.texts:
        for sentence in sentences(text):
            if len(words(sentence)) > MAX_WORDS:
                yield number, f"sentence of {len(words(sentence))} words: {sentence[:60]}..."
            for pattern, instead, still_right in RETIRED:
                found = re.search(rf"\b({pattern})\b", sentence, re.I)
                if found and not (still_right and re.search(still_right, sentence, re.I)):
                    yield number, f"\"{found.group(0)}\": say {instead}"


def faults_of_links(page, pages):
    for number, target in page.links:
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.path.parent / name).resolve() if name else page.path.resolve()
        if not path.exists():
            yield number, f"no such file: {target}"
        elif anchor and path in pages and anchor not in pages[path].anchors:
            yield number, f"no such heading: {target}"


def faults_of_sources(page, root):
    for number, name in page.sources:
        if not any((folder / name).exists() for folder in (root, root / "src")):
            yield number, f"no such file: {name}"


def faults_of_comments(root):
    """Markdown files that the sources name."""
    for folder in ("src", "tests", "bench", "fuzz"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in COMMENT_FILES or "data" in path.relative_to(root).parts:
                continue
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                for name in MARKDOWN_NAME.findall(line):
                    if not (root / name).exists():
                        yield path, number, f"no such file: {name}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    paths = [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").rglob("*.md")),
             *sorted(p for f in ("models", "corpora", "tools") for p in (root / f).rglob("*.md"))]
    pages = {path: Page(path) for path in paths}
    faults = []
    for path, page in pages.items():
        here = path.relative_to(root)
        found = [(number, f"{length} columns") for number, length in page.long_lines]
        found += faults_of_links(page, pages)
        if here.parts[:2] != ("docs", "results"):
            found += faults_of_words(page)
            found += faults_of_sources(page, root)
        faults += [f"{here}:{number}: {fault}" for number, fault in sorted(found)]
    faults += [f"{path.relative_to(root)}:{number}: {fault}"
               for path, number, fault in faults_of_comments(root)]
    print("\n".join(faults) or f"{len(pages)} texts are in order")
    return 1 if faults or len(pages) < 3 else 0


if __name__ == "__main__":
    sys.exit(main())
