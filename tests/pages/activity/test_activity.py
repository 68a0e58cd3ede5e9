"""The Activity page: a list of what happened, with filters in the address, and the state of the audit."""

import json
import re
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select, text, update

from lib.actions.engine.errors import NotAllowed
from lib.store.activity import PAGE
from lib.store.audit import append_event, head
from lib.store.engine import writing
from lib.store.schema import account, action_event, action_run, person, sent_email, status_change
from lib.ui.activity.entry import MAILS
from lib.ui.activity.export import account_lines
from lib.ui.activity.page import MOST
from lib.ui.navigation import ACTIVITY, DETAILS
from tests.pages.conftest import demo, press, rerun_until, said, sound, the_one

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def own(own, house):
    """An account that no other test has used, on which nothing has happened yet."""
    with writing(house.app.services.engine) as connection:
        number = select(account.c.id).where(account.c.number == own.number).scalar_subquery()
        connection.execute(delete(sent_email).where(sent_email.c.account_id == number))
        connection.execute(delete(status_change).where(status_change.c.account_id == number))
    return own


def activity(house, number: str, username: str = "lead", **query):
    return house.open(username, ACTIVITY.path, account=number, **query)


def plain(shown: str) -> str:
    """What a person reads: without icons, colours, and characters that keep text plain."""
    bare = re.sub(r"(?<!\\):material/\w+:", "", shown)
    for _ in range(2):
        bare = re.sub(r"(?<!\\):[a-z]+\[((?:\\.|[^\[\]\\])*)\]", r"\1", bare)
    return re.sub(r"\\(.)", r"\1", bare)


def lines(app) -> list[str]:
    """The entries, newest first, without their time."""
    found = [plain(one.label).replace("*", "") for one in app.expander]
    return [re.sub(r"^\d\d:\d\d · ", "", one) for one in found if re.match(r"\d\d:\d\d", one)]


def shown(app) -> str:
    """All text of the page."""
    return plain("\n".join(one.value for one in [*app.main.markdown, *app.main.caption]))


def days(app) -> list[str]:
    return re.findall(r"^\*\*(.+, \d+ \w+(?: \d{4})?)\*\*$", "\n".join(one.value for one in app.main.markdown), re.M)


def open_entry(app, key: str):
    app.session_state[key] = True
    return sound(app.run())


def rename(house, number: str, name: str) -> str:
    """Rename the account through the dialog, and wait for its end; returns the run."""
    app = press(house.details(number), "Edit")
    app.text_input(key="new_name").set_value(name)
    press(app, "Preview")
    press(app, "Rename account")
    run = the_one(app.query_params["run"])
    rerun_until(app, lambda _: house.app.runner.progress(run).run.state == "done")
    return run


def mail(house, number: str, *, at=NOW, count: int = 1, **values) -> None:
    with writing(house.app.services.engine) as connection:
        own_id = connection.execute(select(account.c.id).where(account.c.number == number)).scalar_one()
        rows = [
            {
                "account_id": own_id,
                "sent_at": at - timedelta(minutes=position),
                "kind": "suspension_notice",
                "subject": f"Notice {position}",
                "recipient": "ada@customer.example",
                "state": "accepted",
                "body": "BODY",
                **values,
            }
            for position in range(count)
        ]
        connection.execute(insert(sent_email), rows)


def event(house, number: str, **values) -> int:
    given = {"kind": "rename", "phase": "refused", "actor": "viewer@demo.example", "details": {"text": "No."}}
    with writing(house.app.services.engine) as connection:
        return append_event(connection, account=number, **{**given, **values})


def ended_run(house, number: str, **values) -> str:
    """A run that ended long ago: its row and its events."""
    row = {
        "id": f"rename-{number}-ended",
        "kind": "rename",
        "account": number,
        "actor": "lead@demo.example",
        "actor_name": "Demo lead",
        "params": {},
        "plan": {"title": f"Rename {number}", "facts": {}},
        "steps": ["zuora", "hub"],
        "state": "done",
        "created_at": NOW,
        "closed_at": NOW,
        "touched": 1.0,
    } | values
    with writing(house.app.services.engine) as connection:
        connection.execute(insert(action_run).values(row))
    return row["id"]


