"""What has happened on an account: entries of four sources, merged into one list, newest first."""

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
"""Kinds of entries beside the kinds of actions, which go by their own names."""


class Source(StrEnum):
    """Where an entry is kept."""

    RUN = "run"
    EVENT = "event"
    STATUS = "status"
    EMAIL = "email"


Place = tuple[int, datetime, str] | tuple[datetime, str | int] | tuple[int]
"""Where an entry stands in the order of its own source."""
Position = dict[Source, Place]
"""The last entry of each source that has been told: the next page goes on behind them."""


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
        """Where it stands in the order of its own source."""
        return (self.at, self.id)


class RunEntry(Entry):
    """A run. `steps` are the names of its steps, `note` and `reason` what the person gave.

    `sequence` is where in the audit it begins; 0 when that is not known.
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
        """As the audit counts; the moment decides only between runs of which it does not know that."""
        return (self.sequence, self.at, self.id)


class EventEntry(Entry):
    """Something in the audit that belongs to no run: a refused attempt, a rule put right, a plan put to somebody."""

    source = Source.EVENT
    id: int
    kind: str
    phase: str
    actor: str
    details: dict[str, Any]

    @property
    def place(self) -> Place:
        """The audit counts its events, so no clock can reorder them."""
        return (self.id,)


class StatusEntry(Entry):
    """A change of status that no run of the account tells."""

    source = Source.STATUS
    id: int
    from_status: str
    to_status: str
    reason: str | None
    note: str | None
    actor: str


class EmailEntry(Entry):
    """An e-mail the Hub sent; never its body."""

    source = Source.EMAIL
    id: int
    kind: EmailKind
    subject: str
    recipient: str
    state: EmailState


class Filter(BaseModel):
    """What somebody wants to see. Whatever is left empty does not narrow; people are e-mail addresses."""

    model_config = ConfigDict(frozen=True)

    kinds: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    since: datetime | None = None
    before: datetime | None = None
    text: str = ""


class Page(BaseModel):
    """Some entries, newest first, and where older ones begin; None when there are none."""

    model_config = ConfigDict(frozen=True)

    entries: tuple[Entry, ...]
    older: Position | None


def merge(read: Mapping[Source, Sequence[Entry]], limit: int, after: Position | None = None) -> Page:
    """The first `limit` entries of all sources together.

    Each source is given in its own order, with one entry more than `limit` when there are more. Each goes on
    behind its own last told entry. Runs and events stand in the order of the audit, whatever their clocks said. The
    others have nothing but their moments: a clock that was wrong for a while puts them elsewhere, but none is left
    out or told twice.
    """
    in_audit = [read.get(source, ()) for source in (Source.RUN, Source.EVENT)]
    audit = heapq.merge(*in_audit, key=cmp_to_key(_in_audit), reverse=True)
    others = [entries for source, entries in read.items() if source not in (Source.RUN, Source.EVENT)]
    ordered = heapq.merge(audit, *others, key=lambda entry: entry.at, reverse=True)
    told = list(islice(ordered, limit))
    more = sum(map(len, read.values())) > len(told)
    reached = {**(after or {}), **{entry.source: entry.place for entry in told}}
    return Page(entries=tuple(told), older=reached if more else None)


def _in_audit(one: Entry, other: Entry) -> int:
    """Below 0 when `one` came before `other`: by their numbers in the audit, by their moments without."""
    numbers = (_number(one), _number(other))
    if all(numbers) and numbers[0] != numbers[1]:
        return numbers[0] - numbers[1]
    return (one.at > other.at) - (one.at < other.at)


def _number(entry: Entry) -> int:
    if isinstance(entry, RunEntry):
        return entry.sequence
    return entry.id if isinstance(entry, EventEntry) else 0


def by_day(entries: Iterable[Entry], zone: str) -> list[tuple[date, list[Entry]]]:
    """The entries under the days of this time zone, in their order."""
    there = ZoneInfo(zone)
    days = groupby(entries, key=lambda entry: entry.at.astimezone(there).date())
    return [(day, list(those)) for day, those in days]


def period(first: date | None, last: date | None, zone: str) -> tuple[datetime | None, datetime | None]:
    """The moments from which and before which things happened, from the first to the last day, both included."""
    there = ZoneInfo(zone)

    def begin(day: date) -> datetime:
        return datetime.combine(day, time(), there).astimezone(UTC)

    # The first and the last day there are in a calendar end no period: nothing lies beyond them.
    since = begin(first) if first and first > date.min else None
    before = begin(last + timedelta(days=1)) if last and last < date.max else None
    return since, before


def zone_of(browser: str | None, house: str) -> str:
    """The time zone the browser names, if it is one; else the product's."""
    try:
        return ZoneInfo(browser).key if browser else house
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return house
