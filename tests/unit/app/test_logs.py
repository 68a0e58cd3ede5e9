"""What a log says about an error: an id, its class, its place. Never a value."""

import asyncio
import gc
import io
import logging
import sqlite3
import subprocess
import sys
import textwrap

import pytest
import structlog
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from lib import logs
from lib.settings import PROJECT

NAME = "Maximiliane Mustermann"


@pytest.fixture(autouse=True)
def _as_it_was():
    made, configured = logging.getLogRecordFactory(), structlog.get_config()
    logs.configure("INFO")
    yield
    logging.setLogRecordFactory(made)
    structlog.configure(**configured)


def caught(act, *given) -> Exception:
    with pytest.raises(Exception) as found:
        act(*given)
    return found.value


def break_with(name: str) -> None:
    raise ValueError(f"there is no {name}")


def insert_twice(name: str) -> None:
    engine = create_engine("sqlite://")  # without `hide_parameters`, as the step engine makes its engine
    with engine.begin() as connection:
        connection.execute(text("create table person (name text unique)"))
        for _ in range(2):
            connection.execute(text("insert into person values (:name)"), {"name": name})


def read_nowhere(name: str) -> None:
    with create_engine("sqlite://").connect() as connection:
        connection.execute(text("select * from nowhere where name = :name"), {"name": name})


def break_unsaid(name: str) -> None:
    try:
        break_with(name)
    except ValueError as error:
        raise RuntimeError(f"{name} again") from error


def written(logger: logging.Logger, act) -> list[str]:
    """What a handler of the library itself writes."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger.addHandler(handler)
    try:
        act(logger)
    finally:
        logger.removeHandler(handler)
    return out.getvalue().splitlines()


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (break_with, "ValueError"),
        (
            insert_twice,
            "sqlalchemy.exc.IntegrityError < sqlite3.IntegrityError (UNIQUE constraint failed: person.name)",
        ),
        (read_nowhere, "sqlalchemy.exc.OperationalError < sqlite3.OperationalError (no such table: nowhere)"),
        (break_unsaid, "RuntimeError < ValueError"),
    ],
)
@pytest.mark.parametrize("way", ["structlog", "library", "argument"])
def test_an_error_is_one_line_with_an_id_a_kind_and_a_place(capsys, act, kind, way):
    error = caught(act, NAME)
    assert NAME in str(error) or isinstance(error, OperationalError | IntegrityError)
    if way == "structlog":
        structlog.get_logger("x").error("step broke", run="r-1", exc_info=error)
        lines = capsys.readouterr().err.splitlines()
    elif way == "library":
        lines = written(logging.getLogger("uvicorn.error"), lambda one: one.error("Broke\n", exc_info=error))
    else:
        lines = written(logging.getLogger("streamlit.x"), lambda one: one.warning("Failed: %s", error))
    (line,) = lines
    assert NAME not in line
    assert logs.error_id(error) in line
    assert kind in line
    assert f"tests/unit/app/test_logs.py:{act.__code__.co_firstlineno + 1}"[:24] in line
    assert act.__name__ in line
    assert "Traceback" not in line


def test_the_id_stays_with_its_error():
    error = caught(break_with, NAME)
    assert logs.error_id(error) == logs.error_id(error) == logs.digest(error).id
    assert len(logs.error_id(error)) == 8
    assert logs.error_id(caught(break_with, NAME)) != logs.error_id(error)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (sqlite3.OperationalError(f'near "{NAME}": syntax error'), "sqlite3.OperationalError"),
        (OSError(28, "No space left on device", f"/home/{NAME}"), "OSError (ENOSPC)"),
        (ExceptionGroup(NAME, [ValueError(NAME), KeyError(NAME)]), "ExceptionGroup (ValueError, KeyError)"),
        (UnicodeDecodeError("utf-8", NAME.encode(), 0, 1, NAME), "UnicodeDecodeError"),
    ],
)
def test_only_fixed_sentences_of_an_error_are_kept(error, kind):
    assert logs.digest(error).kind == kind


def test_a_traceback_that_is_part_of_a_message_is_cut_off():
    told = f'Startup failed\nTraceback (most recent call last):\n  File "x", line 1\nValueError: {NAME}'
    (line,) = written(logging.getLogger("uvicorn.error"), lambda one: one.error(told))
    assert line == "ERROR Startup failed"


def test_an_error_that_nobody_awaits_in_an_event_loop_is_logged_the_same_way():
    async def forgotten() -> None:
        asyncio.get_running_loop().call_soon(break_with, NAME)
        task = asyncio.create_task(asyncio.to_thread(break_with, NAME))
        await asyncio.wait([task])
        del task
        gc.collect()

    lines = written(logging.getLogger("asyncio"), lambda _: asyncio.run(forgotten()))
    assert len(lines) == 2
    for line in lines:
        assert NAME not in line
        assert "error='ValueError'" in line


def test_usual_messages_are_left_as_they_are():
    lines = written(logging.getLogger("uvicorn.error"), lambda one: one.warning("%s of %d", "two", 3))
    assert lines == ["WARNING two of 3"]


@pytest.mark.process
@pytest.mark.parametrize(
    "act",
    [
        "raise ValueError(name)",
        "thread = threading.Thread(target=lambda: int(name)); thread.start(); thread.join()",
        "class Last:\n    def __del__(self):\n        raise ValueError(name)\nLast()",
        "logging.getLogger('x').warning('%d', name)",
    ],
    ids=["main", "thread", "end of an object", "message"],
)
def test_an_uncaught_error_in_our_process_shows_no_value(act):
    program = f"import logging, threading\nfrom lib import logs\nlogs.take_over()\nname = {NAME!r}\n"
    done = subprocess.run(
        [sys.executable, "-c", program + textwrap.dedent(act)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = done.stdout + done.stderr
    assert NAME not in said
    assert "Traceback" not in said
    assert said.count("\n") <= 1
    assert "error='ValueError'" in said or act.startswith("logging")