# ------------------------------------------------------------------ what is shown
def test_a_run_is_one_entry_with_its_steps_folded(house, own):
    run = rename(house, own.number, "Banksia & Sons")
    app = activity(house, own.number)
    assert lines(app) == [f"Rename {own.number} - {own.name} · Demo lead · done"]
    assert "Rename in the Hub" not in shown(app)
    open_entry(app, f"run_{run}")
    told = shown(app)
    assert f"Rename in Zuora: Done · 1 · {own.name} → Banksia & Sons" in told.replace("*", "")
    assert f"Rename in the Hub: Done · 1 · {own.name} → Banksia & Sons" in told.replace("*", "")
    (link,) = app.get("page_link")
    assert link.proto.page == DETAILS.url
    assert f"run={run}" in link.proto.query_string
    assert f"account={own.number}" in link.proto.query_string


def test_a_refused_attempt_says_who_wanted_what_and_why_it_was_refused(house, own):
    with pytest.raises(NotAllowed):
        house.app.runner.plan("rename", own.number, {"name": "Else"}, house.identity("viewer"))
    app = activity(house, own.number)
    assert lines(app) == ["Refused: Rename account · Demo viewer"]
    assert "Nothing was done: your role does not include account:rename." in shown(app)


def test_corrected_rules_are_shown_with_their_numbers(house, own):
    numbers = {"+61491570006": "no rule -> allowed", "+61491570156": "allowed -> no rule"}
    sequence = event(
        house, own.number, kind="number_rule", phase="done", actor="account-manager", details={"numbers": numbers}
    )
    app = activity(house, own.number)
    assert lines(app) == ["Auth rules corrected automatically · The Account Manager itself · 2 numbers"]
    assert not app.main.dataframe
    open_entry(app, f"event_{sequence}")
    assert dict(app.main.dataframe[0].value.itertuples(index=False)) == numbers


def test_an_event_of_an_unknown_kind_is_shown_by_its_own_name(house, own):
    event(house, own.number, kind="swap_*trunk*", phase="asked", details={"else": 1})
    assert lines(activity(house, own.number)) == ["Sent to a second person: Swap trunk · Demo viewer"]


@pytest.mark.parametrize("state", ["failed", "abandoned"])
def test_a_run_that_did_not_end_well_says_why(house, own, state):
    why = "Zuora did not answer, so nobody knows whether it was done."
    closed = NOW if state == "abandoned" else None
    run = ended_run(house, own.number, state=state, error=why, closed_at=closed, note="Asked\ntwice", reason="paid")
    event(house, own.number, run_id=run, step="zuora", phase="begin", details={})
    event(house, own.number, run_id=run, step="zuora", phase="failed", details={"error": why})
    if state == "abandoned":
        event(
            house, own.number, run_id=run, phase="abandoned", actor="admin@demo.example", details={"reason": "Gave up"}
        )
    app = open_entry(activity(house, own.number), f"run_{run}")
    assert lines(app) == [f"Rename {own.number} · Demo lead · {state} · Paid"]
    told = shown(app).replace("*", "")
    assert f"What stopped it: {why}" in told
    assert told.count(why) == 1
    assert "Asked  \ntwice" in told
    assert "Rename in Zuora: Failed" in told
    assert ("Abandoned by Demo admin: Gave up" in told) == (state == "abandoned")
    with writing(house.app.services.engine) as connection:
        connection.execute(update(action_run).where(action_run.c.id == run).values(closed_at=NOW, state="abandoned"))


def test_the_items_of_a_step_are_read_when_somebody_asks_for_them(house, own):
    run = ended_run(house, own.number, kind="refresh_rules", steps=["rules"])
    done = {"outcome": "done", "text": "1 put right.", "count": 1, "before": None, "after": None, "request_ids": []}
    event(
        house, own.number, kind="refresh_rules", run_id=run, step="rules", phase="ok", details=done | {"items": "hash"}
    )
    with writing(house.app.services.engine) as connection:
        connection.execute(
            text(
                "insert into action_item (run_id, step, item, text) values (:r, 'rules', '0491 570 006', 'put right')"
            ),
            {"r": run},
        )
    app = open_entry(activity(house, own.number), f"run_{run}")
    assert not app.main.dataframe
    open_entry(app, f"each_{run}_rules")
    assert app.main.dataframe[0].value.iloc[0].tolist() == ["0491 570 006", "put right"]


def test_an_email_is_shown_without_its_text(house, own):
    mail(house, own.number, subject="Your service is suspended")
    app = activity(house, own.number)
    assert lines(app) == ["Suspension notice to ada@customer.example · “Your service is suspended”"]
    assert "Accepted by the mail server" in shown(app)
    assert "BODY" not in shown(app)


