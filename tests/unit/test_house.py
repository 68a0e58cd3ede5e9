"""Rules of the code that the import linter cannot express."""

import ast
import statistics

import grimp

from lib.settings import PROJECT

FILES_OF_A_FOLDER = 14
"""With more files in one folder, nobody finds anything by looking. `LISTS` are lists of similar files."""
LINES = 300
MEDIAN = 110
LISTS = {"lib/store", "lib/domain", "lib/store/migrations/versions"}
# Lists of columns and of steps from one schema to the next, not code to be followed.
LONG = {"lib/store/schema.py"}


def tree_of(path):
    return ast.parse(path.read_text())


def imports_of(path):
    """Every module that is imported, however many lines the import takes."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def names_from(path, module):
    """The names imported from this module."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and node.module == module:
            yield from (alias.name for alias in node.names)


def sources(*folders):
    return [path for folder in folders for path in (PROJECT / folder).rglob("*.py")]


def place_of(path):
    return path.relative_to(PROJECT).as_posix()


def test_the_entry_points_are_thin():
    assert set(imports_of(PROJECT / "Home.py")) == {"streamlit", "lib.ui.frame", "server"}
    ours = {name for name in imports_of(PROJECT / "server.py") if name.startswith("lib")}
    assert {name.split(".")[1] for name in ours if "." in name} <= {"app", "settings", "ui", "web"}
    assert not [path for path in sources("lib", "pages") if {"Home", "server"} & set(imports_of(path))]


def test_sql_is_written_in_the_store_the_stand_ins_and_the_demo_alone():
    statements = {"select", "insert", "update", "delete", "text"}
    written = [path for path in sources("lib", "pages") if statements & set(names_from(path, "sqlalchemy"))]
    assert {place_of(path).split("/")[1] for path in written} <= {"store", "standins", "demo"}


def test_no_page_is_flat():
    """Streamlit serves `pages/*.py` without the frame until somebody has opened Home.py."""
    assert list((PROJECT / "pages").glob("*.py")) == []


def test_every_page_asks_who_it_is_before_anything_else():
    for path in sources("pages"):
        statements = [
            node
            for node in tree_of(path).body
            if not isinstance(node, ast.Import | ast.ImportFrom)
            and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        ]
        if path.name != "__init__.py":
            assert "auth.require(" in ast.unparse(statements[0]), path


def test_a_page_is_a_few_lines():
    for path in sources("pages"):
        assert len([node for node in tree_of(path).body if not isinstance(node, ast.Import | ast.ImportFrom)]) <= 3, (
            path
        )


def test_no_folder_is_too_full_to_look_through():
    folders = {path.parent for path in sources("lib", "pages", "tests")}
    counts = {place_of(folder): len(list(folder.glob("*.py"))) for folder in folders}
    assert {
        folder: count for folder, count in counts.items() if count > FILES_OF_A_FOLDER and folder not in LISTS
    } == {}


def test_no_file_is_too_long_to_read():
    lines = {place_of(path): len(path.read_text().splitlines()) for path in sources("lib", "pages", "deploy")}
    shown = {place: count for place, count in lines.items() if "/migrations/" not in place}
    assert {place: count for place, count in shown.items() if count > LINES and place not in LONG} == {}
    assert statistics.median(count for place, count in shown.items() if not place.endswith("__init__.py")) <= MEDIAN


def test_no_import_leads_back_to_where_it_came_from():
    graph = grimp.build_graph("lib", "pages")
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            assert graph.find_shortest_chain(imported, module) is None, f"{module} and {imported} need each other"


def test_no_file_says_nothing_by_its_name():
    empty = {"utils", "util", "helpers", "helper", "misc", "common", "manager"}
    assert not [path for path in sources("lib", "pages", "tests") if path.stem in empty]


def test_a_plan_is_made_and_started_in_one_place():
    """So the person has always read the plan, on the page of the account it was made on."""
    asks = {"plan": "start", "start": "start", "ask": "second_person", "approve": "second_person"}
    found = {
        (node.attr, place_of(path))
        for path in sources("lib/ui", "pages")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr in asks and ast.unparse(node.value).endswith("runner")
    }
    assert found == {(what, f"lib/ui/runs/{where}.py") for what, where in asks.items()}


def test_no_exception_text_reaches_a_browser():
    text = (PROJECT / ".streamlit" / "config.toml").read_text()
    assert 'showErrorDetails = "none"' in text
