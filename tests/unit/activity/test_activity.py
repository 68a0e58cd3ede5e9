"""The list of what happened: merged, in pages, folded and grouped by day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.domain.activity import (
    EmailEntry,
    EventEntry,
    RunEntry,
    Source,
    StatusEntry,
    by_day,
    merge,
    period,
    zone_of,
)
from lib.domain.emails import EmailKind, EmailState

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OF = {"account": "104233", "account_name": "Wattle"}


def run(number: int, at: datetime = NOON, **more) -> RunEntry:
    given = {
        "id": f"rename-104233-{number:04}",
        "at": at,
        "kind": "rename",
        "title": "Rename",
        "actor": "lead@example.com",
        "actor_name": "Lee",
        "steps": ("zuora", "hub"),
        "reason": None,
        "note": None,
        "state": "done",
        "error": None,
    }
    return RunEntry(**OF, **{**given, **more})


def event(number: int, at: datetime = NOON) -> EventEntry:
    return EventEntry(**OF, id=number, at=at, kind="rename", phase="refused", actor="v@example.com", details={})


def email(number: int, at: datetime = NOON) -> EmailEntry:
    return EmailEntry(
        **OF,
        id=number,
        at=at,
        kind=EmailKind.SUSPENSION_NOTICE,
        subject="Suspended",
        recipient="ada@example.com",
        state=EmailState.ACCEPTED,
    )


def change(number: int, at: datetime = NOON) -> StatusEntry:
    return StatusEntry(
        **OF,
        id=number,
        at=at,
        from_status="active",
        to_status="suspended",
        reason=None,
        note=None,
        actor="l@example.com",
    )


MAKE = {Source.RUN: run, Source.EVENT: event, Source.STATUS: change, Source.EMAIL: email}


def read(kept: dict, limit: int, after: dict | None) -> dict:
    """What a store would answer: each source after its own place, with one more than the limit."""
    found = {}
    for source, entries in kept.items():
        reached = (after or {}).get(source)
        behind = entries if reached is None else entries[[one.place for one in entries].index(reached) + 1 :]
        found[source] = behind[: limit + 1]
    return found


@settings(max_examples=200, deadline=None)
@given(
    minutes=st.fixed_dictionaries({source: st.lists(st.integers(0, 20), max_size=12) for source in Source}),
    disorder=st.booleans(),
    limit=st.integers(1, 7),
)
def test_pages_have_every_entry_once_newest_first(minutes, disorder, limit):
    """The audit numbers its events; if a clock jumps, their times are not in that order."""
    kept = {}
    for source, those in minutes.items():
        ordered = those if disorder and source is Source.EVENT else sorted(those)
        moments = [NOON + timedelta(minutes=one) for one in ordered]
        entries = [MAKE[source](number, at) for number, at in enumerate(moments, start=1)]
        kept[source] = sorted(entries, key=lambda one: one.place, reverse=True)
    shown, after = [], None
    while True:
        page = merge(read(kept, limit, after), limit, after)
        shown += page.entries
        assert len(shown) <= sum(map(len, kept.values())), "shown twice"
        assert len(page.entries) == limit or page.older is None
        after = page.older
        if after is None:
            break
    assert sorted(map(key, shown)) == sorted(key(one) for those in kept.values() for one in those)
    if not disorder:
        assert [one.at for one in shown] == sorted((one.at for one in shown), reverse=True)


def key(entry) -> tuple[str, str]:
    return entry.source.value, str(entry.id)


def test_days_are_those_of_the_time_zone():
    late = datetime(2026, 3, 2, 13, 30, tzinfo=UTC)
    entries = [email(3, late + timedelta(hours=12)), email(2, late), email(1, late - timedelta(hours=1))]
    grouped = [(day, [one.id for one in those]) for day, those in by_day(entries, "Australia/Melbourne")]
    assert grouped == [(date(2026, 3, 3), [3, 2]), (date(2026, 3, 2), [1])]
    assert [day for day, _ in by_day(entries, "UTC")] == [date(2026, 3, 3), date(2026, 3, 2)]


def test_a_period_includes_its_last_day_and_the_hour_that_clocks_go_back():
    since, before = period(date(2026, 4, 5), date(2026, 4, 5), "Australia/Melbourne")
    assert since == datetime(2026, 4, 4, 13, tzinfo=UTC)
    assert before - since == timedelta(hours=25), "clocks go back on this day"


@pytest.mark.parametrize(("first", "last"), [(None, None), (date(2026, 4, 5), None), (None, date(2026, 4, 5))])
def test_one_end_of_a_period_is_enough(first, last):
    since, before = period(first, last, "Australia/Melbourne")
    assert (since is None, before is None) == (first is None, last is None)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Niue"])
def test_the_first_and_the_last_day_of_the_calendar_end_no_period(zone):
    assert period(date.min, date.max, zone) == (None, None)


@pytest.mark.parametrize(
    ("browser", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (None, "Australia/Melbourne"),
        ("", "Australia/Melbourne"),
        ("Mars/Olympus", "Australia/Melbourne"),
        ("../../etc/passwd", "Australia/Melbourne"),
        ("x" * 5000, "Australia/Melbourne"),
        ("a\0b", "Australia/Melbourne"),
    ],
)
def test_a_browser_that_names_no_time_zone_gets_the_companys(browser, zone):
    assert zone_of(browser, "Australia/Melbourne") == zone
