"""Give numbers that were added, moved, quarantined or removed their correct auth rule, without a person's action.

The Hub's database notes every such number, whichever program changed it. For each note the rule is written and read
back, and only then is the note deleted. While the SBC is away the notes wait.
"""

import threading
import time
from collections import defaultdict

import structlog

from lib.actions.engine.durable.trouble import Trouble
from lib.actions.numbers.rules import CHUNK, apply_rules
from lib.clients.errors import Rejected, RemoteError
from lib.domain.auth_rules import Rule
from lib.services import Services
from lib.store import audit
from lib.store import numbers as store
from lib.store.away import is_away
from lib.store.engine import writing
from lib.store.numbers import RuleChange

log = structlog.get_logger(__name__)

ACTOR = "account-manager"
KIND = "number_rule"
LONGEST_WAIT = 60.0
_LOOK = 1000


class RuleKeeper:
    """One thread per process. Two processes may write the same number: the higher revision stays."""

    def __init__(self, services: Services, executor_id: str) -> None:
        self._services = services
        self._executor_id = executor_id
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        # When a number that the SBC refused may be tried again. It must not hold up the others.
        self._refused: dict[str, float] = {}

    def start(self) -> None:
        """Start to work on the notes."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._loop, name="rule-keeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and wait a moment for the current round."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def work_off(self) -> int:
        """Do the oldest notes. Returns how many numbers have their rule now.

        Raises:
            RemoteError: the SBC failed; the notes stay.
        """
        with self._services.engine.connect() as connection:
            noted = store.rule_changes(connection, limit=_LOOK)
        now = time.monotonic()
        due = [change for change in noted if self._refused.get(change.number, 0.0) <= now]
        numbers = list(dict.fromkeys(change.number for change in due))[:CHUNK]
        return self._settle([change for change in due if change.number in numbers], numbers) if numbers else 0

    def _settle(self, changes: list[RuleChange], numbers: list[str]) -> int:
        try:
            changed = apply_rules(self._services, numbers, actor=ACTOR, track=f"{self._executor_id}:{changes[-1].id}")
        except Exception as error:
            if is_away(error) or (isinstance(error, RemoteError) and not isinstance(error, Rejected)):
                # The SBC or our own database is away: no number is to blame.
                raise
            # Any other error is about one number, which must not hold up the others.
            if len(numbers) > 1:
                alone = ([change for change in changes if change.number == number] for number in numbers)
                return sum(self._settle(notes, [notes[0].number]) for notes in alone)
            self._refused[numbers[0]] = time.monotonic() + LONGEST_WAIT
            log.warning("number without its auth rule", note=changes[0].id, why=type(error).__name__)
            return 0
        with writing(self._services.engine) as connection:
            store.settle_rule_changes(connection, [change.id for change in changes])
            for account, words in _by_account(changed).items():
                audit.append_event(
                    connection,
                    kind=KIND,
                    phase="done",
                    actor=ACTOR,
                    account=account,
                    details={"numbers": words},
                    executor=self._executor_id,
                )
        for number in numbers:
            self._refused.pop(number, None)
        return len(numbers)

    def _loop(self) -> None:
        rest = self._services.settings.executor_beat_seconds
        wait = rest
        trouble = Trouble("rule keeper")
        while not self._stop.wait(wait):
            try:
                # While there is work, the next round follows at once.
                wait = 0.0 if self.work_off() else rest
            except RemoteError as error:
                wait = min(LONGEST_WAIT, max(rest, wait * 2))
                log.warning("auth rules wait for the SBC", why=type(error).__name__, seconds=round(wait, 1))
            except Exception as error:  # noqa: BLE001 - the database may be away for a while; the next round tries
                # Waiting longer for our own database helps nobody.
                wait = rest if is_away(error) else min(LONGEST_WAIT, max(rest, wait * 2))
                trouble.failed(error)
            else:
                trouble.works()


def _by_account(changed: dict[str, tuple[Rule | None, Rule | None]]) -> dict[str, dict[str, str]]:
    """For each account: number -> what happened to its rule. Rules that did not change are left out."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for number, (before, after) in changed.items():
        if before == after:
            continue
        words = f"{_words(before)} -> {_words(after)}"
        for rule in (before, after):
            if rule is not None:
                found[rule.account][number] = words
    return found


def _words(rule: Rule | None) -> str:
    return f"{rule.state.value} for account {rule.account}, trunk {rule.trunk}" if rule else "no rule"
