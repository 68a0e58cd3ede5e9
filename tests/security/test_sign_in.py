"""The sign-in page over HTTP: what it answers, what it refuses, and what it never reveals."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import bcrypt
import pytest
from sqlalchemy import delete, select, text, update

from lib.store.engine import writing
from lib.store.schema import action_event, person, sign_in_session, sign_in_try
from lib.store.sessions import begin_session
from tests.server import COOKIE, SIGN_IN_HOURS, Session, copy_demo, look, sbc_of, serving, zuora_of

ATTEMPTS, FROM_ONE_ADDRESS, MINUTES = 3, 12, 15
BROWSER = f"{COOKIE}_browser"
LONG = 80 * "x"


@pytest.fixture(scope="module")
def _server(tmp_path_factory):
    given = {
        "sign_in_attempts": ATTEMPTS,
        "sign_in_address_attempts": FROM_ONE_ADDRESS,
        "sign_in_lock_minutes": MINUTES,
    }
    with serving(copy_demo(tmp_path_factory.mktemp("server")), **given) as server:
        yield server


@pytest.fixture
def server(_server):
    with _server.hub() as engine, engine.connect() as connection:
        hashes = {row.id: row.password_hash for row in connection.execute(select(person))}
    yield _server
    with _server.hub() as engine, writing(engine) as connection:
        connection.execute(delete(sign_in_try))
        for id_, hashed in hashes.items():
            values = {"active": True, "password_hash": hashed}
            connection.execute(update(person).where(person.c.id == id_).values(values))


def change(server, username, **values):
    with server.hub() as engine, writing(engine) as connection:
        connection.execute(update(person).where(person.c.username == username).values(**values))


def pass_time(server, minutes=MINUTES + 1):
    """Move all times into the past, as if that much time had passed."""
    with server.hub() as engine, writing(engine) as connection:
        for row in connection.execute(select(sign_in_try)).all():
            connection.execute(
                update(sign_in_try)
                .where(sign_in_try.c.counter == row.counter)
                .values(since=row.since - timedelta(minutes=minutes))
            )


def audited(server):
    """Person and kind of every sign-in and sign-out in the audit."""
    with server.hub() as engine, engine.connect() as connection:
        rows = connection.execute(
            select(action_event).where(action_event.c.kind == "sign_in").order_by(action_event.c.sequence)
        )
        return [(row.actor, row.phase, row.details) for row in rows]


def is_in(server, reply):
    """The cookie of this answer signs somebody in."""
    token = reply.cookies[COOKIE].partition(";")[0]
    return "Sign out" in look(server, token=token).shown


def test_a_stranger_is_led_to_the_sign_in_and_back_to_where_they_wanted_to_be(server):
    wanted = "/account-details?account=144918&run=x"
    reply = server.ask("GET", wanted)
    assert (reply.status, reply.headers["location"]) == (303, f"/sign-in?next={quote(wanted, safe='')}")
    form = server.ask("GET", reply.headers["location"])
    assert form.status == 200
    action = re.search(r'action="([^"]*)"', form.body)[1]
    body = b"username=lead&password=lead-demo"
    entered = server.ask("POST", action, headers={"Content-Type": "application/x-www-form-urlencoded"}, body=body)
    assert (entered.status, entered.headers["location"]) == (303, wanted)
    assert is_in(server, entered)


@pytest.mark.parametrize(
    "next_",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "evil",
        "/sign-in",
        "/a\r\nX: y",
        "\\\\e",
        "/%0d",
        "",
    ],
)
def test_the_way_back_leads_nowhere_else(server, next_):
    reply = server.ask(
        "POST",
        f"/sign-in?next={quote(next_, safe='')}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=b"username=lead&password=lead-demo",
    )
    assert reply.status == 303
    assert reply.headers["location"] in ("/", "/%0d")


def test_the_cookie_is_one_that_no_script_and_no_other_site_gets(server):
    cookies = server.sign_in(" LEAD ", "lead-demo").cookies
    for name, hours in ((COOKIE, SIGN_IN_HOURS), (BROWSER, 180 * 24)):
        attributes = {part.strip().lower() for part in cookies[name].split(";")[1:]}
        assert attributes == {"httponly", "samesite=lax", "path=/", f"max-age={hours * 3600}"}


def test_outside_the_demo_the_cookie_is_sent_only_encrypted(tmp_path):
    folder = copy_demo(tmp_path)
    with zuora_of(folder) as zuora, sbc_of(folder) as sbc:
        given = {"env": "staging", "sbc_url": sbc.url, "mail_host": "127.0.0.1", "allowed_hosts": "127.0.0.1"}
        with serving(folder, zuora=zuora, **given) as server:
            reply = server.sign_in("lead", "lead-demo")
            assert reply.status == 303
            assert set(reply.cookies) == {f"__Host-{COOKIE}", f"__Host-{BROWSER}"}
            assert all("; Secure" in one and "; Path=/" in one for one in reply.cookies.values())
            # Nothing of the demo is on the page.
            assert "lead-demo" not in server.get("/sign-in")[1]


def test_every_failure_has_the_same_answer(server):
    change(server, "viewer", active=False)
    right = server.sign_in("lead", "lead-demo")
    assert right.status == 303
    asked = {
        "wrong": ("lead", "wrong"),
        "unknown": ("made-up", "wrong"),
        "inactive": ("viewer", "viewer-demo"),
        "too long": ("lead", LONG),
        "72 bytes and more": ("lead", "lead-demo" + 64 * "\0"),
        "an unknown name": ("' or 1=1 --", "x"),
    }
    replies = {what: server.sign_in(*given) for what, given in asked.items()}
    for _ in range(ATTEMPTS):
        server.sign_in("billing", "wrong")
    replies["closed"] = server.sign_in("billing", "billing-demo")
    alerts = {reply.alert for reply in replies.values()}
    assert len(alerts) == 1, replies
    assert "Check the user name and the password" in alerts.pop()
    assert {reply.status for reply in replies.values()} == {403}
    assert not any(reply.cookies for reply in replies.values())
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize(("username", "password"), [("", ""), ("lead", ""), ("", "lead-demo"), ("   ", "lead-demo")])
def test_an_empty_field_is_asked_for(server, username, password):
    reply = server.sign_in(username, password)
    assert (reply.status, reply.alert) == (403, "Type your user name and your password.")


def test_a_name_that_was_typed_stays_and_is_only_text(server):
    reply = server.sign_in('"><script>alert(1)</script>', "x")
    assert "<script>" not in reply.body
    assert "&lt;script&gt;" in reply.body


def test_too_many_tries_at_a_name_block_it_for_one_address_for_a_time(server):
    for _ in range(ATTEMPTS):
        assert server.sign_in("billing", "guess").status == 403
    assert server.sign_in("billing", "billing-demo").status == 403, "closed"
    assert server.sign_in("lead", "lead-demo").status == 303, "the others are not"
    # More guesses do not keep it blocked for longer.
    pass_time(server, MINUTES - 5)
    server.sign_in("billing", "guess")
    pass_time(server, 6)
    assert server.sign_in("billing", "billing-demo").status == 303


def test_a_known_browser_gets_in_despite_the_guesses_of_others(server):
    known = server.sign_in("billing", "billing-demo").cookies[BROWSER].partition(";")[0]
    for _ in range(ATTEMPTS + 1):
        server.sign_in("billing", "guess")
    assert server.sign_in("billing", "billing-demo").status == 403
    assert server.sign_in("billing", "billing-demo", cookies=f"{BROWSER}={known}").status == 303
    made_up = f"billing.{known.split('.')[1]}.{64 * '0'}"
    assert server.sign_in("billing", "billing-demo", cookies=f"{BROWSER}={made_up}").status == 403
    # It is known for one person, and guesses from it are also counted.
    for _ in range(ATTEMPTS):
        assert server.sign_in("billing", "guess", cookies=f"{BROWSER}={known}").status == 403
    assert server.sign_in("billing", "billing-demo", cookies=f"{BROWSER}={known}").status == 403


def test_one_address_cannot_try_many_names(server):
    for number in range(FROM_ONE_ADDRESS):
        server.sign_in(f"name{number}", "guess")
    assert server.sign_in("lead", "lead-demo").status == 403
    pass_time(server)
    # Successful sign-ins do not count.
    for _ in range(FROM_ONE_ADDRESS + 1):
        assert server.sign_in("lead", "lead-demo").status == 303


def test_one_address_does_not_block_a_name_for_others(server):
    """The attacker's own address, which a proxy on this machine names, is blocked long before the name is."""
    stranger = {"X-Forwarded-For": "203.0.113.7"}
    for _ in range(FROM_ONE_ADDRESS + 5 * ATTEMPTS + 1):
        server.sign_in("billing", "guess", **stranger)
    assert server.sign_in("billing", "billing-demo", **stranger).status == 403
    assert server.sign_in("billing", "billing-demo", **{"X-Forwarded-For": "198.51.100.1"}).status == 303


