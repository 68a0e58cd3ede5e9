import ast
from pathlib import Path

import pytest

from lib.settings import PROJECT
from lib.ui.navigation import SECTIONS

PAGES = PROJECT / "pages"
SCRIPTS = sorted(path for path in PAGES.rglob("*.py") if path.name != "__init__.py")


def first_statement(tree: ast.Module) -> ast.stmt | None:
    """The first statement that does something: not an import, a text, or a name for a constant."""
    return next(
        (
            one
            for one in tree.body
            if not isinstance(one, ast.Import | ast.ImportFrom)
            and not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        ),
        None,
    )


def is_gate(statement: ast.stmt | None) -> bool:
    value = getattr(statement, "value", None)
    return isinstance(value, ast.Call) and ast.unparse(value.func) == "auth.require" and len(value.args) == 1


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(PAGES)))
def test_every_page_first_checks_who_it_is(path):
    tree = ast.parse(path.read_text())
    assert is_gate(first_statement(tree)), f"the first statement of {path} is not auth.require(...)"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(PAGES)))
def test_every_page_checks_the_permission_of_its_section(path):
    section = next(one for one in SECTIONS if PROJECT / one.path == path)
    gate = first_statement(ast.parse(path.read_text()))
    assert ast.unparse(gate.value.args[0]) == f"Permission.{section.permission.name}"


def test_no_page_is_where_streamlit_serves_it_without_the_frame():
    assert list(PAGES.glob("*.py")) == []


def test_every_section_has_a_script_and_every_script_a_section():
    assert [PROJECT / one.path for one in sorted(SECTIONS, key=lambda one: one.path)] == SCRIPTS
    assert all(Path(one.path).parent != Path("pages") for one in SECTIONS)


@pytest.mark.parametrize(
    "text", ["import streamlit as st\nst.write(1)", "x = 1\nauth.require(P)", "auth.require", "auth.current(h)", ""]
)
def test_the_check_of_the_gate_sees_a_page_without_one(text):
    assert not is_gate(first_statement(ast.parse(text)))
