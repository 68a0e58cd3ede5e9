"""What has happened on an account: entries of four sources in one list, newest first."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cmp_to_key
from itertools import groupby, islice
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict

from lib.domain.emails import EmailKind, EmailState

REFUSED = "refused"
STATUS_CHANGE = "status_change"
SENT_EMAIL = "sent_email"
EXPORT = "export"
"""Kinds of entries besides actions, which have kinds of their own."""


class Source(StrEnum):
    """Where an entry is stored."""

    RUN = "run"
    EVENT = "event"
    STATUS = "status"
    EMAIL = "email"


Place = tuple[int, datetime, str] | tuple[datetime, str | int] | tuple[int]
"""The place of an entry in the order of its own source."""
Position = dict[Source, Place]
"""The last entry shown of each source. The next page begins after them."""


class Entry(BaseModel):
    """One thing that happened on an account."""

    model_config = ConfigDict(frozen=True)
    source: ClassVar[Source]

    id: str | int
    account: str
    account_name: str
    at: datetime

    @property
    def place(self) -> Place:
        """Its place in the order of its own source."""
        return (self.at, self.id)


class RunEntry(Entry):
    """A run. `steps` are the names of its steps, `note` and `reason` what the person gave.

    `sequence` is where it begins in the audit, 0 when that is not known.
    """

    source = Source.RUN
    id: str
    sequence: int = 0
    kind: str
    title: str
    actor: str
    actor_name: str
    steps: tuple[str, ...]
    reason: str | None
    note: str | None
    state: str
    error: str | None

    @property
    def place(self) -> Place:
        """By the audit. Times decide only between runs without a place in the audit."""
        return (self.sequence, self.at, self.id)


class EventEntry(Entry):
    """An event that belongs to no run: a refused attempt, a corrected rule, a plan sent for approval."""

    source = Source.EVENT
    id: int
    kind: str
    phase: str
    actor: str
    details: dict[str, Any]

    @property
    def place(self) -> Place:
        """By the audit, so no clock can change the order."""
        return (self.id,)


class StatusEntry(Entry):
    """A change of status that is not part of a run of the account."""

    source = Source.STATUS
    id: int
    from_status: str
    to_status: str
    reason: str | None
    note: str | None
    actor: str


class EmailEntry(Entry):
    """An e-mail that we sent, without its body."""

    source = Source.EMAIL
    id: int
    kind: EmailKind
    subject: str
    recipient: str
    state: EmailState


class Filter(BaseModel):
    """What somebody wants to see. An empty field allows everything. People are e-mail addresses."""

    model_config = ConfigDict(frozen=True)

    kinds: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    since: datetime | None = None
    before: datetime | None = None
    text: str = ""


class Page(BaseModel):
    """Some entries, newest first, and where older ones begin, None when there are no older ones."""

    model_config = ConfigDict(frozen=True)

    entries: tuple[Entry, ...]
    older: Position | None


def merge(read: Mapping[Source, Sequence[Entry]], limit: int, after: Position | None = None) -> Page:
    """The first `limit` entries of all sources together.

    Each source comes in its own order, with one entry more than `limit` when there are more, and goes on after its
    own last entry shown. Runs and events are in the order of the audit, whatever their clocks said. The others have
    only their times: a wrong clock puts them in another place, but none is left out or shown twice.
    """
    in_audit = [read.get(source, ()) for source in (Source.RUN, Source.EVENT)]
    audit = heapq.merge(*in_audit, key=cmp_to_key(_in_audit), reverse=True)
    others = [entries for source, entries in read.items() if source not in (Source.RUN, Source.EVENT)]
    ordered = heapq.merge(audit, *others, key=lambda entry: entry.at, reverse=True)
    shown = list(islice(ordered, limit))
    more = sum(map(len, read.values())) > len(shown)
    reached = {**(after or {}), **{entry.source: entry.place for entry in shown}}
    return Page(entries=tuple(shown), older=reached if more else None)


def _in_audit(one: Entry, other: Entry) -> int:
    """Below 0 when `one` came before `other`: by their numbers in the audit, without numbers by their times."""
    numbers = (_number(one), _number(other))
    if all(numbers) and numbers[0] != numbers[1]:
        return numbers[0] - numbers[1]
    return (one.at > other.at) - (one.at < other.at)


def _number(entry: Entry) -> int:
    if isinstance(entry, RunEntry):
        return entry.sequence
    return entry.id if isinstance(entry, EventEntry) else 0


def by_day(entries: Iterable[Entry], zone: str) -> list[tuple[date, list[Entry]]]:
    """The entries by day in this time zone, in their order."""
    there = ZoneInfo(zone)
    days = groupby(entries, key=lambda entry: entry.at.astimezone(there).date())
    return [(day, list(those)) for day, those in days]


def period(first: date | None, last: date | None, zone: str) -> tuple[datetime | None, datetime | None]:
    """The moments at which the first day begins and the last day ends, in this time zone."""
    there = ZoneInfo(zone)

    def begin(day: date) -> datetime:
        return datetime.combine(day, time(), there).astimezone(UTC)

    # The first and the last day of the calendar are no limit: there is nothing beyond them.
    since = begin(first) if first and first > date.min else None
    before = begin(last + timedelta(days=1)) if last and last < date.max else None
    return since, before


def zone_of(browser: str | None, default: str) -> str:
    """The browser's time zone, if it is valid; else the product's."""
    try:
        return ZoneInfo(browser).key if browser else default
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return default