def test_a_flood_over_many_names_fills_neither_the_audit_nor_the_counters(server):
    before = len(audited(server))
    for number in range(FROM_ONE_ADDRESS + 15):
        server.sign_in(f"flood{number}", "guess")
    assert len(audited(server)) - before == FROM_ONE_ADDRESS + 1
    with server.hub() as engine, engine.connect() as connection:
        assert len(connection.execute(select(sign_in_try)).all()) <= 1 + 2 * FROM_ONE_ADDRESS


def test_many_guesses_at_once_do_not_slow_down_other_people(server):
    token = server.cookie("lead")
    with ThreadPoolExecutor(60) as pool:
        guesses = [pool.submit(server.sign_in, "lead", "guess") for _ in range(60)]
        assert server.get("/accounts", token=token)[0] == 200
        assert "Sign out" in look(server, token=token).shown
        assert {guess.result().status for guess in guesses} == {403}


def test_a_right_password_resets_the_count_of_wrong_ones(server):
    for _ in range(2):
        for _ in range(ATTEMPTS - 1):
            server.sign_in("viewer", "guess")
        assert server.sign_in("viewer", "viewer-demo").status == 303


def test_sign_ins_and_failures_are_in_the_audit_once_and_without_what_was_typed(server):
    before = len(audited(server))
    server.sign_in("viewer", "viewer-demo")
    for _ in range(ATTEMPTS + 4):
        server.sign_in("my-secret-password", "x")
    server.sign_in("viewer", "wrong")
    here = {"address": "127.0.0.1"}
    wrong, closed = {**here, "why": "wrong name or password"}, {**here, "why": "too many tries"}
    assert audited(server)[before:] == [
        ("viewer@demo.example", "done", here),
        *ATTEMPTS * [("nobody", "refused", wrong)],
        ("nobody", "refused", closed),
        ("viewer@demo.example", "refused", wrong),
    ]
    with server.hub() as engine, engine.connect() as connection:
        assert "my-secret" not in str(connection.execute(select(sign_in_try)).all())
    assert "my-secret" not in server.log.read_text()


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil.example"}],
)
def test_the_form_of_another_site_signs_nobody_in(server, headers):
    reply = server.sign_in("lead", "lead-demo", **headers)
    assert reply.status == 403
    assert not reply.cookies


