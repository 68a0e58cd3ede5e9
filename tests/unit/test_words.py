"""One word for a thing: the retired words of docs/glossary.md are in no comment, docstring, sentence or page.

`python -m tests.unit.test_words` says how often each is still used and where; with `--files` it prints the files
that have one, for `words_not_yet.txt`.
"""

import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.settings import PROJECT

# "Sign in", "signs this person in" and "a plus sign" are other words.
_SIGN = r"""
    (?<![+=%$#-]\ ) (?<!\bplus\ ) (?<!\bminus\ ) (?<!\bequals\ ) (?<!\bdollar\ )
    \bsigns?\b
    (?![-\ ]?(?:in|ins|out|outs|on|up|off)\b) (?!\ (?:\w+\ ){1,3}(?:in|out)\b)
"""
RETIRED = {
    r"\banew\b": "again",
    r"\bby now\b": "now",
    r"\bof now\b": "now",
    r"\bin place of\b": "instead of",
    r"\b(?:is|are|was|were) (?-i:none)\b": "there is no, is not a",
    r"\bso many\b": "at most N, that many",
    r"\btold\b": "shown, written, said",
    r"\bstanding\b": "status",
    r"(?<!about:)\bblanks?\b": "space",
    _SIGN: "character",
    r"\b(?:to|by|in|outside|within|for) (?:the|our|their) house\b(?! number)|\bthe house's\b": "company",
    r"(?<![\w./`'\"@=-])hub(?![\w./`'\"@=(-])": "app, for the process",
    r"\bany_database\b": "sqlite_only",
    # Sentences that were on the screen.
    r"what was done stays done": "Finished steps are kept, the rest are skipped, and the account is unlocked.",
    r"the account becomes free": "the account is unlocked",
    r"why the pinned note does not hold": "Why are you overriding the pinned note?",
    r"take the note off": "Remove the note",
    r"there is nothing older": "No older e-mails.",
    r"stopped on an error of the account manager": "Something went wrong on this page.",
    r"must not cling to": "is not chained to",
    r"the road to every outside system": "the HTTP client for every outside system",
}
# "Hub" with a capital is the database.
_FIND = [
    re.compile(pattern, (0 if "hub" in pattern else re.IGNORECASE) | (re.VERBOSE if pattern == _SIGN else 0))
    for pattern in RETIRED
]

# From Python 3.12 on the parts of an f-string are tokens of their own.
TEXT = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
SPOKEN = ("lib", "pages", "tests", "deploy", "docs")
# These hold the retired words to say what they were.
ABOUT = {"docs/glossary.md", "tests/unit/test_words.py"}
NOT_YET = set((Path(__file__).parent / "words_not_yet.txt").read_text().split())
"""Files that have not been rewritten. It only ever gets shorter."""


def texts() -> list[Path]:
    """Every file that is ours and says something."""
    inside = [path for folder in SPOKEN for path in (PROJECT / folder).rglob("*")]
    found = [path for path in [*PROJECT.glob("*"), *inside] if path.suffix in {".py", ".md", ".txt", ".cfg", ".sh"}]
    return sorted(path for path in found if named(path) not in ABOUT and path.name != "words_not_yet.txt")


def named(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def sentences(path: Path) -> Iterator[str]:
    """What the file says to people: comments, docstrings and texts of code, and all of a page but its code."""
    text = path.read_text()
    if path.suffix == ".md":
        text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
        yield from re.split(r"\n\n", re.sub(r"`[^`]*`", "", text))
    elif path.suffix == ".py":
        yield from _sentences_of_code(text)
    else:
        yield text


def _sentences_of_code(text: str) -> Iterator[str]:
    comment: list[str] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            comment.append(token.string.lstrip("# "))
            continue
        if comment and token.type not in {tokenize.NL, tokenize.INDENT, tokenize.DEDENT}:
            yield " ".join(comment)
            comment = []
        # From Python 3.12 on the parts of an f-string are tokens of their own.
        if (
            token.type in {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
            and " " in token.string
        ):
            yield token.string
    yield " ".join(comment)


def retired(path: Path) -> Counter[str]:
    """The retired words in this file, and how often each is there."""
    counted: Counter[str] = Counter()
    for sentence in sentences(path):
        words = " ".join(sentence.split())
        for pattern in _FIND:
            counted.update(found.group(0).lower() for found in pattern.finditer(words))
    return counted


def test_no_retired_word_is_used():
    found = {named(path): dict(retired(path)) for path in texts() if named(path) not in NOT_YET}
    assert {path: words for path, words in found.items() if words} == {}, "docs/glossary.md says what to write instead"


def test_every_file_that_is_not_yet_rewritten_is_there():
    assert {name for name in NOT_YET if not (PROJECT / name).exists()} == set()


def test_every_retired_word_is_in_the_glossary():
    glossary = (PROJECT / "docs" / "glossary.md").read_text()
    for say in RETIRED.values():
        assert say.split(",")[0] in glossary, say


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# Written anew, for there is none by now.\n", ["anew", "by now", "is none"]),
        ('"""A list of\n    so many rows."""\n', ["so many"]),
        ("told = 1\n", []),
        ("x = f'{told} was told so'\n", ["told"]),
        ("# Sign in, sign this person in, signs nobody in, a + sign, house number 3.\n", []),
        ("# At most 64 signs, and no blank in them.\n", ["signs", "blank"]),
        ("# hub.db is the Hub's, hub.example.com a host.\n", []),
        ("# It asks the hub for its clock.\n", ["hub"]),
    ],
)
def test_words_are_found_in_what_is_said_and_not_in_names(tmp_path, text, words):
    file = tmp_path / "code.py"
    file.write_text(text)
    assert sorted(retired(file)) == sorted(words)


if __name__ == "__main__":
    every = {named(path): retired(path) for path in texts()}
    if "--files" in sys.argv:
        print("\n".join(name for name, counted in every.items() if counted))
    else:
        for word, count in sum(every.values(), Counter()).most_common():
            most = sorted((name for name in every if every[name][word]), key=lambda name: -every[name][word])
            print(f"{count:5} {word:24} {len(most)} files, most in {', '.join(most[:3])}")