def test_an_email_nobody_confirmed_says_so(house, own):
    mail(house, own.number, state="unknown")
    assert lines(activity(house, own.number))[0].endswith("· not confirmed")


def test_the_emails_of_a_run_are_in_its_entry_and_are_entries_if_somebody_searches_for_them(house, own):
    run = ended_run(house, own.number, kind="suspend", steps=["begin", "mail"])
    mail(house, own.number, run_id=run, subject="Suspended", at=NOW + timedelta(seconds=1))
    own_words = "Suspension notice to ada@customer.example · “Suspended”"
    app = activity(house, own.number)
    assert len(lines(app)) == 1
    assert "Suspended" not in shown(app)
    assert own_words in shown(open_entry(app, f"run_{run}")).replace("*", "")
    assert lines(activity(house, own.number, kind="E-mails")) == [own_words]
    assert own_words in lines(activity(house, own.number, words="ada@customer"))


def test_of_many_emails_of_a_run_some_are_listed_and_the_others_counted(house, own):
    run = ended_run(house, own.number, kind="rename_pbx", steps=["logins", "mails"])
    mail(house, own.number, run_id=run, count=MAILS + 3, subject="New login", at=NOW + timedelta(seconds=1))
    told = shown(open_entry(activity(house, own.number), f"run_{run}"))
    assert told.count("“New login”") == MAILS
    assert "and 3 more e-mails, all in Sent e-mail history" in told


def test_a_change_of_status_without_a_run_is_shown_with_its_reason(house):
    own = demo("suspended")
    told = lines(activity(house, own.number))
    assert "Status: active → suspended · Demo lead · Non-payment" in told


@pytest.mark.parametrize(
    "markup", ["<b>x</b>", ":red[x] $a$", "**B** [x](http://x.example)", "www.x.example", "`c` # h"]
)
def test_customer_text_stays_text(house, own, markup):
    mail(house, own.number, subject=markup, recipient=f"{markup} a@b.example")
    (label,) = [one.label for one in activity(house, own.number).expander if "Suspension notice" in one.label]
    assert f"to {markup} a@b.example · “{markup}”" in plain(label)
    # The characters that keep an address from becoming a link are ours; so are the time and the bold.
    theirs = re.sub(r":small\[\\.\]", " ", label.partition("** to ")[2])
    assert not re.search(r"(?<!\\)[<>*_\[\]`$#:]", theirs)
    assert not re.search(r"www\\?\.|https?\\?:|\w\\?@", theirs), "an address would become a link"


# ------------------------------------------------------------------ days and pages
def test_days_and_times_are_those_of_the_browser_where_it_names_a_zone(house, own):
    mail(house, own.number, at=datetime(2025, 3, 2, 14, 30, tzinfo=UTC))
    app = activity(house, own.number)
    assert days(app) == ["Monday, 3 March 2025"]
    assert app.expander[0].label.startswith("01:30 · ")
    assert "Elsewhere" not in shown(app)
    app.context["timezone"] = "Europe/Berlin"
    sound(app.run())
    assert days(app) == ["Sunday, 2 March 2025"]
    assert app.expander[0].label.startswith("15:30 · ")
    assert "in your browser's time zone, Europe/Berlin. On other pages they are in Australia/Melbourne." in shown(app)


def test_older_entries_come_page_by_page_until_there_is_nothing_older(house, own):
    mail(house, own.number, count=2 * PAGE + 20)
    app = activity(house, own.number)
    assert len(lines(app)) == PAGE
    press(app, "Show older")
    assert len(lines(app)) == 2 * PAGE
    press(app, "Show older")
    told = [int(re.search(r"Notice (\d+)", line)[1]) for line in lines(app)]
    assert told == list(range(2 * PAGE + 20))
    assert "No older entries." in shown(app)
    assert "Show older" not in [button.label for button in app.button]


def test_a_very_long_list_goes_on_with_a_page_of_its_own(house, own):
    mail(house, own.number, count=PAGE * MOST + 7)
    app = activity(house, own.number)
    app.session_state["activity_place"] = replace(app.session_state["activity_place"], trail=(None,) * (MOST - 1))
    sound(app.run())
    assert len(lines(app)) == PAGE * MOST
    press(app, "Show older")
    assert len(lines(app)) == 7
    press(app, "Back to the newest")
    assert len(lines(app)) == PAGE


