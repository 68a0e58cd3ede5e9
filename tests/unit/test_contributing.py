"""The worked examples of CONTRIBUTING.md work: each is applied to a copy of the project, and its commands are run."""

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from lib.settings import PROJECT

pytestmark = pytest.mark.process

TEXT = (PROJECT / "CONTRIBUTING.md").read_text()
EXAMPLES = re.split(r"^## (?=Add )", TEXT, flags=re.MULTILINE)[1:]
BLOCK = re.compile(r"^```(python|diff|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", ".*_cache", ".hypothesis", "__pycache__")


@dataclass(frozen=True)
class Block:
    """A block of an example, with the last file that the text before it names."""

    kind: str
    file: str
    text: str


def blocks(example: str) -> list[Block]:
    found = []
    for block in BLOCK.finditer(example):
        before = BLOCK.sub("", example[: block.start()])
        named = re.findall(r"(?:New file|In) `([^`]+)`", before)
        found.append(Block(block[1], named[-1] if named else "", block[2]))
    return found


def apply(project: Path, block: Block) -> None:
    """Make a new file, or change what the block's unmarked and `-` lines are to what its unmarked and `+` lines are."""
    path = project / block.file
    if block.kind == "python":
        assert not path.exists(), f"{block.file} is there already"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)
        return
    lines = [line or " " for line in block.text.splitlines()]
    old = "\n".join(line[1:] for line in lines if line[0] in " -")
    new = "\n".join(line[1:] for line in lines if line[0] in " +")
    text = path.read_text()
    assert text.count(old) == 1, f"{block.file} has this {text.count(old)} times:\n{old}"
    path.write_text(text.replace(old, new))


def run(project: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout[-3000:]}{done.stderr[-1000:]}"


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy in which the examples are applied one after the other, as a newcomer would."""
    copy = tmp_path_factory.mktemp("contributing") / "project"
    shutil.copytree(PROJECT, copy, ignore=LEFT_OUT)
    for example in EXAMPLES:
        for block in blocks(example):
            if block.kind != "sh":
                apply(copy, block)
    return copy


def test_there_are_examples_and_each_says_how_to_try_it():
    titles = [example.partition("\n")[0] for example in EXAMPLES]
    assert titles == ["Add a setting", "Add an action", "Add a section", "Add an SBC vendor"]
    assert all([block.kind for block in blocks(example)][-1] == "sh" for example in EXAMPLES)


@pytest.mark.parametrize("tool", ["ruff check", "ruff format --check", "lint-imports"])
def test_the_code_of_the_examples_is_as_clean_as_ours(project, tool):
    program, *arguments = tool.split()
    files = ["."] if program == "ruff" else []
    run(project, str(Path(sys.executable).parent / program), *arguments, *files)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.partition("\n")[0])
def test_what_an_example_says_to_try_works(project, example):
    for block in blocks(example):
        if block.kind == "sh":
            program, *arguments = shlex.split(block.text)
            assert program == "python"
            run(project, sys.executable, *arguments, "-n", "0")
