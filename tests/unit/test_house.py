"""Rules of the house that the import linter cannot express."""

import ast
import re

from lib.settings import PROJECT


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def sources(*folders):
    return [path for folder in folders for path in (PROJECT / folder).rglob("*.py")]


def test_the_entry_points_are_thin():
    assert set(imports_of(PROJECT / "Home.py")) == {"streamlit", "lib.ui", "server"}
    ours = {name for name in imports_of(PROJECT / "server.py") if name.startswith("lib")}
    assert {name for name in ours if not name.startswith("lib.web")} == {
        "lib",
        "lib.settings",
        "lib.ui.widgets.away",
        "lib.ui.navigation",
        "lib.ui.runs.typed",
    }
    assert not [path for path in sources("lib", "pages") if {"Home", "server"} & set(imports_of(path))]


def test_sql_is_written_in_the_store_and_the_stand_ins_alone():
    statement = re.compile(r"from sqlalchemy import [^\n]*\b(select|insert|update|delete|text)\b")
    written = [path for path in sources("lib", "pages") if statement.search(path.read_text())]
    assert [path for path in written if not {"store", "standins"} & set(path.relative_to(PROJECT).parts)] == []


def test_no_page_is_flat():
    """Streamlit serves `pages/*.py` without the frame until somebody has opened Home.py."""
    assert list((PROJECT / "pages").glob("*.py")) == []


def test_every_page_asks_who_it_is_before_anything_else():
    for path in sources("pages"):
        statements = [
            node
            for node in ast.parse(path.read_text()).body
            if not isinstance(node, ast.Import | ast.ImportFrom)
            and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        ]
        if path.name != "__init__.py":
            assert "auth.require(" in ast.unparse(statements[0]), path


def test_no_file_says_nothing_by_its_name():
    empty = {"utils", "util", "helpers", "helper", "misc", "common", "manager"}
    assert not [path for path in sources("lib", "pages", "tests") if path.stem in empty]


def test_no_exception_text_reaches_a_browser():
    text = (PROJECT / ".streamlit" / "config.toml").read_text()
    assert 'showErrorDetails = "none"' in text
