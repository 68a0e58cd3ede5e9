"""The chain of the audit: every tampering is found, and anybody can recompute it."""

import hashlib
import json
import stat
import time
from contextlib import contextmanager

import pytest
import structlog
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, insert, select, text, update

from lib.actions.engine.durable.sweeper import HEAD_SECONDS, Sweeper
from lib.commands.line import main
from lib.services import Services
from lib.settings import load
from lib.store import audit_command
from lib.store.audit import (
    Head,
    append_event,
    check_chain,
    events_of_account,
    events_of_run,
    export_lines,
    head,
    verify_chain,
)
from lib.store.engine import make_engine, writing
from lib.store.schema import action_event, metadata

COUNT = 8
NULLABLE = ("run_id", "account", "step", "executor")
TEXTS = (*NULLABLE, "kind", "phase", "actor", "at", "previous_hash", "hash")


def fill(engine, count: int) -> None:
    with writing(engine) as connection:
        for number in range(count):
            append_event(
                connection,
                kind="rename",
                phase="begin",
                actor="lead@example.com",
                run_id=f"run-{number % 3}",
                account="104233" if number % 2 else "104234",
                step="zuora",
                details={"before": "Wattle", "after": f"Wattle “{number}” Café", "count": number},
                executor="host:1",
            )


def hash_of(row: dict) -> str:
    """The hash of an event, computed only from its description in the docs."""
    content = {name: value for name, value in row.items() if name != "hash"}
    line = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(line.encode()).hexdigest()


def test_an_untouched_chain_holds(engine):
    fill(engine, 25)
    with engine.connect() as connection:
        assert verify_chain(connection) is None
        noted = head(connection)
        assert noted.sequence == 25
        assert check_chain(connection, noted).head == noted
    fill(engine, 5)
    with engine.connect() as connection:
        assert check_chain(connection, noted).broken is None, "a head stays in the chain while the chain grows"


def test_an_empty_chain_holds(engine):
    with engine.connect() as connection:
        assert verify_chain(connection) is None
        assert head(connection) == Head(sequence=0, hash="0" * 64)


def test_events_are_read_back_as_written(engine):
    fill(engine, 6)
    with engine.connect() as connection:
        assert [one.sequence for one in events_of_run(connection, "run-1")] == [2, 5]
        newest = events_of_account(connection, "104233", limit=2)
    assert [one.sequence for one in newest] == [6, 4]
    assert newest[0].details["after"] == "Wattle “5” Café"


# ------------------------------------------------------------------ tampering
@pytest.fixture(scope="module")
def memory():
    engine = make_engine("sqlite://")
    metadata.create_all(engine)
    fill(engine, COUNT)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def rows(memory) -> list[dict]:
    """The chain as it was written."""
    with memory.connect() as connection:
        return [dict(row) for row in connection.execute(select(action_event)).mappings()]


@pytest.fixture(scope="module")
def noted(rows) -> Head:
    return Head(sequence=rows[-1]["sequence"], hash=rows[-1]["hash"])


@contextmanager
def put(memory, tampered: list[dict]):
    """The chain with these rows instead; undone afterwards."""
    with memory.connect().execution_options(write=True) as connection:
        connection.execute(delete(action_event))
        connection.execute(insert(action_event), tampered)
        yield connection
        connection.rollback()


visible = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
victims = st.integers(0, COUNT - 1)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(0, 1) | visible,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(visible, inner, max_size=3),
    max_leaves=5,
)
many = settings(max_examples=150, deadline=None)


@many
@given(victim=victims, column=st.sampled_from(TEXTS), data=st.data())
def test_a_changed_field_is_found(memory, rows, victim, column, data):
    value = data.draw(visible | st.none() if column in NULLABLE else visible)
    assume(value != rows[victim][column])
    with put(memory, rows) as connection:
        where = action_event.c.sequence == victim + 1
        connection.execute(update(action_event).where(where).values({column: value}))
        assert verify_chain(connection).sequence == victim + 1


@many
@given(victim=victims, details=json_values)
def test_changed_details_are_found(memory, rows, victim, details):
    assume(json.dumps(details, sort_keys=True) != json.dumps(rows[victim]["details"], sort_keys=True))
    raw = text("update action_event set details = :details where sequence = :sequence")
    with put(memory, rows) as connection:
        connection.execute(raw, {"details": json.dumps(details), "sequence": victim + 1})
        assert verify_chain(connection).sequence == victim + 1


