"""What every session border controller must offer, whoever made it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

RuleState = Literal["allowed", "suspended"]
RULES_A_REQUEST = 200
"""At most this many rules are sent in one request. Larger calls send several, one after another."""


@dataclass(frozen=True)
class AuthRule:
    """Whether calls of one number are allowed, and by which trunk.

    `number` is "+" and E.164 digits. `revision` is from 0 to 999,999,999 and grows with each change of the number:
    the SBC never replaces a rule by an older one.
    """

    number: str
    account: str
    state: RuleState
    trunk: str
    revision: int


@dataclass(frozen=True)
class HeldRule:
    """A rule as the SBC keeps it, and the one that calls use now, None where they find nothing."""

    rule: AuthRule
    live: AuthRule | None


@dataclass(frozen=True)
class PutResult:
    """How many rules the SBC received and applied. One that was not applied is older than what it has."""

    received: int
    applied: int


@dataclass(frozen=True)
class Health:
    """The SBC answers and reaches its database.

    `emergency` are the numbers that it connects whatever a rule says. It is empty where that is switched off, and None
    when the SBC does not say.
    """

    version: str
    emergency: tuple[str, ...] | None = None


class Sbc(Protocol):
    """Auth rules, read and changed by number. Every method raises `RemoteError` and nothing else.

    A change is one request or several, without a transaction around them: `maybe_done` of the error says whether a
    part of it may be in force. Every method may be called again.
    """

    def get_rules(self, numbers: Iterable[str], *, quick_seconds: float | None = None) -> dict[str, AuthRule | None]:
        """What calls use now for each of the numbers, None where there is no rule.

        `quick_seconds` is for a person who is waiting: one attempt for each request, for at most that long.
        """
        ...

    def rules_of_account(self, account: str, *, quick_seconds: float | None = None) -> list[HeldRule]:
        """Every rule that the SBC has for this account, by number."""
        ...

    def put_rules(self, rules: Iterable[AuthRule], *, actor: str, track: str) -> PutResult:
        """Create or replace the rules of these numbers.

        `actor` is who wants it. `track` appears in the SBC's log.
        """
        ...

    def delete_rules(
        self, numbers: Iterable[str], *, actor: str, track: str, revisions: Mapping[str, int] | None = None
    ) -> None:
        """Delete the rules of these numbers, where there are any.

        `revisions` has the highest revision to delete for a number: a newer rule stays, and an older one that arrives
        late is ignored. Without an entry it is the revision of the rule that is there.
        """
        ...

    def forget_rules(self, numbers: Iterable[str], *, actor: str, track: str) -> None:
        """Delete these rules and what is kept of their revisions, so that any revision is accepted again."""
        ...

    def kept_revisions(self, numbers: Iterable[str]) -> dict[str, int]:
        """The highest revision kept of each number, of a rule or a deletion. Others are left out."""
        ...

    def health(self, *, quick_seconds: float | None = None) -> Health:
        """Raises when the SBC could not make a change now. One attempt, for at most `quick_seconds`."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...
