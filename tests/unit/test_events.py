"""The chain of the audit: whatever is tampered with is found."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from lib.store.engine import make_engine, writing
from lib.store.events import append_event, events_of_account, events_of_run, head, verify_chain
from lib.store.schema import action_event, metadata


def fill(engine, count: int) -> None:
    with writing(engine) as connection:
        for number in range(count):
            append_event(
                connection,
                kind="rename",
                phase="begin",
                actor="lead@example.com",
                run_id=f"run-{number % 3}",
                account="104233",
                step="zuora",
                details={"before": "Wattle", "after": f"Wattle “{number}” Café"},
            )


def test_an_untouched_chain_holds(engine):
    fill(engine, 25)
    with engine.connect() as connection:
        assert verify_chain(connection) is None
        assert head(connection)[0] == 25


def test_an_empty_chain_holds(engine):
    with engine.connect() as connection:
        assert verify_chain(connection) is None


def test_events_are_read_back_as_written(engine):
    fill(engine, 6)
    with engine.connect() as connection:
        assert [event.sequence for event in events_of_run(connection, "run-1")] == [2, 5]
        newest = events_of_account(connection, "104233", limit=2)
    assert [event.sequence for event in newest] == [6, 5]
    assert newest[0].details["after"] == "Wattle “5” Café"


@pytest.fixture(scope="module")
def memory():
    engine = make_engine("sqlite://")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_removed_or_reordered_event_is_found(memory, data):
    with writing(memory) as connection:
        connection.execute(delete(action_event))
    fill(memory, 12)
    # The last event can be cut off unseen; that is what the head kept elsewhere is for.
    victim = data.draw(st.integers(1, 11))
    how = data.draw(st.sampled_from(["change", "remove", "swap", "forge"]))
    with writing(memory) as connection:
        where = action_event.c.sequence == victim
        if how == "change":
            column = data.draw(st.sampled_from(["actor", "account", "phase", "step", "at", "kind", "executor"]))
            connection.execute(update(action_event).where(where).values({column: "tampered"}))
        elif how == "remove":
            connection.execute(delete(action_event).where(where))
        elif how == "swap":
            rows = connection.execute(
                select(action_event).where(action_event.c.sequence.in_([victim, victim + 1]))
            ).mappings()
            first, second = [dict(row) for row in rows]
            first["sequence"], second["sequence"] = second["sequence"], first["sequence"]
            connection.execute(delete(action_event).where(action_event.c.sequence.in_([victim, victim + 1])))
            connection.execute(insert(action_event), [first, second])
        else:
            connection.execute(update(action_event).where(where).values(details={"after": "else"}, hash="f" * 64))
    with memory.connect() as connection:
        broken = verify_chain(connection)
    assert broken is not None
    assert broken.sequence in (victim, victim + 1)
