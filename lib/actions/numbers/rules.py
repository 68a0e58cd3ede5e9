"""Give the SBC the auth rules that the Hub wants: read, write, read back, compare. All actions do it here.

A revision is taken in the same transaction in which the Hub is read. So of two writers at the same time, the one that
read the Hub later has the higher revision, and the SBC keeps that one.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from lib.actions.engine.errors import StepFailed
from lib.actions.engine.job import Job
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
"""At most this many numbers are sent to the SBC at once."""
ROUNDS = 3
"""How often a number is written when the Hub changes at the same time."""
_NAMED = 5


@dataclass(frozen=True)
class RuleSet:
    """An account's rules as they should be and as they are: one finding for each number."""

    findings: tuple[Finding, ...]
    live: Mapping[str, AuthRule | None]
    """The rules that calls use now, with their revisions."""

    @property
    def wrong(self) -> list[Finding]:
        """Those that need a write."""
        return [finding for finding in self.findings if finding.verdict is not Verdict.OK]


def read_rules(services: Services, account: str, *, quick: bool, heading: AccountStatus | None = None) -> RuleSet:
    """The rules the SBC has for the account's numbers, and its rules of the account for other numbers.

    `quick`: somebody waits, so each request is made once and takes at most `AM_SBC_PAGE_SECONDS`. `heading`: compare
    with what the rules should be if the account were on its way to that status.

    Raises:
        RemoteError: the SBC could not be read.
    """
    patience = services.settings.sbc_page_seconds if quick else None
    held = {one.rule.number: _rule(one.rule) for one in services.sbc.rules_of_account(account, quick_seconds=patience)}
    with services.engine.connect() as connection:
        truths = {truth.number: truth for truth in store.truths_of_account(connection, account)}
        if heading is not None:
            truths = {number: replace(truth, heading=heading) for number, truth in truths.items()}
        # A rule of this account for a number of another one: the other account decides what is right.
        truths |= store.truths_of_numbers(connection, [number for number in held if number not in truths])
    wanted: dict[str, Rule | None] = dict.fromkeys(held) | expected_rules(truths.values())
    live = services.sbc.get_rules(wanted, quick_seconds=patience)
    findings = compare_rules(wanted, {number: _found(rule) for number, rule in live.items()}, held)
    return RuleSet(tuple(findings), live)


def write_rules(
    job: Job, numbers: Iterable[str], live: Mapping[str, AuthRule | None] | None = None
) -> dict[str, tuple[Rule | None, Rule | None]]:
    """`apply_rules` for a step, with its progress."""
    return apply_rules(job.services, numbers, actor=job.actor, track=job.key, progress=job.journal.progress, live=live)


def apply_rules(
    services: Services,
    numbers: Iterable[str],
    *,
    actor: str,
    track: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
    live: Mapping[str, AuthRule | None] | None = None,
) -> dict[str, tuple[Rule | None, Rule | None]]:
    """Give each number the rule the Hub wants for it, and read it back; returns before and after.

    A number the Hub does not know loses its rule. `live` are the rules as they were just read.

    Raises:
        RemoteError: the SBC failed; earlier chunks are done, and repeating all of it is harmless.
        StepFailed: the SBC accepted the rules but shows others.
    """
    wanted = sorted(set(numbers))
    changed: dict[str, tuple[Rule | None, Rule | None]] = {}
    for piece in chunks(wanted, CHUNK):
        found = services.sbc.get_rules(piece) if live is None else {number: live[number] for number in piece}
        changed |= _apply_piece(services, piece, found, actor, track)
        progress(len(changed), len(wanted))
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
            # The SBC keeps a newer revision than calls use, perhaps of a deletion: the next one must be higher.
            seen |= services.sbc.kept_revisions(wrong)
            continue
        # The Hub once more: a number may have been moved or quarantined since.
        with services.engine.connect() as connection:
            wanted = _wanted(store.truths_of_numbers(connection, wrong), wrong)
        wrong = [number for number in wrong if _found(found[number]) != wanted[number]]
        if not wrong:
            return {number: (before[number], _found(found[number])) for number in piece}
    raise StepFailed(
        f"The SBC accepted the rules but does not show them for {and_more(map(national, wrong), _NAMED)}. "
        "Resume to write and read them again. If it fails again, have the SBC checked."
    )


def _write(services: Services, seen: Mapping[str, int], actor: str, track: str) -> bool:
    """Write what the Hub wants for these numbers; False when the SBC kept a newer revision of one of them."""
    with services.engine.connect() as connection:
        used_up = store.used_up(connection, seen)
    if used_up:
        # These are the highest revisions there are: the SBC and the Hub both start again.
        services.sbc.forget_rules(used_up, actor=actor, track=track)
        seen = {**seen, **dict.fromkeys(used_up, 0)}
    with writing(services.engine) as connection:
        store.restart_revisions(connection, used_up)
        revisions = store.take_revisions(connection, seen)
        wanted = _wanted(store.truths_of_numbers(connection, seen), seen)
    puts = [_wire(rule, revisions[rule.number]) for rule in wanted.values() if rule is not None]
    gone = [number for number, rule in wanted.items() if rule is None]
    if gone:
        # With its revision, so that no earlier write restores the rule, however late it arrives.
        stated = {number: revisions[number] for number in gone if number in revisions}
        services.sbc.delete_rules(gone, actor=actor, track=track, revisions=stated)
        kept = services.sbc.kept_revisions(stated)
        if any(kept.get(number, 0) > revision for number, revision in stated.items()):
            # A row that is newer than what calls use would come back at the SBC's next start.
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
