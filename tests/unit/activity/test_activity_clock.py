"""A clock that was set back does not change the order of what the audit numbers."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from lib.domain.activity import RunEntry, Source
from lib.store import account_status, runs, schema
from lib.store.activity import read_activity
from lib.store.audit import append_event, events_of_account, events_of_run
from lib.store.engine import writing
from tests.common.factories import put_account

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ACCOUNT = "104233"


@pytest.fixture
def clock(monkeypatch):
    """The clock that all records are written with."""

    class Clock(datetime):
        moment = NOON

        @classmethod
        def now(cls, tz=None):
            return cls.moment.astimezone(tz)

    for module in ("audit", "runs", "accounts"):
        monkeypatch.setattr(f"lib.store.{module}.datetime", Clock)
    return Clock


@pytest.fixture
def hub(engine, clock):
    with writing(engine) as connection:
        put_account(connection, ACCOUNT, created_at=NOON, changed_at=NOON)
    return engine


def start(engine, name):
    """Write a run and its first event, as the runner does."""
    row = {
        "id": name,
        "kind": "rename",
        "account": ACCOUNT,
        "actor": "lead@example.com",
        "actor_name": "Lee",
        "params": {},
        "plan": {"title": name, "facts": {}},
        "steps": ["hub"],
    }
    with writing(engine) as connection:
        runs.insert_run(connection, row, ())
        append_event(connection, kind="rename", phase="started", actor="lead@example.com", run_id=name, account=ACCOUNT)
    with writing(engine) as connection:
        runs.move_run(connection, name, expect=["running"], state="done")


def refuse(engine):
    with writing(engine) as connection:
        return append_event(connection, kind="rename", phase="refused", actor="v@example.com", account=ACCOUNT)


def pages(engine, limit):
    """The whole list, page by page."""
    found, after = [], None
    while True:
        with engine.connect() as connection:
            page = read_activity(connection, ACCOUNT, after=after, limit=limit)
        found += [one.title if isinstance(one, RunEntry) else one.id for one in page.entries]
        after = page.older
        if after is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 20])
def test_runs_and_events_are_in_the_order_of_the_audit(hub, clock, limit):
    expected = []
    for number, hours in enumerate([0, 1, -1, -0.5, 5, 4]):
        clock.moment = NOON + timedelta(hours=hours)
        start(hub, f"run {number}")
        expected += [f"run {number}", refuse(hub)]
    assert pages(hub, limit) == expected[::-1]
    with hub.connect() as connection:
        assert [run.id for run in runs.recent_runs(connection, ACCOUNT)] == expected[::-1][1::2]
        sequences = [event.sequence for event in events_of_account(connection, ACCOUNT)]
        assert sequences == sorted(sequences, reverse=True)


def test_a_run_is_at_the_place_of_its_first_event(hub):
    refuse(hub)
    start(hub, "run")
    with hub.connect() as connection:
        page = read_activity(connection, ACCOUNT)
        run = next(one for one in page.entries if one.source is Source.RUN)
        assert run.sequence == events_of_run(connection, "run")[0].sequence == 2


def test_the_last_change_of_status_is_the_one_that_was_made_last(hub, clock):
    for hours, to in ((0, "suspended"), (-1, "active")):
        clock.moment = NOON + timedelta(hours=hours)
        with writing(hub) as connection:
            connection.execute(
                insert(schema.status_change).values(
                    account_id=1,
                    from_status="active" if to == "suspended" else "suspended",
                    to_status=to,
                    actor="lead@example.com",
                    at=clock.moment,
                )
            )
    with hub.connect() as connection:
        assert account_status.last_status_change(connection, ACCOUNT).to_status == "active"
