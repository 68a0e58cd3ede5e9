"""The receipt as one HTML page to keep or print: nothing in it is fetched from anywhere."""

from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from lib.actions.engine.receipt import Receipt, result_words
from lib.domain.moments import exact_time
from lib.domain.status import REASON_WORDS

_FOLDER = Path(__file__).parent / "templates"


def receipt_page(receipt: Receipt, zone: str) -> str:
    """The whole page, times in `zone`. Every text is escaped: a customer's name stays a name."""
    run = receipt.progress.run
    title = f"{receipt.verdict}: {run.plan.get('title', run.kind)}"
    facts = [
        ("Account", run.account),
        ("By", f"{run.actor_name} ({run.actor})"),
        ("Started", exact_time(run.created_at, zone)),
        ("Ended", _at(run.closed_at, zone)),
        ("Reason", REASON_WORDS.get(run.reason, run.reason) if run.reason else ""),
        ("Note", run.note or ""),
        ("What stopped it", run.error or ""),
        ("Abandoned by", receipt.progress.abandoned_by or ""),
        ("Because", receipt.progress.abandon_reason or ""),
        ("Receipt", run.id),
    ]
    steps = [
        (
            step.title,
            result_words(step),
            step.text,
            step.before or "",
            step.after or "",
            _at(step.ended_at, zone),
            ", ".join(step.request_ids),
        )
        for step in receipt.progress.steps
    ]
    lists = [
        (f"{step.title}: {len(items):,}", items)
        for step in receipt.progress.steps
        if (items := receipt.items.get(step.name))
    ]
    return _template().render(title=title, facts=facts, steps=steps, lists=lists)


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


def _at(moment: datetime | None, zone: str) -> str:
    return exact_time(moment, zone) if moment else ""
