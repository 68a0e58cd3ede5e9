"""Bring auth rules on the SBC to what the Hub says: read, write, read back, compare. All actions do it here.

A revision is taken in the same transaction in which the Hub's truth is read. So of two writers at once, the one
that saw the later truth carries the higher revision, and the SBC keeps that one.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from lib.actions.engine.errors import StepFailed
from lib.clients.sbc import AuthRule
from lib.domain.accounts import AccountStatus
from lib.domain.auth_rules import Finding, NumberTruth, Rule, RuleState, Verdict, compare_rules, expected_rules
from lib.domain.chunks import chunks
from lib.domain.numbers import national
from lib.domain.words import and_more
from lib.services import Services
from lib.store import numbers as store
from lib.store.engine import writing

CHUNK = 200
"""Numbers the SBC is given at once."""
ROUNDS = 3
"""How often a number whose truth moved while it was written is written again."""
_NAMED = 5

Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class RuleSet:
    """An account's rules as they should be and as they are: one finding a number."""

    findings: tuple[Finding, ...]
    live: Mapping[str, AuthRule | None]
    """The rules as calls use them now, with their revisions."""

    @property
    def wrong(self) -> list[Finding]:
        """Those that need a write."""
        return [finding for finding in self.findings if finding.verdict is not Verdict.OK]

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many numbers have each verdict, leaving out what does not occur."""
        counted = {verdict: sum(one.verdict is verdict for one in self.findings) for verdict in Verdict}
        return {verdict: count for verdict, count in counted.items() if count}


def read_rules(services: Services, account: str, *, quick: bool, heading: AccountStatus | None = None) -> RuleSet:
    """What the SBC holds for the account's numbers, and which rules it has of the account beyond them.

    `quick`: somebody waits, so each request is made once and bounded by `AM_SBC_PAGE_SECONDS`. `heading`:
    compare with what the rules should be if the account were on its way to that status.

    Raises:
        RemoteError: the SBC could not be read.
    """
    patience = services.settings.sbc_page_seconds if quick else None
    held = {one.rule.number: _rule(one.rule) for one in services.sbc.rules_of_account(account, quick_seconds=patience)}
    with services.engine.connect() as connection:
        truths = {truth.number: truth for truth in store.truths_of_account(connection, account)}
        if heading is not None:
            truths = {number: replace(truth, heading=heading) for number, truth in truths.items()}
        # A rule of this account for a number of another one: that other account says what is right.
        truths |= store.truths_of_numbers(connection, [number for number in held if number not in truths])
    wanted: dict[str, Rule | None] = dict.fromkeys(held) | expected_rules(truths.values())
    live = services.sbc.get_rules(wanted, quick_seconds=patience)
    findings = compare_rules(wanted, {number: _found(rule) for number, rule in live.items()}, held)
    return RuleSet(tuple(findings), live)


def apply_rules(
    services: Services,
    numbers: Iterable[str],
    *,
    actor: str,
    track: str,
    tell: Tell | None = None,
    live: Mapping[str, AuthRule | None] | None = None,
) -> dict[str, tuple[Rule | None, Rule | None]]:
    """Give each number the rule the Hub wants for it, and read it back; returns before and after.

    A number the Hub does not know loses its rule. `live` are the rules of a look just now, where there was one.

    Raises:
        RemoteError: the SBC failed; pieces before that are done, and doing all of it again is harmless.
        StepFailed: the SBC took the rules and shows others.
    """
    wanted = sorted(set(numbers))
    changed: dict[str, tuple[Rule | None, Rule | None]] = {}
    for piece in chunks(wanted, CHUNK):
        found = services.sbc.get_rules(piece) if live is None else {number: live[number] for number in piece}
        changed |= _apply_piece(services, piece, found, actor, track)
        if tell is not None:
            tell(len(changed), len(wanted))
    return changed


def _apply_piece(
    services: Services, piece: list[str], found: dict[str, AuthRule | None], actor: str, track: str
) -> dict[str, tuple[Rule | None, Rule | None]]:
    before = {number: _found(rule) for number, rule in found.items()}
    seen = {number: rule.revision if rule else 0 for number, rule in found.items()}
    wrong = piece
    for _ in range(ROUNDS):
        taken = _write(services, {number: seen[number] for number in wrong}, actor, track)
        found |= services.sbc.get_rules(wrong)
        if not taken:
            # The SBC keeps a newer revision than calls use, perhaps of a deletion: the next has to be above that one.
            seen |= services.sbc.kept_revisions(wrong)
            continue
        # The Hub once more: a number may have been moved or quarantined between the two.
        with services.engine.connect() as connection:
            wanted = _wanted(store.truths_of_numbers(connection, wrong), wrong)
        wrong = [number for number in wrong if _found(found[number]) != wanted[number]]
        if not wrong:
            return {number: (before[number], _found(found[number])) for number in piece}
    raise StepFailed(
        f"The SBC took the rules but does not show them for {and_more(map(national, wrong), _NAMED)}. "
        "Resume to write and read them again; if it stays, the SBC needs a look."
    )


def _write(services: Services, seen: Mapping[str, int], actor: str, track: str) -> bool:
    """Write what the Hub wants for these numbers; False when the SBC kept a newer revision of one of them."""
    with services.engine.connect() as connection:
        used_up = store.used_up(connection, seen)
    if used_up:
        # Nothing can be newer than these, on the SBC or in the Hub: both begin again.
        services.sbc.forget_rules(used_up, actor=actor, track=track)
        seen = {**seen, **dict.fromkeys(used_up, 0)}
    with writing(services.engine) as connection:
        store.restart_revisions(connection, used_up)
        revisions = store.take_revisions(connection, seen)
        wanted = _wanted(store.truths_of_numbers(connection, seen), seen)
    puts = [_wire(rule, revisions[rule.number]) for rule in wanted.values() if rule is not None]
    gone = [number for number, rule in wanted.items() if rule is None]
    if gone:
        # With its revision, so that no write from before makes the rule live again, however late it arrives.
        stated = {number: revisions[number] for number in gone if number in revisions}
        services.sbc.delete_rules(gone, actor=actor, track=track, revisions=stated)
        kept = services.sbc.kept_revisions(stated)
        if any(kept.get(number, 0) > revision for number, revision in stated.items()):
            # A row that is newer than what calls use would be live again after the SBC's next start.
            return False
    if not puts:
        return True
    result = services.sbc.put_rules(puts, actor=actor, track=track)
    return result.applied == result.received


def _wanted(truths: Mapping[str, NumberTruth], numbers: Iterable[str]) -> dict[str, Rule | None]:
    return dict.fromkeys(numbers) | expected_rules(truths.values())


def _rule(rule: AuthRule) -> Rule:
    return Rule(number=rule.number, account=rule.account, state=RuleState(rule.state), trunk=rule.trunk)


def _found(rule: AuthRule | None) -> Rule | None:
    return None if rule is None else _rule(rule)


def _wire(rule: Rule, revision: int) -> AuthRule:
    return AuthRule(
        number=rule.number, account=rule.account, state=rule.state.value, trunk=rule.trunk, revision=revision
    )