@many
@given(victim=st.integers(0, COUNT - 2), actor=visible)
def test_a_changed_event_with_a_hash_that_fits_it_is_found_at_the_next(memory, rows, victim, actor):
    assume(actor != rows[victim]["actor"])
    forged = [dict(row) for row in rows]
    forged[victim]["actor"] = actor
    forged[victim]["hash"] = hash_of(forged[victim])
    with put(memory, forged) as connection:
        assert verify_chain(connection).sequence == victim + 2


@pytest.mark.parametrize("details", ["", "{", "nonsense", b"\x00\x01", '{"before": "Wattle"', 7, 7.5])
def test_details_that_are_no_json_any_more_are_found(memory, rows, details):
    raw = text("update action_event set details = :details where sequence = 3")
    with put(memory, rows) as connection:
        connection.execute(raw, {"details": details})
        assert verify_chain(connection).sequence == 3


@pytest.mark.parametrize("column", ["actor", "at", "account"])
@pytest.mark.parametrize("value", [b"lead@example.com", 104234, 1.5])
def test_a_field_of_another_kind_is_found(memory, rows, column, value):
    raw = text(f"update action_event set {column} = :value where sequence = 1")
    with put(memory, rows) as connection:
        # SQLite stores any type, and turns numbers in a text column into texts.
        connection.execute(raw, {"value": value})
        changed = connection.execute(text(f"select {column} from action_event where sequence = 1")).scalar_one()
        assert (verify_chain(connection) is None) == (changed == rows[0][column])


@many
@given(victim=victims, number=st.integers(-5, 50))
def test_a_renumbered_event_is_found(memory, rows, victim, number):
    assume(number not in range(1, COUNT + 1))
    with put(memory, rows) as connection:
        where = action_event.c.sequence == victim + 1
        connection.execute(update(action_event).where(where).values(sequence=number))
        assert 1 <= verify_chain(connection).sequence <= victim + 1


@many
@given(victim=st.integers(0, COUNT - 2), closed_up=st.booleans())
def test_a_removed_event_is_found(memory, rows, victim, closed_up):
    left = [dict(row) for row in rows if row["sequence"] != victim + 1]
    for position, row in enumerate(left, start=1):
        row["sequence"] = position if closed_up else row["sequence"]
    with put(memory, left) as connection:
        assert verify_chain(connection).sequence == victim + 1


@many
@given(victim=st.integers(0, COUNT - 2))
def test_a_gap_is_found_even_if_every_hash_was_computed_again(memory, rows, victim):
    left = [dict(row) for row in rows if row["sequence"] != victim + 1]
    previous = "0" * 64
    for row in left:
        row["previous_hash"] = previous
        previous = row["hash"] = hash_of(row)
    with put(memory, left) as connection:
        found = verify_chain(connection)
    assert found.sequence == victim + 1
    assert "is missing" in found.reason


@many
@given(pair=st.lists(victims, min_size=2, max_size=2, unique=True))
def test_two_swapped_events_are_found(memory, rows, pair):
    swapped = [dict(row) for row in rows]
    one, other = sorted(pair)
    swapped[one] = {**rows[other], "sequence": one + 1}
    swapped[other] = {**rows[one], "sequence": other + 1}
    with put(memory, swapped) as connection:
        assert verify_chain(connection).sequence == one + 1


@many
@given(victim=victims, place=st.integers(0, COUNT))
def test_an_inserted_copy_is_found(memory, rows, victim, place):
    longer = [dict(row) for row in rows]
    longer.insert(place, dict(rows[victim]))
    for position, row in enumerate(longer, start=1):
        row["sequence"] = position
    with put(memory, longer) as connection:
        found = verify_chain(connection)
    # A copy right after its own event, or instead of it, is found at the second of the two.
    assert found.sequence == (place + 2 if place == victim else place + 1)


