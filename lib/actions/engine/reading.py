"""Reads runs, for pages and for the engine itself."""

from collections.abc import Mapping
from typing import Any

from lib.actions.engine.action import Action
from lib.actions.engine.errors import NotAllowed
from lib.actions.engine.progress import Progress, progress_of
from lib.actions.engine.receipt import Receipt, receipt_of
from lib.domain.audience import is_staff
from lib.domain.permissions import Identity
from lib.services import Services
from lib.store import audit, items, runs
from lib.store.runs import Run


class RunReader:
    """Reads runs. `reader` is the person who will see them; None is the engine itself.

    Every method with a reader raises `NotAllowed` for a customer's account admin, who sees no run.
    """

    def __init__(self, services: Services, actions: Mapping[str, Action[Any]]) -> None:
        self.services = services
        self.actions = actions

    def progress(self, run_id: str, reader: Identity | None = None) -> Progress:
        """Where the run is now, step by step.

        Raises:
            KeyError: there is no such run.
        """
        _require_reader(reader)
        with self.services.engine.connect() as connection:
            run = runs.get_run(connection, run_id)
            if run is None:
                raise KeyError(run_id)
            # A run of an action that this version no longer has keeps its names.
            titles = self.actions[run.kind].titles if run.kind in self.actions else {}
            return progress_of(run, audit.events_of_run(connection, run_id), titles)

    def receipt(self, run_id: str, reader: Identity | None = None) -> Receipt:
        """What was done: who, when, why, each step with before and after.

        Raises:
            KeyError: there is no such run.
        """
        progress = self.progress(run_id, reader)
        return receipt_of(
            progress, {step.name: self.items(run_id, step.name) for step in progress.steps if step.has_items}
        )

    def items(self, run_id: str, step: str, reader: Identity | None = None) -> list[tuple[str, str]]:
        """What the step did to each of its items, as (item, words)."""
        _require_reader(reader)
        with self.services.engine.connect() as connection:
            return items.items_of_step(connection, run_id, step)

    def open_run(self, account: str, reader: Identity | None = None) -> Run | None:
        """The run that holds this account now, or None."""
        _require_reader(reader)
        with self.services.engine.connect() as connection:
            return runs.open_run(connection, account)

    def open_runs(self, account: str, reader: Identity | None = None) -> list[Run]:
        """Every open run on this account: the one that holds it, and one that changes a contact at the same time."""
        _require_reader(reader)
        with self.services.engine.connect() as connection:
            return runs.open_runs(connection, account)

    def undo_params(self, run: Run, actor: Identity) -> dict[str, Any] | None:
        """The params that undo this run; None when it cannot be undone now, or not by this person."""
        action = self.actions.get(run.kind)
        if action is None or run.state != "done" or not actor.may(action.permission, run.account):
            return None
        return action.undo(self.services, run)


def _require_reader(reader: Identity | None) -> None:
    """Raise unless this person may see runs."""
    if reader is not None and not is_staff(reader):
        raise NotAllowed("Nothing is shown: only our staff can see what our staff did.")