@pytest.mark.parametrize(
    "body",
    [
        b"username=lead&password=lead-demo&username=admin",
        b"username=lead&password=" + 9000 * b"x",
        b"&".join(b"a%d=1" % number for number in range(50)),
        "username=ä".encode(),
        b'{"username": "lead", "password": "lead-demo"}',
        b"",
        b"username=lead&password=%ff%ed%a0%80%00",
        b"username=%00&password=x",
    ],
)
def test_another_body_than_the_form_is_refused_with_a_sentence(server, body):
    reply = server.ask("POST", "/sign-in", headers={"Content-Type": "text/plain"}, body=body)
    assert reply.status == 403
    assert reply.alert
    assert not reply.cookies
    assert "Traceback" not in server.log.read_text()


def test_signing_in_ends_the_earlier_sign_in_of_this_browser(server):
    first = server.cookie("lead")
    server.sign_in("viewer", "viewer-demo", cookies=f"{COOKIE}={first}")
    assert look(server, token=first).left_for == "/sign-in"


def test_a_cookie_that_is_sent_twice_does_not_count(server):
    token = server.cookie("lead")
    for twice in (f"{COOKIE}=x; {COOKIE}={token}", f"{COOKIE}={token}; {COOKIE}=x"):
        assert server.ask("GET", "/accounts", headers={"Cookie": twice}).status == 303
        assert server.ask("GET", "/sign-in", headers={"Cookie": twice}).status == 200
        with Session(server, headers={"Cookie": twice}) as session:
            session.ask()
            assert session.take().left_for == "/sign-in"