@many
@given(left=st.integers(0, COUNT - 1))
def test_a_cut_tail_is_found_with_the_head_that_was_noted(memory, rows, noted, left):
    with put(memory, rows) as connection:
        connection.execute(delete(action_event).where(action_event.c.sequence > left))
        assert verify_chain(connection) is None, "alone, the chain cannot know"
        assert check_chain(connection, noted).broken.sequence == left + 1


@many
@given(victim=victims, actor=visible)
def test_a_chain_that_was_written_again_is_found_with_a_noted_head(memory, rows, noted, victim, actor):
    assume(actor != rows[victim]["actor"])
    forged = [dict(row) for row in rows]
    forged[victim]["actor"] = actor
    for position in range(victim, COUNT):
        if position > victim:
            forged[position]["previous_hash"] = forged[position - 1]["hash"]
        forged[position]["hash"] = hash_of(forged[position])
    with put(memory, forged) as connection:
        assert verify_chain(connection) is None, "alone, the chain cannot know"
        assert check_chain(connection, noted).broken.sequence == COUNT


# ------------------------------------------------------------------ export
def test_the_chain_can_be_recomputed_from_the_exported_lines_alone(engine):
    fill(engine, 12)
    with engine.connect() as connection:
        lines = list(export_lines(connection))
        newest = head(connection)
    assert all(line.endswith("\n") and "\n" not in line[:-1] for line in lines)
    events = [json.loads(line) for line in lines]
    previous = "0" * 64
    for number, one in enumerate(events, start=1):
        assert one["sequence"] == number
        assert one["previous_hash"] == previous
        assert one["hash"] == hash_of(one)
        previous = one["hash"]
    assert (len(events), previous) == (newest.sequence, newest.hash)
    assert events[3]["details"] == {"before": "Wattle", "after": "Wattle “3” Café", "count": 3}


def test_the_export_of_an_account_has_its_events_alone(engine):
    fill(engine, 9)
    with engine.connect() as connection:
        events = [json.loads(line) for line in export_lines(connection, "104233")]
    assert [one["sequence"] for one in events] == [2, 4, 6, 8]
    assert all(one["hash"] == hash_of(one) for one in events)


# ------------------------------------------------------------------ the commands
@pytest.fixture
def command(engine, database_url, tmp_path, monkeypatch, capsys):
    """`python -m lib audit` on the test's database: exit code, standard output, warnings."""
    monkeypatch.setenv("AM_DATABASE_URL", database_url)
    monkeypatch.setenv("AM_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["audit", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_the_check_prints_a_head_that_the_next_check_takes(engine, command):
    fill(engine, 5)
    with engine.connect() as connection:
        newest = head(connection)
    code, said, _ = command("verify")
    assert code == audit_command.HOLDS
    assert said.startswith(f"The audit holds: 5 events, head 5 {newest.hash}.\n")
    fill(engine, 2)
    code, said, _ = command("verify", "--expect", "5", newest.hash)
    assert code == audit_command.HOLDS
    assert "Event 5 is still the one that was noted." in said


def test_the_check_says_where_it_broke_and_what_to_do(engine, command):
    fill(engine, 5)
    with writing(engine) as connection:
        connection.execute(update(action_event).where(action_event.c.sequence == 3).values(actor="x@example.com"))
    code, said, _ = command("verify")
    assert code == audit_command.BROKEN
    assert "The audit does not hold. Event 3: its content was changed after it was written." in said
    assert "The events before 3 are as they were written." in said
    assert "audit head" in said


def test_a_cut_tail_shows_against_the_noted_head_alone(engine, command):
    fill(engine, 5)
    with engine.connect() as connection:
        newest = head(connection)
    with writing(engine) as connection:
        connection.execute(delete(action_event).where(action_event.c.sequence == 5))
    assert command("verify")[0] == audit_command.HOLDS
    code, said, _ = command("verify", "--expect", "5", newest.hash.upper())
    assert code == audit_command.BROKEN
    assert "the audit ends at event 4, and had 5 when its head was noted" in said


@pytest.mark.parametrize("expected", [("5", "abc"), ("five", "0" * 64), ("-1", "0" * 64), ("5", "g" * 64)])
def test_a_head_that_cannot_be_one_is_refused(command, expected):
    code, _, warned = command("verify", "--expect", *expected)
    assert code == 2
    assert "--expect" in warned


def test_the_export_writes_every_event_for_its_owner_alone(engine, command, tmp_path):
    fill(engine, 4)
    target = tmp_path / "audit.jsonl"
    code, said, warned = command("export", str(target))
    assert (code, said, warned) == (audit_command.HOLDS, "", "4 events exported.\n")
    lines = target.read_text().splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == [1, 2, 3, 4]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.glob("audit*")] == ["audit.jsonl"]
    code, said, _ = command("export", "-")
    assert (code, said.splitlines()) == (audit_command.HOLDS, lines)


