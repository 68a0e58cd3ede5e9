"""What a step is given, what it may write down on its way, and what it reports."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from lib.services import Services
from lib.store.runs import Run


class StepReport(BaseModel):
    """How a step ended well: something was done to `count` items, or there was nothing to do."""

    model_config = ConfigDict(frozen=True)

    outcome: Literal["done", "nothing"]
    text: str
    count: int = 1
    before: str | None = None
    after: str | None = None
    request_ids: tuple[str, ...] = ()


class Journal(Protocol):
    """Where a step writes down how far it is and what it did to each item."""

    def tell(self, done: int, total: int) -> None:
        """`done` of `total` items are dealt with."""

    def keep(self, facts: Mapping[str, Any]) -> None:
        """Facts that a later attempt at the step must know."""

    def itemise(self, items: Iterable[tuple[str, str]]) -> None:
        """What was done to these items."""

    def reword(self, before: str, after: str) -> None:
        """In the words of every item of the step, `after` for `before`."""


@dataclass(frozen=True)
class Job:
    """One attempt at one step of a run. `key` names the step of this run: a repeat carries the same key."""

    services: Services
    run: Run
    step: str
    key: str
    repeated: bool = False
    """True when an earlier attempt began and its end was not recorded: the work may already be there."""
    again: bool = False
    """True when this step was begun before, however that ended: what the plan says may be out of date."""
    age: timedelta = timedelta()
    """How long ago this step was begun for the first time."""
    kept: Mapping[str, Any] = field(default_factory=dict)
    """What earlier attempts at this step kept for later ones."""
    journal: Journal | None = None

    @property
    def run_id(self) -> str:
        """The id of the run, which people quote."""
        return self.run.id

    @property
    def account(self) -> str:
        """The number of the account it is done to."""
        return self.run.account

    @property
    def params(self) -> Mapping[str, Any]:
        """What was asked for."""
        return self.run.params

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the plan was made from."""
        facts: Mapping[str, Any] = self.run.plan["facts"]
        return facts

    @property
    def actor(self) -> str:
        """The e-mail address of the person who started the run."""
        return self.run.actor

    @property
    def actor_name(self) -> str:
        """Their name."""
        return self.run.actor_name

    @property
    def reason(self) -> str | None:
        """Why they did it, as one of the reasons of the action; None where it asks for none."""
        return self.run.reason

    @property
    def note(self) -> str | None:
        """Why they did it, in their own words."""
        return self.run.note

    def keep(self, facts: Mapping[str, Any]) -> None:
        """Write facts into the audit now, for a later attempt at this step, which finds them in `kept`.

        They outlive a kill from the moment this returns.
        """
        if self.journal is not None:
            self.journal.keep(facts)

    def tell(self, done: int, total: int) -> None:
        """Say how far a long step is; the page shows it."""
        if self.journal is not None:
            self.journal.tell(done, total)

    def itemise(self, items: Iterable[tuple[str, str]]) -> None:
        """Keep what was done to each item, as (item, words). An item that is given again replaces what it said."""
        if self.journal is not None:
            self.journal.itemise(items)

    def reword(self, before: str, after: str) -> None:
        """Put `after` for `before` in the words of every item: what was to be done is done."""
        if self.journal is not None:
            self.journal.reword(before, after)

    def done(
        self,
        text: str,
        *,
        changed: bool,
        before: str | None,
        after: str | None,
        request_ids: tuple[str, ...] = (),
    ) -> StepReport:
        """Report one item: *done* when it was changed by this run, else *nothing to do*."""
        outcome: Literal["done", "nothing"] = "done" if changed or self.repeated else "nothing"
        return StepReport(
            outcome=outcome,
            text=text,
            count=1 if outcome == "done" else 0,
            before=before,
            after=after,
            request_ids=request_ids,
        )
