"""Which numbers, accounts and rules the SBC accepts, so that nothing else is sent to it."""

import re
from collections.abc import Iterable, Mapping
from typing import TypeGuard

from lib.clients.errors import Rejected, presentable
from lib.clients.sbc.port import AuthRule, RuleState

SYSTEM = "SBC"
REVISION_LIMIT = 999_999_999
_STATES: dict[object, RuleState] = {"allowed": "allowed", "suspended": "suspended"}
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
_EMERGENCY = re.compile(r"[0-9]{2,6}")


def is_number(value: object) -> TypeGuard[str]:
    """True for "+" and 7 to 15 digits, the first of them not 0."""
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None


def is_name(value: object) -> TypeGuard[str]:
    """True for a possible name of an account or a trunk."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def is_revision(value: object) -> TypeGuard[int]:
    """True for a whole number of up to nine digits."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= REVISION_LIMIT


def is_emergency(value: object) -> TypeGuard[str]:
    """True for a possible emergency number: 2 to 6 digits."""
    return isinstance(value, str) and _EMERGENCY.fullmatch(value) is not None


def rule_state(value: object) -> RuleState | None:
    """The state; None when the text is not one."""
    return _STATES.get(value) if isinstance(value, str) else None


def checked_numbers(numbers: Iterable[str], operation: str, *, writes: bool = False) -> list[str]:
    """The numbers in their order, without repeats.

    Raises:
        Rejected: one of them is not in E.164 form.
    """
    wanted = list(dict.fromkeys(numbers))
    for number in wanted:
        if not is_number(number):
            raise _wrong(operation, writes, f"{_short(number)} is not a number in the form +61255501234")
    return wanted


def checked_account(account: str, operation: str) -> str:
    """The account's number.

    Raises:
        Rejected: it cannot be one.
    """
    if not is_name(account):
        raise _wrong(operation, False, f"{_short(account)} is not an account number")
    return account


def checked_revisions(revisions: Mapping[str, int], operation: str) -> Mapping[str, int]:
    """The revisions by number.

    Raises:
        Rejected: one of them is not from 0 to `REVISION_LIMIT`.
    """
    for number, revision in revisions.items():
        if not is_revision(revision):
            raise _wrong(operation, True, f"the revision of {_short(number)} is not from 0 to {REVISION_LIMIT}")
    return revisions


def checked_rules(rules: Iterable[AuthRule], operation: str) -> list[AuthRule]:
    """The rules in their order, each number once.

    Raises:
        Rejected: the SBC does not accept a part of one, or two for the same number differ.
    """
    wanted: dict[str, AuthRule] = {}
    for rule in rules:
        if problem := _problem(rule):
            raise _wrong(operation, True, problem)
        if wanted.setdefault(rule.number, rule) != rule:
            raise _wrong(operation, True, f"two different rules for {rule.number}")
    return list(wanted.values())


def _problem(rule: AuthRule) -> str:
    if not is_number(rule.number):
        return f"{_short(rule.number)} is not a number in the form +61255501234"
    if not is_name(rule.account):
        return f"the rule of {rule.number} has {_short(rule.account)}, which is not an account number"
    if rule_state(rule.state) is None:
        return f"the rule of {rule.number} is neither allowed nor suspended"
    if not is_name(rule.trunk):
        return f"the rule of {rule.number} has {_short(rule.trunk)}, which is not the name of a trunk"
    if not is_revision(rule.revision):
        return f"the revision of the rule of {rule.number} is not from 0 to {REVISION_LIMIT}"
    return ""


def _short(value: object) -> str:
    text = presentable(repr(value))
    return text if len(text) <= 40 else text[:39] + "…"


def _wrong(operation: str, writes: bool, detail: str) -> Rejected:
    return Rejected(SYSTEM, operation, writes=writes, detail=detail)
