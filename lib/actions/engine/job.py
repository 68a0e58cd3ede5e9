"""What a step is given, what it may write down on its way, and what it reports."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

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


class Journal:
    """Where a step writes down how far it is and what it did to each item. This one forgets everything."""

    def progress(self, done: int, total: int) -> None:
        """`done` of `total` items are finished; the page shows it."""

    def keep(self, facts: Mapping[str, Any]) -> None:
        """Write facts into the audit now. A later attempt at this step finds them in `Job.kept`, also after a kill."""

    def itemise(self, items: Iterable[tuple[str, str]]) -> None:
        """Keep what was done to each item, as (item, words). An item that is given again gets the new words."""

    def reword(self, before: str, after: str) -> None:
        """Replace `before` by `after` in the words of every item of the step."""


@dataclass(frozen=True)
class Job:
    """One attempt at one step of a run. `key` names the step of this run: a repeat has the same key."""

    services: Services
    run: Run
    step: str
    key: str
    repeated: bool = False
    """True when an earlier attempt began and its end was not recorded: the work may have been done."""
    again: bool = False
    """True when this step was begun before, however that ended: the plan may be out of date."""
    age: timedelta = timedelta()
    """How long ago this step was begun for the first time."""
    kept: Mapping[str, Any] = field(default_factory=dict)
    """What earlier attempts at this step kept for later ones."""
    journal: Journal = field(default_factory=Journal)

    @property
    def account(self) -> str:
        """The number of the account that the run belongs to."""
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

    def done(
        self, text: str, *, changed: bool, before: str | None, after: str | None, request_ids: tuple[str, ...] = ()
    ) -> StepReport:
        """Report one item: *done* when this run changed it, else *nothing to do*."""
        done = changed or self.repeated
        return StepReport(
            outcome="done" if done else "nothing",
            text=text,
            count=int(done),
            before=before,
            after=after,
            request_ids=request_ids,
        )