def test_another_filter_begins_at_the_newest(house, own):
    mail(house, own.number, count=2 * PAGE)
    app = press(activity(house, own.number), "Show older")
    app.text_input(key="words").set_value("Notice").run()
    assert len(lines(sound(app))) == PAGE


# ------------------------------------------------------------------ filters
@pytest.fixture
def busy(house, own):
    """An account with an e-mail, a refused attempt and a run."""
    # Two days on either side of the dates below: for half of the day, the page and UTC have different dates.
    mail(house, own.number, at=NOW - timedelta(days=4))
    event(house, own.number)
    ended_run(house, own.number)
    return own


RUN, REFUSED, MAIL = "Rename", "Refused: Rename account", "Suspension notice"


def begins(app) -> list[str]:
    return sorted(next(one for one in (REFUSED, RUN, MAIL) if line.startswith(one)) for line in lines(app))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [REFUSED, RUN, MAIL]),
        ({"kind": "Rename account"}, [REFUSED, RUN]),
        ({"kind": "Refused attempts"}, [REFUSED]),
        ({"kind": "E-mails"}, [MAIL]),
        ({"person": "Demo viewer"}, [REFUSED]),
        ({"person": "Demo lead"}, [RUN]),
        ({"words": "ADA@customer"}, [MAIL]),
        ({"until": (NOW - timedelta(days=2)).date().isoformat()}, [MAIL]),
        ({"since": (NOW - timedelta(days=2)).date().isoformat()}, [REFUSED, RUN]),
        ({"kind": "Rename account", "person": "Demo lead", "words": "rename"}, [RUN]),
        ({"kind": "nonsense"}, [REFUSED, RUN, MAIL]),
        ({"person": "nobody", "since": "nonsense"}, [REFUSED, RUN, MAIL]),
        ({"words": "\x00\u200b  "}, [REFUSED, RUN, MAIL]),
    ],
)
def test_any_one_filter_is_enough_and_is_in_the_address(house, busy, query, found):
    assert begins(activity(house, busy.number, **query)) == sorted(found)


def test_a_filter_is_set_on_the_page(house, busy):
    app = activity(house, busy.number)
    app.selectbox(key="kind").set_value("rename").run()
    app.selectbox(key="person").set_value("viewer@demo.example").run()
    assert begins(sound(app)) == [REFUSED]


def test_only_what_occurs_is_offered(house, busy):
    app = activity(house, busy.number)
    assert app.selectbox(key="kind").options == ["E-mails", "Refused attempts", "Rename account"]
    assert app.selectbox(key="person").options == ["Demo lead", "Demo viewer"]


def test_two_people_with_the_same_name_are_shown_with_their_addresses(house, own):
    with writing(house.app.services.engine) as connection:
        for name in ("a", "b"):
            row = {"username": f"twin-{name}", "email": f"{name}@demo.example", "name": "Twin"}
            connection.execute(insert(person).values(row))
    event(house, own.number, actor="a@demo.example")
    event(house, own.number, actor="b@demo.example", kind="pin")
    app = activity(house, own.number)
    assert app.selectbox(key="person").options == ["Twin (a@demo.example)", "Twin (b@demo.example)"]
    app = activity(house, own.number, person="Twin (b@demo.example)")
    assert lines(app) == ["Refused: Save the note · Twin (b@demo.example)"]


# ------------------------------------------------------------------ nothing to show
def test_an_account_on_which_nothing_happened_says_so(house, own):
    app = activity(house, own.number)
    assert "Nothing has happened on this account yet." in said(app)
    assert "Clear the filters" not in [button.label for button in app.button]


def test_a_filter_without_a_match_says_so_and_can_be_cleared(house, busy):
    app = activity(house, busy.number, words="zzz", kind="E-mails", person="Demo lead", since="2020-01-01")
    assert "Nothing that happened matches all of these filters." in said(app)
    press(app, "Clear the filters")
    assert begins(app) == sorted([REFUSED, RUN, MAIL])
    assert not {"words", "kind", "person", "since"} & set(app.query_params)


def test_what_could_not_be_read_is_not_called_empty(house, busy):
    engine = house.app.services.engine
    with writing(engine) as connection:
        connection.execute(text("alter table sent_email rename to sent_email_away"))
    try:
        app = activity(house, busy.number)
        assert "The activity could not be read." in said(app)
        assert "Nothing has happened" not in said(app)
        assert not lines(app)
    finally:
        with writing(engine) as connection:
            connection.execute(text("alter table sent_email_away rename to sent_email"))
    assert begins(press(app, "Try again")) == sorted([REFUSED, RUN, MAIL])


