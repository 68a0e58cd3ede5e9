"""Where a run is: its row and its events, folded into one line per step."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from lib.actions.catalogue import ACTIONS
from lib.store.audit import Event
from lib.store.runs import Run

StepState = Literal["waiting", "running", "done", "nothing", "failed", "not done"]


class StepProgress(BaseModel):
    """One step: how it stands, and in which words it ended."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    state: StepState
    text: str = ""
    count: int = 0
    before: str | None = None
    after: str | None = None
    request_ids: tuple[str, ...] = ()
    began_at: datetime | None = None
    ended_at: datetime | None = None
    attempts: int = 0
    items_done: int | None = None
    items_total: int | None = None
    """How far a long step under way is."""
    has_items: bool = False


class Progress(BaseModel):
    """A run and its steps, at this moment."""

    model_config = ConfigDict(frozen=True)

    run: Run
    steps: tuple[StepProgress, ...]
    abandoned_by: str | None = None
    abandon_reason: str | None = None

    @property
    def finished(self) -> int:
        """How many steps have ended well."""
        return sum(step.state in ("done", "nothing") for step in self.steps)


def progress_of(run: Run, events: Sequence[Event]) -> Progress:
    """Fold the events of the run, oldest first, into its steps."""
    given_up = next((event for event in events if event.phase == "abandoned"), None)
    return Progress(
        run=run,
        steps=tuple(_step(run, name, [event for event in events if event.step == name]) for name in run.steps),
        abandoned_by=given_up.actor if given_up else None,
        abandon_reason=given_up.details.get("reason") if given_up else None,
    )


def _step(run: Run, name: str, events: Sequence[Event]) -> StepProgress:
    titles = {step.name: step.title for step in ACTIONS[run.kind].steps} if run.kind in ACTIONS else {}
    begun = [event for event in events if event.phase == "begin"]
    step = StepProgress(
        name=name,
        title=titles.get(name, name),
        state="waiting" if run.is_open else "not done",
        attempts=len(begun),
        began_at=begun[0].at if begun else None,
    )
    if not events:
        return step
    last = events[-1]
    if last.phase == "progress":
        step = step.model_copy(
            update={"items_done": last.details["done"], "items_total": last.details["total"]},
        )
    if last.phase in ("begin", "progress"):
        # A failed run never has a step under way: the process ended before the outcome was written.
        state: StepState = "running" if run.state == "running" else "failed"
        return step.model_copy(update={"state": state})
    if last.phase == "failed":
        again = run.state == "running"
        return step.model_copy(
            update={
                "state": "waiting" if again else "failed",
                "text": last.details.get("error", ""),
                "ended_at": last.at,
            }
        )
    report = last.details
    return step.model_copy(
        update={
            "state": report["outcome"],
            "text": report["text"],
            "count": report["count"],
            "before": report["before"],
            "after": report["after"],
            "request_ids": tuple(report["request_ids"]),
            "ended_at": last.at,
            "has_items": "items" in report,
        }
    )
