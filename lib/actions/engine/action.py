"""What an action is made of: the plan a person reads, the steps that carry it out, and what each step reports.

A new action is one file: a subclass of `Action` that looks, decides and lists its steps, entered in the catalogue.
"""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from lib.actions.engine.job import Job, StepReport
from lib.actions.engine.plan import Confirmation, Draft, Plan
from lib.domain.permissions import Identity, Permission
from lib.services import Services
from lib.store.runs import ACCOUNT, Run

__all__ = ["Action", "Job", "Step", "StepReport", "Wish", "new_run_id"]


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


class Action(ABC, Generic[Found]):
    """One thing that can be done to an account. `Found` is what `look` returns."""

    kind: ClassVar[str]
    verb: ClassVar[str]
    permission: ClassVar[Permission]
    steps: ClassVar[tuple[Step, ...]]
    hard: ClassVar[bool] = False
    """True when the account's number has to be typed, and `AM_FOUR_EYES` asks for a second person."""
    lane: ClassVar[str] = ACCOUNT
    """`CONTACTS` for what may be done while another run of the account waits for Resume or Abandon."""

    @abstractmethod
    def look(self, services: Services, wish: Wish) -> Found:
        """Read everything the decision needs, from the Hub and the outside systems. Changes nothing.

        Raises:
            RemoteError: only where there is nothing to decide without it; what could not be read belongs in `Found`.
        """

    @abstractmethod
    def decide(self, found: Found, wish: Wish) -> Draft:
        """What would happen: effects, warnings, blockers. Pure: the same for the same values, and no I/O."""

    def undo(self, services: Services, run: Run) -> dict[str, Any] | None:
        """The params that undo a finished run; None (the default) when it cannot be undone or the value has changed."""
        return None

    def lacking(self, plan: Plan, given: Confirmation) -> str | None:
        """What the confirmation still needs, as a sentence; None when it is complete. The default asks for nothing."""
        return None

    def normalise(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The params in the spelling that will be stored; the default keeps them as given."""
        return dict(params)

    @property
    def titles(self) -> dict[str, str]:
        """The title of each step by its name."""
        return {step.name: step.title for step in self.steps}


def new_run_id(kind: str, account: str) -> str:
    """An id a person can quote: what, where, and eight letters that make it unique."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return f"{kind}-{account}-{''.join(secrets.choice(letters) for _ in range(8))}"
