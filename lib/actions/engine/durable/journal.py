"""What one attempt at a step writes down: its events in the audit, and what it did to each item."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Engine

from lib.actions.engine.job import Journal
from lib.store import audit, runs
from lib.store.audit import Event
from lib.store.engine import writing
from lib.store.items import keep_items, reword_items
from lib.store.runs import Run

PROGRESS_SECONDS = 1.0
"""A long step's progress is written at most this often: every write adds an event to the audit."""
_KEPT = "kept"
"""The name in the details of an event."""


class StepJournal(Journal):
    """The journal of one attempt at one step."""

    def __init__(self, engine: Engine, run: Run, step: str, executor: str) -> None:
        self._engine = engine
        self._run = run
        self._step = step
        self._executor = executor
        self._written_at = time.monotonic()
        self._far = {"done": 0, "total": 0}

    def keep(self, facts: Mapping[str, Any]) -> None:
        """See `Journal.keep`."""
        self._write(self._far | {_KEPT: dict(facts)})

    def progress(self, done: int, total: int) -> None:
        """See `Journal.progress`."""
        self._far = {"done": done, "total": total}
        if time.monotonic() - self._written_at >= PROGRESS_SECONDS:
            self._written_at = time.monotonic()
            self._write(self._far)

    def itemise(self, items: Iterable[tuple[str, str]]) -> None:
        """See `Journal.itemise`."""
        with writing(self._engine) as connection:
            keep_items(connection, self._run.id, self._step, items)

    def reword(self, before: str, after: str) -> None:
        """See `Journal.reword`."""
        with writing(self._engine) as connection:
            reword_items(connection, self._run.id, self._step, before, after)

    def _write(self, details: dict[str, Any]) -> None:
        with writing(self._engine) as connection:
            runs.touch_run(connection, self._run.id)
            append(connection, self._run, "progress", details, executor=self._executor, step=self._step)


def append(
    connection: Connection,
    run: Run,
    phase: str,
    details: dict[str, Any],
    *,
    executor: str,
    step: str | None = None,
    actor: str | None = None,
) -> None:
    """Add an event of this run to the audit. `actor` is the person who started the run unless given."""
    audit.append_event(
        connection,
        kind=run.kind,
        phase=phase,
        actor=actor or run.actor,
        run_id=run.id,
        account=run.account,
        step=step,
        details=details,
        executor=executor,
    )


def kept_by(events: Iterable[Event]) -> dict[str, Any]:
    """Everything that earlier attempts kept. Of two values with one name the later one counts."""
    kept: dict[str, Any] = {}
    for event in events:
        kept |= event.details.get(_KEPT, {})
    return kept
