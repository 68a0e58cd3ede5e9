"""Auth rules: what the SBC should have for an account, and how what it has differs.

Every number of an account that is not deactivated has one rule: the account, allowed or suspended, and the trunk of
its calls. A number in quarantine has no rule. An account may have ten thousand, so these are plain values.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from lib.domain.accounts import AccountStatus


class RuleState(StrEnum):
    """Whether calls of a number are allowed."""

    ALLOWED = "allowed"
    SUSPENDED = "suspended"


class NumberState(StrEnum):
    """The state of a number. One that is being ported out still takes calls until it is gone."""

    IN_USE = "in_use"
    PORTING = "porting"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Rule:
    """The auth rule of one number, in E.164."""

    number: str
    account: str
    state: RuleState
    trunk: str


@dataclass(frozen=True, slots=True)
class NumberTruth:
    """What decides the rule of a number. `heading` is the status that its account has or is changing to."""

    number: str
    account: str
    heading: AccountStatus
    state: NumberState
    trunk: str


class Verdict(StrEnum):
    """How a number's rule on the SBC compares with the one it should have: the most serious difference."""

    OK = "ok"
    MISSING = "missing"
    EXTRA = "extra"
    WRONG_ACCOUNT = "wrong account"
    WRONG_STATE = "wrong state"
    WRONG_TRUNK = "wrong trunk"
    NOT_KEPT = "not kept"


@dataclass(frozen=True, slots=True)
class Finding:
    """One number: `found` is the rule that calls use now. One `not kept` is lost when the SBC restarts."""

    number: str
    verdict: Verdict
    expected: Rule | None = None
    found: Rule | None = None

    @property
    def was(self) -> str:
        """What was wrong, in words: `was missing`, `was suspended, should be allowed`."""
        match self.verdict:
            case Verdict.OK:
                return "is right"
            case Verdict.MISSING:
                return "was missing"
            case Verdict.NOT_KEPT:
                return "was right but not kept: the SBC would lose it at its next restart"
            case Verdict.EXTRA:
                held = f"one for account {self.found.account}" if self.found else "one it would use after a restart"
                return f"was extra: it should have no rule, the SBC had {held}"
        return "; ".join(self._differences())

    @property
    def becomes(self) -> str:
        """What a refresh does: `created`, `removed`, `set to allowed`."""
        match self.verdict:
            case Verdict.OK:
                return ""
            case Verdict.MISSING:
                return "created"
            case Verdict.EXTRA:
                return "removed"
            case Verdict.NOT_KEPT:
                return "written again"
        assert self.expected is not None
        wanted = self.expected
        return f"set to account {wanted.account}, {wanted.state}, trunk {wanted.trunk}"

    @property
    def now(self) -> str:
        """The rule that calls use, in words."""
        return _words(self.found)

    @property
    def should_be(self) -> str:
        """The rule the number should have, in words."""
        return _words(self.expected)

    def _differences(self) -> Iterable[str]:
        assert self.expected is not None and self.found is not None
        for name in ("account", "state", "trunk"):
            wanted, found = getattr(self.expected, name), getattr(self.found, name)
            if wanted != found:
                yield f"had {name} {found}, should have {wanted}"


def expected_rule(truth: NumberTruth) -> Rule | None:
    """The rule this number should have on the SBC, None when it should have no rule."""
    if truth.state is NumberState.QUARANTINED or truth.heading is AccountStatus.DEACTIVATED:
        return None
    state = RuleState.SUSPENDED if truth.heading is AccountStatus.SUSPENDED else RuleState.ALLOWED
    return Rule(number=truth.number, account=truth.account, state=state, trunk=truth.trunk)


def expected_rules(truths: Iterable[NumberTruth]) -> dict[str, Rule | None]:
    """The rule each of these numbers should have."""
    return {truth.number: expected_rule(truth) for truth in truths}


def compare_rules(
    expected: Mapping[str, Rule | None],
    live: Mapping[str, Rule | None],
    kept: Mapping[str, Rule] | None = None,
) -> list[Finding]:
    """One finding for each number of `expected` or `live`, by number.

    `live` is what calls use now. `kept` is what the SBC would load at its next restart, where it says so.
    """
    return [_finding(number, expected.get(number), live.get(number), kept) for number in sorted({*expected, *live})]


def _finding(number: str, expected: Rule | None, found: Rule | None, kept: Mapping[str, Rule] | None) -> Finding:
    return Finding(number=number, verdict=_verdict(number, expected, found, kept), expected=expected, found=found)


def _verdict(number: str, expected: Rule | None, found: Rule | None, kept: Mapping[str, Rule] | None) -> Verdict:
    if expected is None:
        lingers = found is not None or (kept is not None and number in kept)
        return Verdict.EXTRA if lingers else Verdict.OK
    if found is None:
        return Verdict.MISSING
    for name, verdict in (
        ("account", Verdict.WRONG_ACCOUNT),
        ("state", Verdict.WRONG_STATE),
        ("trunk", Verdict.WRONG_TRUNK),
    ):
        if getattr(expected, name) != getattr(found, name):
            return verdict
    if kept is not None and kept.get(number) != expected:
        return Verdict.NOT_KEPT
    return Verdict.OK


def _words(rule: Rule | None) -> str:
    return f"{rule.state}, account {rule.account}, trunk {rule.trunk}" if rule else "no rule"
