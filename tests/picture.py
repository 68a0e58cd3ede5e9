"""`make picture`: draw the layers of the code and who imports whom, from the imports.

An arrow is left out where other arrows lead to the same place: a package may also import what its imports import. The
layers come from the contracts in pyproject.toml.
"""

import ast
import tomllib
from dataclasses import dataclass
from html import escape
from pathlib import Path

import grimp

from lib.settings import PROJECT

PICTURE = PROJECT / "docs" / "images" / "architecture.svg"
SCRIPTS = "Home.py, server.py"
WIDTH, HEIGHT, BOX, BOX_HEIGHT = 880, 72, 220, 50
COLUMNS = (40, 330, 620)
# Where each package is in its layer (0 is left), and what is in it.
ROOMS = {
    SCRIPTS: (1, "what Streamlit starts"),
    "lib.__main__": (2, "python -m lib"),
    "pages": (0, "one script for each page"),
    "lib.commands": (2, "what is done from a terminal"),
    "lib.ui": (0, "frame · sections · runs · widgets"),
    "lib.web": (0, "what comes before Streamlit"),
    "lib.app": (1, "one started process"),
    "lib.demo": (2, "made-up accounts"),
    "lib.actions": (1, "catalogue · actions · engine"),
    "lib.services": (0, "what actions work with"),
    "lib.clients": (0, "Zuora, SBC, mail"),
    "lib.store": (1, "the Hub database, SQL, audit"),
    "lib.standins": (2, "servers that stand in for them"),
    "lib.domain": (1, "values and rules, no I/O"),
    "lib.logs": (0, "what a log may say"),
    "lib.settings": (0, "AM_* variables"),
    "lib.email_addresses": (1, "what an e-mail address is"),
    "lib.published": (2, "lists that others publish"),
    "lib.private": (1, "files for their owner alone"),
    "lib.patience": (0, "how long a client waits"),
}
# Arrows that go around the boxes in between, with the x at which they go down.
ROUND = {
    ("lib.app", "lib.logs"): 24,
    ("lib.services", "lib.settings"): 12,
    ("lib.store", "lib.settings"): 295,
    ("lib.standins", "lib.private"): WIDTH - 20,
}
STYLE = """
  .ground { fill: #ffffff } .box { fill: #f3f5f8; stroke: #8a94a6 } .name { fill: #16202e } .what { fill: #4d5a6c }
  .way { stroke: #5b6b80; fill: none } .head { fill: #5b6b80 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0e1117 } .box { fill: #1c2330; stroke: #56637a } .name { fill: #eef2f8 } .what { fill: #a9b5c6 }
    .way { stroke: #8796ac } .head { fill: #8796ac }
  }
  text { font: 12px system-ui, sans-serif } .name { font: 600 14px ui-monospace, monospace }
"""


@dataclass(frozen=True)
class Box:
    """Where a package is drawn."""

    x: int
    y: int

    @property
    def middle(self) -> int:
        return self.x + BOX // 2


def floors() -> list[list[str]]:
    """The packages of each layer, the highest first."""
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [one["layers"] for one in contracts if one["name"].startswith("The floors")]
    return [[room.strip() for room in layer.split("|")] for layer in layers]


def imports() -> dict[str, set[str]]:
    """Which packages each package imports from."""
    graph = grimp.build_graph("lib", "pages")
    found: dict[str, set[str]] = {SCRIPTS: set()}
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            found.setdefault(_room(module), set()).add(_room(imported))
    for script in SCRIPTS.split(", "):
        found[SCRIPTS] |= {_room(name) for name in _imported_by(PROJECT / script) if name.startswith("lib.")}
    return {room: others - {room} for room, others in found.items()}


def arrows(found: dict[str, set[str]]) -> list[tuple[str, str]]:
    """The imports that do not follow from others."""
    return [
        (room, other)
        for room, others in sorted(found.items())
        for other in sorted(others)
        if other not in _reached(found, room, without=other)
    ]


def draw() -> str:
    """The picture as SVG, in light or dark as the reader's browser asks."""
    rows = floors()
    rows[0].append(SCRIPTS)
    boxes = {room: Box(COLUMNS[ROOMS[room][0]], 16 + at * HEIGHT) for at, row in enumerate(rows) for room in row}
    height = 16 + len(rows) * HEIGHT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        "<title>The floors of the code: each imports from floors below it alone</title>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
        f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
        *(_way(boxes[room], boxes[other], ROUND.get((room, other))) for room, other in arrows(imports())),
        *(part for room, box in boxes.items() for part in _box(room, box)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _room(module: str) -> str:
    parts = module.split(".")
    return parts[0] if parts[0] == "pages" else ".".join(parts[:2])


def _imported_by(script: Path) -> list[str]:
    nodes = list(ast.walk(ast.parse(script.read_text())))
    whole = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    parts = [
        f"{node.module}.{alias.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    ]
    return whole + parts


def _reached(found: dict[str, set[str]], start: str, *, without: str) -> set[str]:
    seen: set[str] = set()
    ahead = list(found[start] - {without})
    while ahead:
        room = ahead.pop()
        if room not in seen:
            seen.add(room)
            ahead += found.get(room, ())
    return seen


def _box(room: str, box: Box) -> list[str]:
    return [
        f'<rect class="box" x="{box.x}" y="{box.y}" width="{BOX}" height="{BOX_HEIGHT}" rx="6"/>',
        f'<text class="name" x="{box.middle}" y="{box.y + 21}" text-anchor="middle">{escape(room)}</text>',
        f'<text class="what" x="{box.middle}" y="{box.y + 39}" text-anchor="middle">{escape(ROOMS[room][1])}</text>',
    ]


def _way(start: Box, end: Box, round_: int | None) -> str:
    if round_ is not None:
        out, in_ = (box.x if round_ < box.x else box.x + BOX for box in (start, end))
        path = f"M{out} {start.y + BOX_HEIGHT // 2}H{round_}V{end.y + BOX_HEIGHT // 2}H{in_}"
    else:
        aside = max(-90, min(90, (end.x - start.x) // 3))
        path = f"M{start.middle + aside} {start.y + BOX_HEIGHT}L{end.middle - aside} {end.y}"
    return f'<path class="way" d="{path}" marker-end="url(#head)"/>'


if __name__ == "__main__":
    PICTURE.write_text(draw())