def test_no_account_and_an_unknown_account_say_so(house):
    assert "No account is open." in said(house.open("lead", ACTIVITY.path))
    assert "There is no account “999999”." in said(activity(house, "999999"))


# ------------------------------------------------------------------ children
def test_children_are_included_when_asked_for_and_each_entry_names_its_account(house):
    parent, child = demo("parent"), demo("child")
    mail(house, parent.number, subject="To the parent", at=NOW + timedelta(days=1))
    mail(house, child.number, subject="To the child", at=NOW + timedelta(days=1))
    alone = lines(activity(house, parent.number))
    assert any("To the parent" in line for line in alone)
    assert not any("To the child" in line or child.number in line for line in alone)
    app = activity(house, parent.number)
    app.toggle(key="children").set_value(True).run()
    both = lines(sound(app))
    assert any(line.startswith(f"{child.number} {child.name} · ") and "To the child" in line for line in both)
    assert any(line.startswith(f"{parent.number} {parent.name} · ") and "To the parent" in line for line in both)
    assert lines(activity(house, parent.number, children="true")) == both


def test_an_account_without_children_has_no_switch(house):
    assert not activity(house, demo("deep_leaf").number).toggle


# ------------------------------------------------------------------ who may
def test_a_customer_cannot_open_the_page(house):
    with pytest.raises(ValueError, match="activity"):
        house.open("customer", ACTIVITY.path)


@pytest.mark.parametrize("username", ["lead", "billing", "viewer", "admin"])
def test_all_staff_reads_it_and_those_who_may_export_can_download(house, own, username):
    mail(house, own.number)
    app = activity(house, own.number, username)
    assert len(lines(app)) == 1
    downloads = [one.label for one in app.get("download_button")]
    assert downloads == ([] if username == "viewer" else ["Download the events"])


# ------------------------------------------------------------------ the audit
@contextmanager
def tampered(engine, how: str):
    """Change the newest event but one of the audit, or cut off the newest; the number of the event that is wrong."""
    with writing(engine) as connection:
        rows = [dict(row) for row in connection.execute(select(action_event)).mappings()]
        last = rows[-1]["sequence"]
        if how == "change":
            changed = update(action_event).where(action_event.c.sequence == last - 1).values(actor="else@example.com")
            connection.execute(changed)
        else:
            connection.execute(delete(action_event).where(action_event.c.sequence == last))
    try:
        yield last - 1 if how == "change" else last
    finally:
        with writing(engine) as connection:
            connection.execute(delete(action_event))
            connection.execute(insert(action_event), rows)


def test_the_audit_is_checked_when_asked_for_and_is_intact(house, own):
    event(house, own.number)
    with house.app.services.engine.connect() as connection:
        newest = head(connection)
    app = activity(house, own.number)
    press(app, "Check the audit")
    assert re.search(
        rf"The audit holds: {newest.sequence:,} events?, newest hash {newest.hash[:8]}… \(checked at \d\d:\d\d\)\.",
        shown(app),
    )
    assert "The audit holds" in shown(activity(house, own.number, "viewer")), "one check is shown to all of them"


@pytest.mark.parametrize("how", ["change", "cut"])
def test_a_broken_audit_is_said_in_red(house, own, how):
    event(house, own.number)
    event(house, own.number)
    press(activity(house, own.number), "Check the audit")
    with tampered(house.app.services.engine, how) as broken:
        app = press(activity(house, own.number), "Check the audit")
        (in_red,) = [one.value for one in app.error if "audit" in one.value]
        assert in_red.startswith(f"**The audit does not hold.** Event {broken:,}: ")
        assert "The audit holds" not in shown(app)
    assert "The audit holds" in shown(press(app, "Check the audit"))


def test_the_download_has_the_accounts_events_for_those_who_still_may(house, own):
    sequence = event(house, own.number, details={"text": "Café"})
    found = [json.loads(line) for line in account_lines(house.at(own.number, "lead")).splitlines()]
    assert [(one["account"], one["sequence"]) for one in found] == [(own.number, sequence)]
    assert found[0]["details"] == {"text": "Café"}
    for username in ("viewer", "customer", "nobody", ""):
        with pytest.raises(PermissionError):
            account_lines(house.at(own.number, username))
