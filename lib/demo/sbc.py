"""Loads the made-up world into the SBC stand-in, with a few wrong rules."""

from collections.abc import Iterator
from dataclasses import replace

from lib.demo.model import DemoAccount
from lib.demo.world import world
from lib.standins.sbc import RuleRecord, SbcState

GIVEN_UP = "+61770109999"
"""A number that no account has, but whose rule is still there."""
_EVERY = 125


def load_sbc(state: SbcState) -> None:
    """Load every auth rule into the stand-in's state."""
    state.load(list(sbc_rules()))


def sbc_rules() -> Iterator[RuleRecord]:
    """Every rule on the SBC. The account `rules_wrong` has each kind of wrong rule, the largest one misses a few."""
    roles = world().notable
    for account in world().accounts:
        rules = _right(account)
        if account.number == roles["rules_wrong"]:
            yield from _planted(rules, other=roles["parent"])
        elif account.number == roles["five_thousand"]:
            yield from (rule for position, rule in enumerate(rules) if position % _EVERY)
        else:
            yield from rules


def _right(account: DemoAccount) -> list[RuleRecord]:
    state = "suspended" if account.status == "suspended" else "allowed"
    if account.status == "deactivated":
        return []
    return [
        RuleRecord(number=number.e164, account=account.number, state=state, trunk=number.trunk)
        for number in account.has.numbers
        if number.state != "quarantined"
    ]


def _planted(rules: list[RuleRecord], other: str) -> Iterator[RuleRecord]:
    """The first rule is missing, the next ones have a wrong state, trunk and account, and one is too many."""
    _, state, trunk, account, *right = rules
    yield replace(state, state="suspended")
    yield replace(trunk, trunk="mel-1" if trunk.trunk != "mel-1" else "syd-1")
    yield replace(account, account=other)
    yield from right
    yield replace(right[0], number=GIVEN_UP)
