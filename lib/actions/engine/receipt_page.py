"""The receipt as one HTML page to keep or print. It loads nothing from anywhere."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from lib.actions.engine.receipt import COLUMNS, Receipt

_FOLDER = Path(__file__).parent / "templates"


def receipt_page(receipt: Receipt, zone: str) -> str:
    """The whole page, with times in `zone`. Every text is escaped: a customer's name stays a name."""
    return _template().render(
        title=receipt.title,
        facts=receipt.facts(zone),
        columns=COLUMNS,
        steps=receipt.steps(zone),
        lists=receipt.listed(),
    )


@cache
def _template() -> Template:
    found = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    return found.get_template("receipt.html")
