"""The documentation matches the code, as far as a test can compare them."""

import re
from pathlib import Path

import pytest

from lib.actions.catalogue import ACTIONS
from lib.demo import DEMO_SIGN_INS, notable
from lib.domain.permissions import GRANTS, Permission, Role
from lib.settings import PROJECT

README = PROJECT / "README.md"
DOCS = sorted((PROJECT / "docs").glob("*.md"))
CONTRIBUTING = PROJECT / "CONTRIBUTING.md"
TEXTS = [README, CONTRIBUTING, PROJECT / "CHANGELOG.md", *DOCS]

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
# A path from the root of a machine, but not an address on a server (`/readyz`, `/v1/accounts`).
MACHINE_PATH = re.compile(r"(?<![\w./:}])(?:/(?:work|home|root|tmp|usr|opt|srv|var|etc|mnt|Users)\b|~/|[A-Z]:\\)")


def named(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def rows(text: str) -> list[list[str]]:
    """The cells of every table row."""
    found = [line.strip().strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in found]


def heading_anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as the usual Markdown viewers make them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def make_targets() -> set[str]:
    lines = (PROJECT / "Makefile").read_text().splitlines()
    return {found[1] for line in lines if (found := re.match(r"([a-z][a-z-]*):(?!=)", line))}


def test_the_roles_page_shows_exactly_what_is_granted():
    table = rows((PROJECT / "docs" / "roles.md").read_text())
    head = next(row for row in table if row[0] == "Permission" and f"`{Role.ADMIN.value}`" in row)
    roles = [Role(cell.strip("`")) for cell in head[1:]]
    permissions = {f"`{permission.value}`": permission for permission in Permission}
    shown = {permissions[row[0]]: row[1:] for row in table if row[0] in permissions and len(row) == len(head)}
    assert set(roles) == set(GRANTS)
    assert set(shown) == set(Permission)
    assert {cell for cells in shown.values() for cell in cells} <= {"yes", "no"}
    granted = {
        role: {permission for permission, cells in shown.items() if cells[position] == "yes"}
        for position, role in enumerate(roles)
    }
    assert granted == {role: set(permissions) for role, permissions in GRANTS.items()}


def test_the_readme_names_every_make_target_and_no_other():
    assert set(re.findall(r"make ([a-z][a-z-]*)`", README.read_text())) | {"run", "test"} == make_targets()


@pytest.mark.parametrize("path", TEXTS, ids=named)
def test_every_make_command_in_the_docs_exists(path):
    quoted = re.findall(r"(?:`|^)(?:AM_\w+=\S+ )*make ([a-z][a-z-]*)", path.read_text(), re.MULTILINE)
    assert set(quoted) <= make_targets()


@pytest.mark.parametrize("path", TEXTS, ids=named)
def test_every_relative_link_leads_somewhere(path):
    for link in LINK.findall(path.read_text()):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), f"{named(path)} links to {link}"
        assert not anchor or anchor in heading_anchors(target), f"{named(path)} links to {link}"


def test_every_page_of_the_docs_is_reached_from_the_readme():
    assert {f"docs/{path.name}" for path in DOCS} <= set(LINK.findall(README.read_text()))


@pytest.mark.parametrize("kind", ACTIONS)
def test_every_action_is_described_with_its_permission_and_its_steps(kind):
    text = (PROJECT / "docs" / "actions.md").read_text()
    found = re.search(rf"^## {kind}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"docs/actions.md has no section “## {kind}”"
    action = ACTIONS[kind]
    assert f"`{action.permission}`" in found[1]
    assert re.findall(r"^\d+\. `([^`]+)`:", found[1], re.MULTILINE) == [step.name for step in action.steps]


@pytest.mark.parametrize("path", TEXTS, ids=named)
def test_no_text_names_a_path_of_one_machine(path):
    assert not MACHINE_PATH.findall(path.read_text())


# The worked examples of CONTRIBUTING.md add settings of their own.
@pytest.mark.parametrize("path", [path for path in TEXTS if path != CONTRIBUTING], ids=named)
def test_every_setting_in_the_docs_exists(path):
    from lib.settings import Settings

    known = {f"AM_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"\bAM_[A-Z_]+[A-Z]\b", path.read_text())) <= known | {"AM_ZUORA"}


def test_the_readme_shows_the_sign_ins_and_the_accounts_of_the_demo():
    shown = rows(README.read_text())
    sign_ins = {(row[0], row[1]) for row in shown if len(row) == 4}
    assert {(f"`{one.username}`", f"`{one.password}`") for one in DEMO_SIGN_INS} <= sign_ins
    assert {row[0] for row in shown if row[0].isdigit()} == set(notable().values())