def test_an_export_that_cannot_be_written_says_so(engine, command, tmp_path):
    fill(engine, 1)
    code, _, warned = command("export", str(tmp_path / "nowhere" / "audit.jsonl"))
    assert code == audit_command.UNREAD
    assert "FileNotFoundError" in warned


def test_a_database_that_was_never_started_has_no_audit(empty_database_url, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AM_DATABASE_URL", empty_database_url)
    monkeypatch.setenv("AM_DATA_DIR", str(tmp_path))
    assert main(["audit", "verify"]) == audit_command.HOLDS
    assert "There is no audit yet" in capsys.readouterr().out
    assert main(["audit", "verify", "--expect", "5", "0" * 64]) == audit_command.BROKEN, (
        "it had one when its head was noted"
    )


def test_a_database_that_does_not_answer_is_not_called_broken(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AM_DATABASE_URL", f"sqlite:///{tmp_path}")
    monkeypatch.setenv("AM_DATA_DIR", str(tmp_path))
    assert main(["audit", "verify"]) == audit_command.UNREAD
    assert "could not be read, so it was not checked" in capsys.readouterr().err


# ------------------------------------------------------------------ the head in the log
@pytest.fixture
def logged():
    """The events of the log, whatever another test has set up."""
    before = structlog.get_config()
    structlog.reset_defaults()
    with structlog.testing.capture_logs() as events:
        yield events
    structlog.configure(**before)


@pytest.fixture
def shifted(tmp_path):
    """A database whose clock a test can put forward."""
    engine = make_engine(f"sqlite:///{tmp_path / 'hub.db'}")
    forward = {"days": 0.0}

    @event.listens_for(engine, "connect")
    def _clock(connection, _record):
        connection.create_function("julianday", 1, lambda _now: 2440587.5 + time.time() / 86400 + forward["days"])

    metadata.create_all(engine)
    yield engine, forward
    engine.dispose()


def sweeper(engine, tmp_path) -> Sweeper:
    configured = load(data_dir=tmp_path)
    return Sweeper(Services(settings=configured, engine=engine, zuora=None, sbc=None, mailer=None), "host:1")


def heads(logged) -> list[tuple[int, str]]:
    return [(one["sequence"], one["hash"]) for one in logged if one["event"] == "audit head"]


def test_the_head_is_logged_at_the_start_and_once_a_day_of_the_database(shifted, tmp_path, logged):
    engine, forward = shifted
    fill(engine, 3)
    with engine.connect() as connection:
        first = head(connection)
    told = sweeper(engine, tmp_path)
    told.log_head()
    fill(engine, 2)
    told.log_head()
    forward["days"] = 0.99 * HEAD_SECONDS / 86400
    told.log_head()
    assert heads(logged) == [(3, first.hash)]
    forward["days"] = 1.01 * HEAD_SECONDS / 86400
    told.log_head()
    told.log_head()
    assert [sequence for sequence, _ in heads(logged)] == [3, 5]
    with engine.connect() as connection:
        assert all(check_chain(connection, Head(sequence=s, hash=h)).broken is None for s, h in heads(logged))


def test_a_process_logs_the_head_as_it_starts(shifted, tmp_path, logged):
    engine, _ = shifted
    fill(engine, 1)
    started = sweeper(engine, tmp_path)
    started.start()
    started.stop()
    assert [sequence for sequence, _ in heads(logged)] == [1]


def test_a_database_that_is_away_does_not_end_the_sweeper(tmp_path, logged):
    away = make_engine(f"sqlite:///{tmp_path / 'hub.db'}")
    started = sweeper(away, tmp_path)
    started.start()
    started.stop()
    away.dispose()
    assert [one["event"] for one in logged] == ["sweep failed"]
