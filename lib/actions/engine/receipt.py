"""The receipt of a run: what to show, and what to paste into a ticket."""

from collections.abc import Mapping

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
_RESULTS = {
    "waiting": "Waiting",
    "running": "Under way",
    "done": "Done",
    "nothing": "Nothing to do",
    "failed": "Failed",
    "not done": "Not done",
}


class Receipt(BaseModel):
    """A run as it is shown afterwards: who, when, why, and each step with before and after."""

    model_config = ConfigDict(frozen=True)

    progress: Progress
    verdict: str
    items: dict[str, list[tuple[str, str]]] = {}
    """Step name -> what was done to each of its items."""

    def markdown(self, zone: str) -> str:
        """The receipt for a ticket, with times in `zone`. Markup characters are escaped, so a name stays text."""
        run = self.progress.run
        lines = [
            f"**{self.verdict}: {_inline(run.plan.get('title', run.kind))}**",
            "",
            f"- Account: {run.account}",
            f"- By: {_inline(run.actor_name)} ({run.actor})",
            f"- Started: {exact_time(run.created_at, zone)}",
        ]
        if run.closed_at:
            lines.append(f"- Ended: {exact_time(run.closed_at, zone)}")
        if run.reason:
            lines.append(f"- Reason: {_inline(REASON_WORDS.get(run.reason, run.reason))}")
        if run.note:
            lines.append(f"- Note: {_inline(run.note)}")
        if run.error:
            lines.append(f"- What stopped it: {_inline(run.error)}")
        if self.progress.abandoned_by:
            lines.append(f"- Abandoned by {self.progress.abandoned_by}: {_inline(self.progress.abandon_reason or '')}")
        lines += [
            f"- Receipt: {run.id}",
            "",
            "| Step | Result | What was done | Before | After | Request |",
            "|---|---|---|---|---|---|",
        ]
        lines += [_row(step) for step in self.progress.steps]
        for step in self.progress.steps:
            lines += _items(step, self.items.get(step.name, []))
        return "\n".join(lines) + "\n"


def receipt_of(progress: Progress, items: Mapping[str, list[tuple[str, str]]] | None = None) -> Receipt:
    """The receipt of a run as far as it got, with the items of its steps by step name."""
    return Receipt(progress=progress, verdict=VERDICTS[progress.run.state], items=dict(items or {}))


def result_words(step: StepProgress) -> str:
    """The result of a step, with the number of things it was done to: "Done · 8"."""
    return _RESULTS[step.state] + (f" · {step.count:,}" if step.state == "done" else "")


def _items(step: StepProgress, items: list[tuple[str, str]]) -> list[str]:
    if not items:
        return []
    listed = [f"- {_inline(item)}: {_inline(text)}" for item, text in items[:TICKET_ITEMS]]
    more = [f"- and {len(items) - TICKET_ITEMS:,} more, on the receipt itself"] if len(items) > TICKET_ITEMS else []
    return ["", f"{step.title}:", "", *listed, *more]


def _row(step: StepProgress) -> str:
    cells = [
        step.title,
        result_words(step),
        step.text,
        step.before or "",
        step.after or "",
        ", ".join(step.request_ids),
    ]
    return "| " + " | ".join(_inline(cell) for cell in cells) + " |"


def _inline(text: str) -> str:
    """Text as text: no markup of the customer's name may become markup of the ticket."""
    flat = " ".join(text.split())
    for character in "\\`*_[]<>|#":
        flat = flat.replace(character, f"\\{character}")
    return flat
