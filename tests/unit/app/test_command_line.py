"""`python -m lib`: what each command does to a real database, and what it says when it cannot."""

import io
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import bcrypt
import pytest
from sqlalchemy import delete, insert, select, text

from lib.app import passwords
from lib.app import people as people_app
from lib.app.passwords import matches
from lib.commands.line import main
from lib.domain.permissions import Role
from lib.settings import PROJECT
from lib.store import sign_in_tries
from lib.store.engine import writing
from lib.store.people import find_person
from lib.store.schema import action_event, person, person_role, search_term, sign_in_session, sign_in_try
from lib.store.search import search
from lib.store.sessions import begin_session
from tests.common.factories import put_account

PASSWORD = "correct horse battery"
COMMANDS = [
    *("serve", "migrate", "reindex", "standin", "check zuora", "audit verify", "audit export", "people add"),
    *("people list", "people roles", "people disable", "people enable", "people password", "people unlock"),
]


@pytest.fixture
def run(database_url, tmp_path, monkeypatch, capsys):
    """`python -m lib` on the test's database: exit code, standard output, standard error."""
    monkeypatch.setenv("AM_DATABASE_URL", database_url)
    monkeypatch.setenv("AM_DATA_DIR", str(tmp_path / "data"))
    # The fastest setting: a hash with the product's setting takes a quarter of a second.
    monkeypatch.setattr(passwords, "_ROUNDS", 4)

    def command(*arguments: str, given: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        code = main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    yield command
    passwords._hash_of_nobody.cache_clear()


def new(username: str, *roles: str, **changes: str) -> list[str]:
    options = {"email": f"{username}@example.com", "name": f"Some {username}", **changes}
    given = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [
        "people",
        "add",
        username,
        *given,
        *(part for role in roles for part in ("--role", role)),
        "--password-stdin",
    ]


def person_of(engine, username):
    with engine.connect() as connection:
        return find_person(connection, username)


def events(engine):
    with engine.connect() as connection:
        rows = connection.execute(select(action_event).order_by(action_event.c.sequence)).all()
    return [(row.kind, row.phase, row.actor, row.details) for row in rows]


# ------------------------------------------------------------------ help
@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_says_what_it_does_with_an_example_and_its_exit_codes(command, capsys):
    assert main([*command.split(), "--help"]) == 0
    said = capsys.readouterr().out
    assert f"Example: {'AM_PORT=8600 ' if command == 'serve' else ''}python -m lib {command}" in said.replace(
        "\n  ", " "
    )
    assert "Exit codes: 0 " in said


def test_the_list_of_commands_names_each_of_them(capsys):
    main(["--help"])
    said = capsys.readouterr().out
    assert {command.split()[0] for command in COMMANDS} <= set(said.split())


@pytest.mark.process
def test_help_does_not_wait_for_the_product(tmp_path):
    """A slow module is imported only by the command that needs it."""
    code = (
        "import sys\nfrom lib.commands.line import main\nmain(['people', '--help'])\n"
        "heavy = {'streamlit', 'pandas', 'sqlalchemy', 'dbos', 'alembic', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "command", ["", "nonsense", "people add", "audit verify --expect 5", "standin nothing --data x"]
)
def test_wrong_arguments_end_with_their_own_exit_code(command, capsys):
    assert main(command.split()) == 2
    assert "Traceback" not in capsys.readouterr().err


# ------------------------------------------------------------------ the database
def test_migrate_brings_an_empty_database_to_the_newest_schema(empty_database_url, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AM_DATABASE_URL", empty_database_url)
    monkeypatch.setenv("AM_DATA_DIR", str(tmp_path))
    assert main(["migrate", "--check"]) == 1
    assert "revision is None" in capsys.readouterr().out
    assert main(["people", "list"]) == 1
    assert "Run `python -m lib migrate` first." in capsys.readouterr().err
    assert main(["migrate"]) == 0
    assert main(["migrate", "--check"]) == 0
    assert capsys.readouterr().out == "The database is up to date.\n"


def test_an_invalid_database_url_is_named_and_not_quoted(run, monkeypatch):
    monkeypatch.setenv("AM_DATABASE_URL", "somebody:secret@nowhere")
    code, said, warned = run("migrate")
    assert (code, said) == (1, "")
    assert "AM_DATABASE_URL" in warned
    assert "secret" not in warned


def test_reindex_finds_again_what_was_lost(run, engine):
    with writing(engine) as connection:
        ids = [put_account(connection, str(50_000 + at), name=f"Firm {at}") for at in range(1_203)]
        connection.execute(insert(search_term).values(account_id=ids[0], kind="name", term="left over"))
    with engine.connect() as connection:
        assert search(connection, "Firm 1202").hits == []
    assert run("reindex")[:2] == (0, "Search terms written for 1,203 accounts.\n")
    with engine.connect() as connection:
        assert [hit.number for hit in search(connection, "Firm 1202").hits] == ["51202"]
        assert search(connection, "left over").hits == []


# ------------------------------------------------------------------ people
def test_a_person_who_was_added_can_sign_in_and_is_in_the_audit(run, engine):
    code, said, _ = run(*new("Ada", "support_lead", "billing", email="Ada@Example.com"), given=f"{PASSWORD}\n")
    assert (code, said) == (0, "Added ada: billing, support_lead.\n")
    found = person_of(engine, "ada")
    assert found.email == "Ada@example.com"
    assert (found.roles, found.active, found.demo) == ({Role.SUPPORT_LEAD, Role.BILLING}, True, False)
    assert matches(PASSWORD, found.password_hash)
    assert not matches(PASSWORD + "!", found.password_hash)
    assert bcrypt.checkpw(PASSWORD.encode(), found.password_hash.encode())
    ((kind, phase, actor, details),) = events(engine)
    assert (kind, phase, details["person"]) == ("people", "added", "ada")
    assert actor.startswith("command line: ")
    assert PASSWORD not in str(events(engine))
    assert found.password_hash not in str(events(engine))


def test_an_account_admin_belongs_to_one_account(run, engine):
    with writing(engine) as connection:
        put_account(connection, "41990")
    assert run(*new("kim", "account_admin", account="41990"), given=PASSWORD)[0] == 0
    assert person_of(engine, "kim").account == "41990"
    assert "account_admin(41990)" in run("people", "list")[1]


@pytest.mark.parametrize(
    ("arguments", "given", "sentence"),
    [
        (new("a b", "billing"), PASSWORD, "A user name has at most 60"),
        (new("x" * 61, "billing"), PASSWORD, "A user name has at most 60"),
        (new("ada", "billing", email="ada"), PASSWORD, "no full domain"),
        (new("ada", "billing", email="ada@example.com, bo@example.com"), PASSWORD, "more than one e-mail address"),
        (new("ada", "billing", name="  "), PASSWORD, "The name must have"),
        (new("ada", "billing", name="A\nB\x07"), PASSWORD, "The name must have"),
        (new("ada", "billing"), "tiny", "too short"),
        (new("ada", "billing"), "", "too short"),
        (new("ada", "billing"), "ä" * 37, "too long"),
        (new("ada", "billing"), "twelve\tcharacters", "invisible character"),
        (new("ada", "account_admin"), PASSWORD, "Add them with --account"),
        (new("ada", "account_admin", "admin", account="41990"), PASSWORD, "Give account_admin alone"),
        (new("ada", "billing", account="41990"), PASSWORD, "Only an account admin"),
        (new("ada", "account_admin", account="41990"), PASSWORD, "There is no account 41990"),
        (new("ada", "account_admin", account="4199x"), PASSWORD, "An account number has"),
        (new("ada", "billing")[:-1], PASSWORD, "--password-stdin"),
        (["people", "disable", "nobody"], "", "Nobody has this user name"),
        (["people", "roles", "nobody", "--role", "billing"], "", "Nobody has this user name"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence_and_changes_nothing(run, engine, arguments, given, sentence):
    code, said, warned = run(*arguments, given=given)
    assert (code, said) == (1, "")
    (line,) = warned.splitlines()
    assert line.startswith("Not done: ")
    assert sentence in line
    assert not given or given not in line
    with engine.connect() as connection:
        assert connection.execute(select(person)).all() == []
    assert events(engine) == []


@pytest.mark.parametrize(
    ("other", "what"), [(new("ada", "billing", email="b@example.com"), "user name"), (new("bo", "billing"), "e-mail")]
)
def test_nobody_is_added_twice(run, engine, other, what):
    run(*new("ada", "billing", email="BO@example.com"), given=PASSWORD)
    code, _, warned = run(*other, given=PASSWORD)
    assert code == 1
    assert f"Somebody else has this {what}" in warned
    assert len(events(engine)) == 1


def test_a_role_that_does_not_exist_is_named_with_those_that_do(run):
    code, _, warned = run("people", "roles", "ada", "--role", "boss")
    assert code == 2
    assert "support_lead" in warned


def sign_in(engine, username):
    with writing(engine) as connection:
        begin_session(connection, username, address="192.0.2.1")
    assert open_sign_ins(engine, username) == 1


def open_sign_ins(engine, username):
    query = select(sign_in_session).join(person).where(person.c.username == username)
    with engine.connect() as connection:
        return len(connection.execute(query.where(sign_in_session.c.ended_at.is_(None))).all())


@pytest.mark.parametrize(
    ("command", "phase"),
    [
        (["disable", "ada"], "disabled"),
        (["roles", "ada", "--role", "read_only"], "roles"),
        (["password", "ada", "--password-stdin"], "password"),
    ],
)
def test_what_changes_a_person_ends_their_sign_ins_and_nobody_elses(run, engine, command, phase):
    for name in ("ada", "bo"):
        run(*new(name, "billing"), given=PASSWORD)
        sign_in(engine, name)
    code, said, _ = run("people", *command, given="another long password")
    assert code == 0
    assert "1 sign-in ended." in said
    assert [open_sign_ins(engine, name) for name in ("ada", "bo")] == [0, 1]
    kind, last, actor, details = events(engine)[-1]
    assert (kind, last, details["person"], details["sign_ins_ended"]) == ("people", phase, "ada", 1)
    assert actor.startswith("command line: ")
    found = person_of(engine, "ada")
    assert found.active == (phase != "disabled")
    assert found.roles == ({Role.READ_ONLY} if phase == "roles" else {Role.BILLING})
    assert matches("another long password", found.password_hash) == (phase == "password")


def test_somebody_disabled_is_enabled_again(run, engine):
    run(*new("ada", "billing"), given=PASSWORD)
    run("people", "disable", "ADA")
    assert "disabled" in run("people", "list")[1]
    assert run("people", "enable", "ada")[0] == 0
    assert person_of(engine, "ada").active


@pytest.mark.parametrize("command", [["disable", "root"], ["roles", "root", "--role", "support_lead"]])
def test_the_last_admin_stays_an_admin(run, engine, command):
    run(*new("root", "admin"), given=PASSWORD)
    run(*new("gone", "admin"), given=PASSWORD)
    run("people", "disable", "gone")
    code, _, warned = run("people", *command)
    assert code == 1
    assert "the last active admin" in warned
    assert Role.ADMIN in person_of(engine, "root").roles
    assert person_of(engine, "root").active
    run("people", "enable", "gone")
    assert run("people", *command)[0] == 0


def test_when_two_admins_disable_each_other_one_stays(run, engine):
    for name in ("one", "two"):
        run(*new(name, "admin"), given=PASSWORD)
    together = threading.Barrier(2)

    def disable(name):
        together.wait(10)
        try:
            people_app.disable(engine, name, actor="somebody")
        except people_app.NotChanged:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(disable, ("one", "two")))
    assert sorted(done) == [False, True]
    assert [person_of(engine, name).active for name in ("one", "two")] == [not shut for shut in done]


def test_unlock_forgets_the_failures_of_this_person_alone(run, engine):
    run(*new("ada", "billing"), given=PASSWORD)
    counters = [
        sign_in_tries.Counter("pair", "ada", "192.0.2.1"),
        sign_in_tries.Counter("name", "ada"),
        sign_in_tries.Counter("browser", "ada", "mark"),
        sign_in_tries.Counter("name", "bo"),
        sign_in_tries.Counter("address", "192.0.2.1"),
    ]
    with writing(engine) as connection:
        for counter in counters:
            sign_in_tries.count_try(connection, counter, minutes=15)
    assert run("people", "unlock", "ada")[:2] == (0, "Unlocked.\n")
    with engine.connect() as connection:
        assert len(connection.execute(select(sign_in_try)).all()) == 2
    assert events(engine)[-1][1] == "unlocked"
    assert run("people", "unlock", "ada")[1] == "There were no failed sign-ins to forget.\n"


def test_an_empty_list_says_how_to_add_somebody(run):
    assert "Add the first person" in run("people", "list")[1]


# ------------------------------------------------------------------ the process
@pytest.mark.process
@pytest.mark.sqlite_only
def test_a_terminal_is_asked_for_the_password_twice(run, database_url, engine, tmp_path):
    import pty

    main_end, other_end = pty.openpty()
    command = [sys.executable, "-m", "lib", *new("ada", "billing")[:-1]]
    with subprocess.Popen(command, cwd=PROJECT, stdin=other_end, stdout=other_end, stderr=other_end) as process:
        os.close(other_end)
        shown = b""
        for prompt, answer in ((b"Password: ", PASSWORD), (b"Repeat for confirmation: ", PASSWORD)):
            deadline = time.monotonic() + 30
            while prompt not in shown and time.monotonic() < deadline:
                shown += os.read(main_end, 1000)
            os.write(main_end, f"{answer}\n".encode())
        while process.poll() is None:
            try:
                shown += os.read(main_end, 1000)
            except OSError:
                break
    os.close(main_end)
    assert process.returncode == 0, shown
    assert PASSWORD.encode() not in shown
    assert matches(PASSWORD, person_of(engine, "ada").password_hash)


@pytest.mark.process
def test_a_bug_is_one_line_of_the_log_without_the_data_in_it(run, engine, database_url):
    """The database was changed by hand: the text of the error would quote the value."""
    with writing(engine) as connection:
        connection.execute(delete(person_role))
        made = connection.execute(insert(person).values(username="x", email="x@y.z", name="X")).inserted_primary_key[0]
        connection.execute(text("insert into person_role (person_id, role) values (:id, 'secret role')"), {"id": made})
    command = [sys.executable, "-m", "lib", "people", "list"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "nobody caught this" in line
    assert "secret role" not in line
