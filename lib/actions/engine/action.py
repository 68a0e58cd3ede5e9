"""What an action is made of: the plan a person reads, the steps that carry it out, and what each step reports.

A new action is one file: a subclass of `Action` that drafts its plan and lists its steps, entered in the catalogue.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from lib.actions.engine.plan import Confirmation, Draft, Plan, Weight
from lib.domain.permissions import Identity, Permission
from lib.services import Services
from lib.store.runs import ACCOUNT, Run


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
        """So many of so many items are dealt with."""

    def keep(self, facts: Mapping[str, Any]) -> None:
        """Facts that a later attempt at the step must know."""

    def itemise(self, items: Iterable[tuple[str, str]]) -> None:
        """What was done to these items."""

    def reword(self, before: str, after: str) -> None:
        """In the words of every item of the step, `after` for `before`."""


@dataclass(frozen=True)
class Job:
    """What a step is given. `key` names this step of this run: a repeat carries the same key."""

    services: Services
    run_id: str
    step: str
    account: str
    params: Mapping[str, Any]
    facts: Mapping[str, Any]
    key: str
    repeated: bool
    """True when an earlier attempt began and its end was not recorded: the work may already be there."""
    again: bool = False
    """True when this step was begun before, however that ended: what the plan says may be out of date."""
    actor: str = ""
    actor_name: str = ""
    reason: str | None = None
    note: str | None = None
    journal: Journal | None = None
    age: timedelta = timedelta()
    """How long ago this step was begun for the first time."""
    kept: Mapping[str, Any] = field(default_factory=dict)
    """What earlier attempts at this step kept for later ones."""

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
        """Keep what was done to each item, as (item, words). An item told again replaces what was told before."""
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


@dataclass(frozen=True)
class Step:
    """One named, idempotent piece of an action: do, read back, compare."""

    name: str
    title: str
    run: Callable[[Job], StepReport]


@dataclass(frozen=True)
class Wish:
    """What somebody wants: the account, the params of the action as given, and who asks."""

    account: str
    params: Mapping[str, Any]
    actor: Identity


Found = TypeVar("Found")


class Action(Generic[Found]):
    """One thing that can be done to an account. `Found` is what its look finds."""

    kind: ClassVar[str]
    verb: ClassVar[str]
    permission: ClassVar[Permission]
    weight: ClassVar[Weight]
    steps: ClassVar[tuple[Step, ...]]
    lane: ClassVar[str] = ACCOUNT
    """`CONTACTS` for what may be done while another run of the account waits for Resume or Abandon."""

    def look(self, services: Services, wish: Wish) -> Found:
        """Read everything the decision needs, from the Hub and the outside systems. Changes nothing.

        Raises:
            RemoteError: only where there is nothing to decide without it; what could not be read belongs in `Found`.
        """
        raise NotImplementedError

    def decide(self, found: Found, wish: Wish) -> Draft:
        """What would happen: effects, warnings, blockers. Pure: the same for the same values, and no I/O."""
        raise NotImplementedError

    def draft(self, services: Services, account: str, params: Mapping[str, Any], actor: Identity) -> Draft:
        """Read live state and say what would happen. Changes nothing.

        Raises:
            RemoteError: see `look`.
        """
        wish = Wish(account, params, actor)
        return self.decide(self.look(services, wish), wish)

    def undo(self, services: Services, run: Run) -> dict[str, Any] | None:
        """The params of this same action that take back a run that is done, while its value still stands.

        None when the action cannot be undone, or somebody changed the value since. The default is None.
        """
        return None

    def lacking(self, plan: Plan, given: Confirmation) -> str | None:
        """What the confirmation lacks, as a sentence; None when it will do. The default asks for nothing."""
        return None

    def normalise(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The params in the spelling that will be stored; the default keeps them as given."""
        return dict(params)

    def step(self, name: str) -> Step:
        """The step with this name.

        Raises:
            KeyError: a run was planned with a step that this version no longer has.
        """
        return {step.name: step for step in self.steps}[name]


def new_run_id(kind: str, account: str) -> str:
    """An id a person can quote: what, where, and eight letters that make it unique."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return f"{kind}-{account}-{''.join(secrets.choice(letters) for _ in range(8))}"
