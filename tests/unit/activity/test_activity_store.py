"""What happened on an account, read from the database: all of it, each entry once, and quickly."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event as watch
from sqlalchemy import insert, update

from lib.domain.activity import REFUSED, SENT_EMAIL, STATUS_CHANGE, Filter, Source
from lib.store import schema
from lib.store.activity import has_children, occurring, read_activity
from lib.store.audit import append_event
from lib.store.engine import make_engine, writing
from tests.common.factories import put_account

T = datetime(2026, 3, 2, 9, tzinfo=UTC)
OWN, CHILD, GRANDCHILD, OTHER = "104233", "104234", "104235", "104236"
LEAD, BO, VIEWER = "lead@example.com", "bo@example.com", "viewer@example.com"


class Hub:
    """A family of accounts. A test makes things happen on them, one minute apart unless it gives the time."""

    def __init__(self, engine) -> None:
        self.engine = engine
        self.ids: dict[str, int] = {}
        self.minutes = 0
        with writing(engine) as connection:
            for number, parent in ((OWN, None), (CHILD, OWN), (GRANDCHILD, CHILD), (OTHER, None)):
                own = {"name": f"Name {number}", "parent_id": self.ids.get(parent), "created_at": T, "changed_at": T}
                self.ids[number] = put_account(connection, number, **own)
            people = [{"username": "lead", "email": LEAD, "name": "Lee Lead"}]
            connection.execute(insert(schema.person), people)

    def at(self, at: datetime | None) -> datetime:
        self.minutes += 1
        return at or T + timedelta(minutes=self.minutes)

    def run(self, number: str = OWN, *, at=None, title="Rename it", events=(), items=(), **values) -> str:
        at = self.at(at)
        run_id = values.pop("id", f"rename-{number}-{self.minutes:08}")
        row = {
            "id": run_id,
            "kind": "rename",
            "account": number,
            "actor": LEAD,
            "actor_name": "Lee Lead",
            "params": {"name": "Secret"},
            "plan": {"title": title, "facts": {"hidden": "facts are not shown"}},
            "steps": ["zuora", "hub"],
            "state": "done",
            "created_at": at,
            "closed_at": at,
            "touched": 1.0,
        }
        with writing(self.engine) as connection:
            connection.execute(insert(schema.action_run).values(row | values))
            for phase, actor, details in events:
                append_event(
                    connection, kind="rename", phase=phase, actor=actor, run_id=run_id, account=number, details=details
                )
            for item, words in items:
                row = {"run_id": run_id, "step": "rules", "item": item, "text": words}
                connection.execute(insert(schema.action_item).values(row))
        return run_id

    def event(self, number: str = OWN, *, at=None, kind="rename", phase="refused", actor=VIEWER, details=None) -> int:
        with writing(self.engine) as connection:
            known = {"text": "Nothing was done."} if details is None else details
            sequence = append_event(connection, kind=kind, phase=phase, actor=actor, account=number, details=known)
            # The audit takes its times from the clock; only tests need others.
            moment = self.at(at).isoformat(timespec="microseconds")
            where = schema.action_event.c.sequence == sequence
            connection.execute(update(schema.action_event).where(where).values(at=moment))
        return sequence

    def change(self, number: str = OWN, *, at=None, run_id=None, actor=LEAD, **values) -> None:
        row = {"account_id": self.ids[number], "from_status": "active", "to_status": "suspended", "actor": actor}
        with writing(self.engine) as connection:
            values = row | {"run_id": run_id, "at": self.at(at)} | values
            connection.execute(insert(schema.status_change).values(values))

    def email(self, number: str = OWN, *, at=None, **values) -> None:
        row = {
            "account_id": self.ids[number],
            "kind": "suspension_notice",
            "subject": "Your service",
            "recipient": "ada@example.com",
            "state": "accepted",
            "body": "The body is nobody's business",
        }
        with writing(self.engine) as connection:
            connection.execute(insert(schema.sent_email).values(row | {"sent_at": self.at(at)} | values))

    def read(self, number: str = OWN, **how):
        wanted = {name: how.pop(name) for name in ("kinds", "people", "since", "before", "text") if name in how}
        with self.engine.connect() as connection:
            return read_activity(connection, number, Filter(**wanted), **how)

    def entries(self, *, number: str = OWN, **how) -> list:
        return list(self.read(number, **how).entries)

    def sources(self, **how) -> list[str]:
        return [one.source.value for one in self.entries(**how)]


@pytest.fixture
def hub(engine) -> Hub:
    return Hub(engine)


def test_the_four_sources_are_one_list_newest_first(hub):
    hub.email(at=T)
    run = hub.run(
        at=T + timedelta(minutes=10), reason="paid", note="Asked\ntwice", state="failed", error="Zuora is away"
    )
    refused = hub.event(at=T + timedelta(minutes=20))
    hub.change(at=T + timedelta(minutes=30), reason="spam", note="Called")
    hub.run(OTHER)
    hub.event(OTHER)
    hub.change(OTHER)
    hub.email(OTHER)
    page = hub.read()
    assert page.older is None
    status, event, action, mail = page.entries
    assert (status.from_status, status.to_status, status.reason, status.note) == (
        "active",
        "suspended",
        "spam",
        "Called",
    )
    assert (event.id, event.kind, event.phase, event.actor) == (refused, "rename", "refused", VIEWER)
    assert event.details == {"text": "Nothing was done."}
    assert (action.id, action.title, action.actor_name, action.state) == (run, "Rename it", "Lee Lead", "failed")
    assert (action.reason, action.note, action.error) == ("paid", "Asked\ntwice", "Zuora is away")
    assert action.steps == ("zuora", "hub")
    assert (mail.subject, mail.recipient, mail.kind, mail.state) == (
        "Your service",
        "ada@example.com",
        "suspension_notice",
        "accepted",
    )
    assert [one.at - T for one in reversed(page.entries)] == [timedelta(minutes=10 * n) for n in range(4)]
    assert {(one.account, one.account_name) for one in page.entries} == {(OWN, f"Name {OWN}")}


def test_the_events_of_a_run_are_only_in_the_run(hub):
    hub.run(events=[("begin", LEAD, {}), ("ok", LEAD, {"text": "done"})])
    assert hub.sources() == ["run"]


def test_a_change_of_status_is_in_the_run_it_belongs_to(hub):
    run = hub.run(kind="suspend")
    hub.change(run_id=run)
    assert hub.sources() == ["run"]


def test_a_change_of_status_without_its_run_is_an_entry_itself(hub):
    hub.change(run_id="suspend-104233-gone")
    hub.change(run_id=hub.run(OTHER, kind="suspend"))
    assert hub.sources() == ["status", "status"]


@pytest.mark.parametrize("limit", [1, 2, 7, 50])
def test_pages_have_every_entry_once_even_if_many_have_the_same_time(hub, limit):
    for minute in (0, 0, 0, 1, 1, 2, 3, 3):
        at = T + timedelta(minutes=minute)
        hub.run(at=at, state="done")
        hub.event(at=at)
        hub.change(at=at)
        hub.email(at=at)
    shown, after = [], None
    while True:
        page = hub.read(limit=limit, after=after)
        shown += page.entries
        assert len(shown) <= 32, "shown twice"
        after = page.older
        if after is None:
            break
    assert len({(one.source, one.id) for one in shown}) == 32
    assert [one.at for one in shown] == sorted((one.at for one in shown), reverse=True)


def test_a_new_entry_does_not_move_the_others(hub):
    for minute in range(6):
        hub.email(at=T + timedelta(minutes=minute))
    first = hub.read(limit=3)
    hub.email(at=T + timedelta(days=1))
    second = hub.read(limit=3, after=first.older)
    assert [(one.at - T) // timedelta(minutes=1) for one in (*first.entries, *second.entries)] == [5, 4, 3, 2, 1, 0]


def test_a_clock_that_was_wrong_leaves_out_no_event(hub):
    moments = [5, 3, 9, 1, 7]
    events = [hub.event(at=T + timedelta(minutes=minute)) for minute in moments]
    shown, after = [], None
    for _ in moments:
        page = hub.read(limit=1, after=after)
        shown += [one.id for one in page.entries]
        after = page.older
    assert shown == list(reversed(events))
    assert after is None


# ------------------------------------------------------------------ filters
@pytest.fixture
def busy(hub) -> Hub:
    """One entry of every kind, each by another person."""
    hub.email()
    hub.run(kind="rename")
    hub.run(kind="suspend", id="suspend-104233-a", actor=BO, actor_name="Bo")
    hub.change(run_id="suspend-104233-a", actor=BO)
    hub.change()
    hub.event(kind="rename", phase="refused")
    hub.event(kind="number_rule", phase="done", actor="account-manager", details={"numbers": {"+61491570006": "x"}})
    return hub


def kinds(entries) -> list[str]:
    return [getattr(one, "kind", one.source.value) for one in entries]


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({"rename"}, ["rename", "rename"]),
        ({"number_rule"}, ["number_rule"]),
        ({REFUSED}, ["rename"]),
        ({STATUS_CHANGE}, ["status", "suspend"]),
        ({SENT_EMAIL}, ["suspension_notice"]),
        ({"suspend", SENT_EMAIL}, ["suspend", "suspension_notice"]),
        ({"nonsense' or 1=1 --"}, []),
    ],
)
def test_the_filter_by_kind(busy, chosen, found):
    assert kinds(busy.entries(kinds=chosen)) == found


def test_the_emails_of_a_run_are_left_to_the_run_until_somebody_looks_for_them(hub):
    hub.run(id="suspend-104233-a")
    hub.email(run_id="suspend-104233-a", subject="Of the run")
    assert kinds(hub.entries()) == ["rename"]
    for wanted in ({"kinds": {SENT_EMAIL}}, {"text": "of the run"}, {"since": T}):
        assert "suspension_notice" in kinds(hub.entries(**wanted)), wanted


@pytest.mark.parametrize(
    ("chosen", "found"),
    [({LEAD}, ["status", "rename"]), ({BO}, ["suspend"]), ({VIEWER}, ["rename"]), ({"x@example.com"}, [])],
)
def test_the_filter_by_person(busy, chosen, found):
    assert kinds(busy.entries(people=chosen)) == found


@pytest.mark.parametrize("phase", ["abandoned", "resumed"])
def test_a_run_is_also_found_by_who_resumed_or_abandoned_it(hub, phase):
    hub.run(events=[(phase, BO, {"reason": "Customer changed their mind"})], state="abandoned")
    hub.run(events=[("ok", BO, {})])
    assert len(hub.entries(people={BO})) == 1


def test_the_filter_by_period_includes_its_begin_and_not_its_end(hub):
    for make in (hub.run, hub.event, hub.change, hub.email):
        for hours in (0, 1, 2):
            make(at=T + timedelta(hours=hours))
    found = hub.entries(since=T + timedelta(hours=1), before=T + timedelta(hours=2))
    assert [one.at for one in found] == [T + timedelta(hours=1)] * 4
    assert len(hub.entries(since=T + timedelta(hours=1))) == 8
    assert len(hub.entries(before=T + timedelta(hours=1))) == 4
    assert {one.source for one in found} == set(Source)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("rename the café", 1),
        ("LEE LEAD", 1),
        ("lead@example", 1),
        ("non-pay", 1),
        ("asked twice", 1),
        ("zuora is away", 1),
        ("was wattle", 1),
        ("now banksia", 1),
        ("took the e-mail", 1),
        ("changed their mind", 1),
        ("did not answer", 1),
        ("was without a rule", 1),
        ("0491 570 156", 1),
        ("+61491570156", 1),
        ("570156", 1),
        ("(03) 5550 1234", 1),
        ("0355501234", 1),
        ("Rename-104233-A", 1),
        ("facts are not shown", 0),
        ("secret", 0),
        ("50%", 0),
        ("z_ora", 0),
        ("' or 1=1 --", 0),
        ("count", 0),
    ],
)
def test_a_run_is_found_by_every_word_of_its_entry_and_no_other(hub, typed, found):
    hub.run(
        id="rename-104233-a",
        title="Rename the Café",
        reason="non_payment",
        note="Asked twice",
        error="Zuora is away",
        state="abandoned",
        events=[
            ("failed", LEAD, {"error": "Zuora did not answer"}),
            ("ok", LEAD, {"text": "It took the e-mail", "before": "Was Wattle", "after": "Now Banksia", "count": 1}),
            ("abandoned", LEAD, {"reason": "Customer changed their mind"}),
        ],
        items=[("0491 570 156", "was without a rule"), ("(03) 5550 1234", "was right")],
    )
    hub.run(id="pin-104233-b", title="Pin", actor=BO, actor_name="Bo", note="0491 570 1")
    assert len(hub.entries(text=typed)) == found


@pytest.mark.parametrize(
    ("typed", "source"),
    [
        ("second person", "event"),
        ("0491 570 006", "event"),
        ("trunk t9", "event"),
        ("your service", "email"),
        ("ADA@", "email"),
        ("suspension NOTICE", "email"),
        ("deactivated", "status"),
        ("asked for by the customer", "status"),
        ("they moved", "status"),
    ],
)
def test_the_other_entries_are_found_by_their_words(hub, typed, source):
    hub.event(details={"text": "Nothing was done: a second person has to approve it."})
    hub.event(
        kind="number_rule", phase="done", actor="account-manager", details={"numbers": {"+61491570006": "trunk t9"}}
    )
    hub.email()
    hub.change(to_status="deactivated", reason="customer_request", note="They moved away")
    hub.run(title="Rename")
    assert hub.sources(text=typed) == [source]


def test_the_text_of_an_email_is_never_searched(hub):
    hub.email()
    assert hub.entries(text="nobody's business") == []


def test_filters_work_together_and_with_paging(hub):
    for minute in range(30):
        hub.run(
            at=T + timedelta(minutes=minute), kind="pin" if minute % 3 else "rename", actor=BO if minute % 2 else LEAD
        )
    wanted = {"kinds": {"rename"}, "people": {BO}, "since": T + timedelta(minutes=5)}
    first = hub.read(limit=2, **wanted)
    second = hub.read(limit=2, after=first.older, **wanted)
    minutes = [(one.at - T) // timedelta(minutes=1) for one in (*first.entries, *second.entries)]
    assert minutes == [27, 21, 15, 9]
    assert second.older is None


# ------------------------------------------------------------------ what occurs
def test_only_what_occurs_is_offered(busy):
    busy.run(OTHER, kind="parent", actor="else@example.com")
    with busy.engine.connect() as connection:
        found = occurring(connection, OWN)
        nothing = occurring(connection, GRANDCHILD)
    assert set(found.kinds) == {"rename", "suspend", "number_rule", REFUSED, STATUS_CHANGE, SENT_EMAIL}
    assert found.people == {
        LEAD: "Lee Lead",
        BO: BO,
        VIEWER: VIEWER,
        "account-manager": "account-manager",
    }
    assert (nothing.kinds, nothing.people) == ((), {})


def test_an_event_that_is_no_refusal_offers_none(hub):
    hub.event(kind="number_rule", phase="done", actor="account-manager", details={"numbers": {}})
    with hub.engine.connect() as connection:
        assert occurring(connection, OWN).kinds == ("number_rule",)


def test_who_abandoned_a_run_occurs(hub):
    hub.run(events=[("abandoned", BO, {"reason": "x"})], state="abandoned")
    with hub.engine.connect() as connection:
        assert set(occurring(connection, OWN).people) == {LEAD, BO}


@pytest.mark.parametrize(("make", "kind"), [("email", SENT_EMAIL), ("change", STATUS_CHANGE), ("event", REFUSED)])
def test_a_kind_is_offered_from_its_first_entry_on(hub, make, kind):
    with hub.engine.connect() as connection:
        assert kind not in occurring(connection, OWN).kinds
    getattr(hub, make)()
    with hub.engine.connect() as connection:
        assert kind in occurring(connection, OWN).kinds


# ------------------------------------------------------------------ children
def test_children_are_included_when_asked_for_and_grandchildren_never(hub):
    for number in (OWN, CHILD, GRANDCHILD, OTHER):
        hub.run(number)
        hub.event(number)
        hub.change(number)
        hub.email(number)
    assert {one.account for one in hub.entries()} == {OWN}
    both = hub.entries(children=True)
    assert sorted((one.account, one.source.value) for one in both) == sorted(
        (number, source.value) for number in (OWN, CHILD) for source in Source
    )
    assert {one.account_name for one in both} == {f"Name {OWN}", f"Name {CHILD}"}
    assert [one.at for one in both] == sorted((one.at for one in both), reverse=True)
    assert {one.account for one in hub.entries(number=CHILD)} == {CHILD}


def test_pages_with_children_have_every_entry_once(hub):
    for minute in range(12):
        hub.email(OWN if minute % 3 else CHILD, at=T + timedelta(minutes=minute // 2))
    first = hub.read(children=True, limit=5)
    second = hub.read(children=True, limit=50, after=first.older)
    assert len({one.id for one in (*first.entries, *second.entries)}) == 12


def test_kinds_and_people_of_children_occur_when_they_are_included(hub):
    hub.run(CHILD, kind="pin", actor=BO)
    with hub.engine.connect() as connection:
        assert occurring(connection, OWN).kinds == ()
        assert occurring(connection, OWN, children=True).kinds == ("pin",)
        assert [has_children(connection, number) for number in (OWN, CHILD, GRANDCHILD, "999999")] == [
            True,
            True,
            False,
            False,
        ]


# ------------------------------------------------------------------ how it reads
def statements_of(engine) -> list:
    """Every SELECT that is sent from now on, with its values."""
    seen = []

    @watch.listens_for(engine, "before_cursor_execute")
    def _see(_connection, _cursor, statement, values, _context, _many):
        if statement.lstrip().lower().startswith("select"):
            seen.append((statement, values))

    return seen


def test_nothing_is_counted_and_no_body_is_read(busy):
    statements = statements_of(busy.engine)
    after = busy.read(limit=2).older
    busy.read(limit=2, after=after, children=True, text="x", people={LEAD})
    with busy.engine.connect() as connection:
        occurring(connection, OWN)
    assert len(statements) >= 8
    assert not [statement for statement, _ in statements if "body" in statement or "count(" in statement.lower()]


@pytest.fixture
def sqlite(tmp_path):
    """SQLite says how it would read a table even when it is empty; PostgreSQL reads a small table whole."""
    engine = make_engine(f"sqlite:///{tmp_path / 'plans.db'}")
    schema.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("children", [False, True])
@pytest.mark.parametrize(
    "wanted", [{}, {"since": T, "before": T + timedelta(days=1)}, {"text": "x"}, {"people": {LEAD}}]
)
def test_every_source_is_reached_by_an_index_and_cut_off_before_it_is_sorted(sqlite, children, wanted):
    hub = Hub(sqlite)
    for _ in range(3):
        hub.run()
        hub.event()
        hub.change()
        hub.email()
    after = hub.read(limit=6).older
    statements = statements_of(sqlite)
    hub.read(limit=2, after=after, children=children, **wanted)
    assert len(statements) == (3 if "people" in wanted else 4)
    with sqlite.connect() as connection:
        for statement, values in list(statements):
            plan = [row[-1] for row in connection.exec_driver_sql(f"explain query plan {statement}", values)]
            whole = {line.split()[1] for line in plan if line.startswith("SCAN")}
            # An empty list is a row without a table.
            assert not {one for one in whole if one != "CONSTANT" and not one.startswith("(")}, plan
            assert [line for line in plan if line.startswith("SEARCH one USING")], plan
            assert statement.lower().count("limit") == 2, "of each account, and of all of them together"


def test_an_unknown_account_has_no_activity(hub):
    hub.email()
    assert hub.entries(number="999999") == []