def test_only_the_newest_sign_ins_of_a_person_stay_valid(server):
    first, *more = [server.cookie("customer") for _ in range(21)]
    assert server.get("/", token=first)[0] == 303
    assert server.get("/", token=more[0])[0] == 200


def test_the_password_that_was_checked_is_the_one_that_signs_in(server):
    with server.hub() as engine, writing(engine) as connection, pytest.raises(KeyError):
        begin_session(connection, "lead", address="192.0.2.1", password_hash="the one before")


def test_an_error_at_the_gate_is_a_sentence_with_the_id_in_the_log(tmp_path):
    with serving(copy_demo(tmp_path)) as server:
        token = server.cookie("lead")
        with server.hub() as engine, writing(engine) as connection:
            connection.execute(text("alter table sign_in_session rename to elsewhere"))
        for reply in (
            server.ask("GET", "/accounts", headers={"Cookie": f"{COOKIE}={token}"}),
            server.ask("GET", "/sign-in", headers={"Cookie": f"{COOKIE}={token}"}),
            server.sign_in("lead", "lead-demo"),
        ):
            assert reply.status == 500
            assert re.search(r"quote (\w{8})", reply.alert)[1] in server.log.read_text()
        assert "Traceback" not in server.log.read_text()


def test_the_database_has_no_token(server):
    token = server.cookie("lead")
    with server.hub() as engine, engine.connect() as connection:
        assert token not in str(connection.execute(select(sign_in_session)).all())


def test_one_who_is_signed_in_goes_on(server):
    token = server.cookie("lead")
    reply = server.ask("GET", "/sign-in?next=/accounts", headers={"Cookie": f"{COOKIE}={token}"})
    assert (reply.status, reply.headers["location"]) == (303, "/accounts")


@pytest.mark.parametrize(
    ("asked", "led_to"),
    [
        ("/a/b?x=1&y", "/a-b?x=1&y"),
        ("/accounts/?account=1", "/accounts?account=1"),
        ("//evil.example/x", "/evil.example-x"),
    ],
)
def test_an_address_with_folders_leads_to_one_that_can_be_shown(server, asked, led_to):
    reply = server.ask("GET", asked, headers={"Cookie": f"{COOKIE}={server.cookie('lead')}"})
    assert (reply.status, reply.headers["location"]) == (303, led_to)


def _age(server, hours):
    with server.hub() as engine, writing(engine) as connection:
        connection.execute(
            update(sign_in_session).values(began_at=datetime.now(UTC) - timedelta(hours=hours, seconds=1))
        )


def test_each_way_of_ending_a_sign_in_ends_it_at_once(server):
    def another_password(_token):
        change(server, "lead", password_hash=bcrypt.hashpw(b"new", bcrypt.gensalt(4)).decode())

    ways = {
        "disabled": lambda _token: change(server, "lead", active=False),
        "too old": lambda _token: _age(server, SIGN_IN_HOURS),
        "another password": another_password,
    }
    for what, end in ways.items():
        change(server, "lead", active=True)
        token = server.cookie("lead")
        assert server.get("/accounts", token=token)[0] == 200, what
        end(token)
        assert server.get("/accounts", token=token)[0] == 303, what
        assert look(server, token=token).left_for == "/sign-in", what
