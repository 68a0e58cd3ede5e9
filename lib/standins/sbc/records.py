"""One auth rule as the stand-in stores it, and one change as it logs it."""

from dataclasses import dataclass
from typing import Protocol


class Rule(Protocol):
    """What a rule must have to be loaded."""

    @property
    def number(self) -> str: ...  # noqa: D102
    @property
    def account(self) -> str: ...  # noqa: D102
    @property
    def state(self) -> str: ...  # noqa: D102
    @property
    def trunk(self) -> str: ...  # noqa: D102
    @property
    def revision(self) -> int: ...  # noqa: D102


@dataclass(frozen=True)
class RuleRecord:
    """One rule. `number` is "+" and E.164 digits, `state` "allowed" or "suspended"."""

    number: str
    account: str
    state: str = "allowed"
    trunk: str = "syd-1"
    revision: int = 1


@dataclass(frozen=True)
class Change:
    """A line of the log: `what` is "written" or "deleted". The rest is what the request said."""

    what: str
    received: int
    applied: int
    actor: str
    request: str
