"""Where a run is: one line per step, from its row and its events."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from lib.actions.engine.failure import Failure
from lib.actions.engine.job import StepReport
from lib.store.audit import Event
from lib.store.runs import Run

StepState = Literal["waiting", "running", "done", "nothing", "failed", "not done"]


class StepProgress(BaseModel):
    """One step: its state, and the words it ended with."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    state: StepState
    text: str = ""
    count: int = 0
    before: str | None = None
    after: str | None = None
    request_ids: tuple[str, ...] = ()
    """The outside systems' ids of the requests that did it, or that failed."""
    stopped_run: bool = False
    """True when the run waits, or was abandoned, because this step failed: the run's error is this step's text."""
    began_at: datetime | None = None
    ended_at: datetime | None = None
    attempts: int = 0
    items_done: int | None = None
    items_total: int | None = None
    """How far a long step is while it runs."""
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


def progress_of(run: Run, events: Sequence[Event], titles: Mapping[str, str]) -> Progress:
    """The steps of the run, made from its events, oldest first. `titles` are by the name of the step."""
    abandoned = next((event for event in events if event.phase == "abandoned"), None)
    stopped_by = _stopped_by(run, events)
    return Progress(
        run=run,
        steps=tuple(
            _step(run, name, titles.get(name, name), [event for event in events if event.step == name]).model_copy(
                update={"stopped_run": name == stopped_by}
            )
            for name in run.steps
        ),
        abandoned_by=abandoned.actor if abandoned else None,
        abandon_reason=abandoned.details.get("reason") if abandoned else None,
    )


def _stopped_by(run: Run, events: Sequence[Event]) -> str | None:
    """The step whose failure stopped the run; None when it is not stopped, or something else stopped it."""
    if run.state not in ("failed", "abandoned"):
        return None
    for event in reversed(events):
        if event.phase == "resumed":
            # A failure before that is not why it stopped this time.
            return None
        if event.step is not None:
            return event.step if event.phase == "failed" else None
    return None


def _step(run: Run, name: str, title: str, events: Sequence[Event]) -> StepProgress:
    begun = [event for event in events if event.phase == "begin"]
    step = StepProgress(
        name=name,
        title=title,
        state="waiting" if run.is_open else "not done",
        attempts=len(begun),
        began_at=begun[0].at if begun else None,
    )
    if not events:
        return step
    last = events[-1]
    if last.phase == "progress":
        step = step.model_copy(update={"items_done": last.details["done"], "items_total": last.details["total"]})
    if last.phase in ("begin", "progress"):
        # A failed run never has a step under way: the process ended before the outcome was written.
        state: StepState = "running" if run.state == "running" else "failed"
        return step.model_copy(update={"state": state})
    if last.phase == "failed":
        failure = Failure.model_validate(last.details)
        return step.model_copy(
            update={
                "state": "waiting" if run.state == "running" else "failed",
                "text": failure.error,
                "request_ids": failure.request_ids,
                "ended_at": last.at,
            }
        )
    report = StepReport.model_validate(last.details)
    ended = {"state": report.outcome, "ended_at": last.at, "has_items": "items" in last.details}
    return step.model_copy(update=report.model_dump(exclude={"outcome"}) | ended)
