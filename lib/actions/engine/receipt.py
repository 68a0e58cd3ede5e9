"""The receipt of a run: what to show, and what to paste into a ticket."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from lib.actions.engine.progress import Progress, StepProgress
from lib.domain.moments import exact_time
from lib.domain.status import REASON_WORDS

TICKET_ITEMS = 200
"""At most this many items of a step are listed for a ticket."""
VERDICTS = {
    "running": "Under way",
    "failed": "Failed: waiting for Resume or Abandon",
    "done": "Done",
    "abandoned": "Abandoned",
}
STATES = {
    "waiting": "Waiting",
    "running": "Under way",
    "done": "Done",
    "nothing": "Nothing to do",
    "failed": "Failed",
    "not done": "Not done",
}
COLUMNS = ("Step", "Result", "What was done", "Before", "After", "Ended", "Request")


class Receipt(BaseModel):
    """A run as it is shown afterwards: who, when, why, and each step with before and after."""

    model_config = ConfigDict(frozen=True)

    progress: Progress
    verdict: str
    items: dict[str, list[tuple[str, str]]] = {}
    """Step name -> what was done to each of its items."""

    @property
    def title(self) -> str:
        """How the run ended, and what it was."""
        run = self.progress.run
        return f"{self.verdict}: {run.plan.get('title', run.kind)}"

    def facts(self, zone: str) -> list[tuple[str, str]]:
        """Who, when and why, as (name, text), with times in `zone`. Nothing is empty."""
        run, progress = self.progress.run, self.progress
        facts = [
            ("Account", run.account),
            ("By", f"{run.actor_name} ({run.actor})"),
            ("Started", exact_time(run.created_at, zone)),
            ("Ended", _at(run.closed_at, zone)),
            ("Reason", REASON_WORDS.get(run.reason, run.reason) if run.reason else ""),
            ("Note", run.note or ""),
            ("What stopped it", run.error or ""),
            ("Abandoned by", progress.abandoned_by or ""),
            ("Reason to abandon it", progress.abandon_reason or ""),
            ("Receipt", run.id),
        ]
        return [(name, text) for name, text in facts if text]

    def steps(self, zone: str) -> list[tuple[str, ...]]:
        """One row of `COLUMNS` for each step, with times in `zone`."""
        return [
            (
                step.title,
                result_of(step),
                step.text,
                step.before or "",
                step.after or "",
                _at(step.ended_at, zone),
                ", ".join(step.request_ids),
            )
            for step in self.progress.steps
        ]

    def listed(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The title of each step that has items, and these."""
        return [(step.title, items) for step in self.progress.steps if (items := self.items.get(step.name))]

    def markdown(self, zone: str) -> str:
        """The receipt for a ticket, with times in `zone`. Markup characters are escaped, so a name stays text."""
        lines = [f"**{_inline(self.title)}**", ""]
        lines += [f"- {name}: {_inline(text)}" for name, text in self.facts(zone)]
        lines += ["", _row(COLUMNS), "|---" * len(COLUMNS) + "|"]
        lines += [_row(map(_inline, step)) for step in self.steps(zone)]
        for title, items in self.listed():
            lines += ["", f"{title}:", ""]
            lines += [f"- {_inline(item)}: {_inline(text)}" for item, text in items[:TICKET_ITEMS]]
            if (more := len(items) - TICKET_ITEMS) > 0:
                lines.append(f"- and {more:,} more, on the receipt itself")
        return "\n".join(lines) + "\n"


def receipt_of(progress: Progress, items: Mapping[str, list[tuple[str, str]]] | None = None) -> Receipt:
    """The receipt of a run as far as it got, with the items of its steps by step name."""
    return Receipt(progress=progress, verdict=VERDICTS[progress.run.state], items=dict(items or {}))


def result_of(step: StepProgress) -> str:
    """How the step ended, with the number of items it changed: "Done · 8"."""
    return f"{STATES[step.state]} · {step.count:,}" if step.state == "done" else STATES[step.state]


def _at(moment: datetime | None, zone: str) -> str:
    return exact_time(moment, zone) if moment else ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _inline(text: str) -> str:
    """Text as text: no markup of the customer's name may become markup of the ticket."""
    flat = " ".join(text.split())
    for character in "\\`*_[]<>|#":
        flat = flat.replace(character, f"\\{character}")
    return flat
