"""What the Hub asks of a session border controller, whoever made it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

RuleState = Literal["allowed", "suspended"]
RULES_A_REQUEST = 200
"""At most this many rules travel in one request. Larger calls send several, one after another."""


@dataclass(frozen=True)
class AuthRule:
    """What calls of one number may do.

    `number` is "+" and E.164 digits, `revision` from 0 to 999,999,999. It grows per number: the SBC leaves a rule
    alone that it holds with a newer one.
    """

    number: str
    account: str
    state: RuleState
    trunk: str
    revision: int


@dataclass(frozen=True)
class HeldRule:
    """One rule as the SBC keeps it, and what calls use now for its number, None where they find nothing."""

    rule: AuthRule
    live: AuthRule | None


@dataclass(frozen=True)
class PutResult:
    """How many rules the SBC took in. For those not applied it keeps a newer revision and changed nothing."""

    received: int
    applied: int


@dataclass(frozen=True)
class Health:
    """The SBC answers and reaches its database.

    `emergency` are the numbers that it connects whatever a rule says, none of them where that is switched off; None
    when it does not say.
    """

    version: str
    emergency: tuple[str, ...] | None = None


class Sbc(Protocol):
    """Auth rules, read and changed by number. Every method raises `RemoteError` and nothing else.

    A change is one request or several, and no transaction holds them together: `maybe_done` of the error tells
    whether a part of it may be in force. All of them may be repeated.
    """

    def get_rules(self, numbers: Iterable[str], *, quick_seconds: float | None = None) -> dict[str, AuthRule | None]:
        """What calls use now, for each of the numbers; None where there is no rule.

        `quick_seconds` is for somebody who waits: one attempt for each request, and no wait longer than that.
        """
        ...

    def rules_of_account(self, account: str, *, quick_seconds: float | None = None) -> list[HeldRule]:
        """Every rule the SBC keeps under this account, by number."""
        ...

    def put_rules(self, rules: Iterable[AuthRule], *, actor: str, track: str) -> PutResult:
        """Make or replace the rules of these numbers.

        `actor` is who wants it, `track` is found again in the SBC's log.
        """
        ...

    def delete_rules(
        self, numbers: Iterable[str], *, actor: str, track: str, revisions: Mapping[str, int] | None = None
    ) -> None:
        """Leave these numbers without a rule, whether they have one or not.

        `revisions` says for a number up to which revision: a newer rule stays, and no rule up to it comes back, however
        late it arrives. Without one it is that of the rule that is there.
        """
        ...

    def forget_rules(self, numbers: Iterable[str], *, actor: str, track: str) -> None:
        """Delete these rules with all that is kept of their revisions, so that any revision is taken again."""
        ...

    def kept_revisions(self, numbers: Iterable[str]) -> dict[str, int]:
        """The highest revision the SBC keeps of each number, of a rule or of a deletion; left out where none is."""
        ...

    def health(self, *, quick_seconds: float | None = None) -> Health:
        """Whether the SBC could take a change now; raises when not. Asked once, for at most `quick_seconds`."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...
