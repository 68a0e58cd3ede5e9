"""The receipt as one HTML page to keep or print: nothing in it is fetched from anywhere."""

from collections.abc import Iterable
from datetime import datetime
from html import escape

from lib.actions.engine.receipt import STATES, Receipt
from lib.domain.moments import exact_time
from lib.domain.status import REASON_WORDS

_STYLE = (
    "body{font:14px/1.45 sans-serif;margin:2em auto;max-width:60em;color:#1a2328;background:#fff}"
    "h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em}table{border-collapse:collapse;width:100%}"
    "td,th{border:1px solid #c9d3d6;padding:.35em .6em;text-align:left;vertical-align:top}th{background:#f1f5f6}"
    "dt{font-weight:bold;float:left;width:9em}dd{margin:0 0 .2em 9em}"
)


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
    rows = [
        (
            step.title,
            STATES[step.state] + (f" ({step.count:,})" if step.state == "done" else ""),
            step.text,
            step.before or "",
            step.after or "",
            _at(step.ended_at, zone),
            ", ".join(step.request_ids),
        )
        for step in receipt.progress.steps
    ]
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        "<dl>" + "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in facts if text) + "</dl>",
        _table(("Step", "Result", "What was done", "Before", "After", "Ended", "Request"), rows),
    ]
    for step in receipt.progress.steps:
        if items := receipt.items.get(step.name):
            parts += [f"<h2>{escape(step.title)}: {len(items):,}</h2>", _table(("Item", "What was done"), items)]
    return "\n".join([*parts, "</body></html>", ""])


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _at(moment: datetime | None, zone: str) -> str:
    return exact_time(moment, zone) if moment else ""
