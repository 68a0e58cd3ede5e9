"""What a customer's account admin sees: their own account in words for customers, and nothing that staff did."""

import ast
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from lib.actions.billing.refresh_allowances import LATER, SNAPSHOT
from lib.actions.engine.errors import NotAllowed
from lib.demo.people import DEMO_SIGN_INS
from lib.domain.permissions import Identity, Role
from lib.settings import PROJECT
from lib.store import accounts, approvals, audit, emails, snapshots
from lib.store.emails import EmailFilter
from lib.store.engine import writing
from lib.store.schema import (
    account,
    action_claim,
    action_item,
    action_run,
    emergency_record,
    person,
    person_role,
    phone_number,
    sent_email,
    status_change,
    subscription,
)
from lib.ui.navigation import BILLING, DETAILS, EMAILS, PBX
from tests.pages.conftest import demo, own_facts, plain_accounts, said, unmarked

OWN = demo("suspended").number
NOW = datetime.now(UTC).replace(microsecond=0)
PAGES = [DETAILS, BILLING, PBX, EMAILS]
CUSTOMER = Identity(
    email="customer@demo.example", name="C", roles=frozenset({Role.ACCOUNT_ADMIN}), source="test", account=OWN
)
COLLEAGUE, ADDRESS, OLD_ADDRESS = "Zebediah Quokka", "zebediah.quokka@staff.example", "z.quokka@left.example"
WEB = "https://zuora-web.example"
RUNS = {state: f"suspend-{OWN}-{state}" for state in ("running", "failed", "done", "abandoned")}
WORDS = {
    "reason": "suspected_fraud",
    "note": "Wombat note",
    "pin": "Bandicoot pin",
    "error": "Kookaburra error",
    "why abandoned": "Cassowary grounds",
    "step": "Platypus step",
    "item": "Echidna item",
    "request id": "0dd1-request",
    "refused": "Numbat refusal",
    "unmapped": "Potoroo charge",
}
SECRETS = [
    COLLEAGUE,
    ADDRESS,
    OLD_ADDRESS,
    WEB,
    *WORDS.values(),
    *RUNS.values(),
    "suspected fraud",
    *(name for one in DEMO_SIGN_INS if one.role is not Role.ACCOUNT_ADMIN for name in (f"Demo {one.username}",)),
    "lead@demo.example",
]
WORDS_OF_OURS = [
    "Zuora",
    "the SBC",
    "stand-in",
    "quarantine",
    "Unmapped",
    "Resume",
    "Abandon",
    "stopped after",
]


@pytest.fixture(scope="module")
def settings():
    return {"zuora_web_url": WEB, "mail_contact": "our billing team on 1300 975 707"}


@pytest.fixture(scope="module")
def full(_house):
    """Fill the customer's account with data for staff; returns the ids of e-mail copies to staff."""
    house = _house
    # It would carry out the run, which is only there to be seen.
    house.app.runner._sweeper.stop()
    with writing(house.app.services.engine) as connection:
        own = connection.execute(select(account.c.id).where(account.c.number == OWN)).scalar_one()
        added = insert(person).values(username="quokka", email=ADDRESS, name=COLLEAGUE).returning(person.c.id)
        colleague = connection.execute(added).scalar_one()
        connection.execute(insert(person_role).values(person_id=colleague, role="support_lead"))
        for state, run in RUNS.items():
            _add_run(connection, state, run)
        connection.execute(update(account).where(account.c.id == own).values(pinned_note=WORDS["pin"]))
        change = {"from_status": "active", "to_status": "suspended", "actor": ADDRESS, "at": NOW}
        connection.execute(
            insert(status_change).values(account_id=own, **change, reason=WORDS["reason"], note=WORDS["note"])
        )
        number = connection.execute(select(phone_number.c.id).where(phone_number.c.account_id == own).limit(1)).scalar()
        resting = {"state": "quarantined", "quarantined_until": date(2099, 1, 1)}
        connection.execute(
            update(phone_number).where(phone_number.c.id == number).values(quarantine_reason=WORDS["reason"], **resting)
        )
        kept = {"version": 99, "details": {}, "saved_by": ADDRESS, "saved_at": NOW}
        connection.execute(insert(emergency_record).values(account_id=own, **kept))
        approvals.ask(
            connection,
            kind="deactivate",
            account=OWN,
            fingerprint="f",
            params={},
            asked_by=ADDRESS,
            asked_by_name=COLLEAGUE,
        )
        audit.append_event(
            connection, kind="rename", phase="refused", actor=ADDRESS, account=OWN, details={"text": WORDS["refused"]}
        )
        billed = connection.execute(
            select(subscription.c.number).where(subscription.c.account_id == own).limit(1)
        ).scalar_one()
        connection.execute(update(subscription).where(subscription.c.number == billed).values(payer="A-00099999"))
        for subject, value in ((SNAPSHOT, {billed: [WORDS["unmapped"]]}), (LATER, {})):
            snapshots.save_snapshot(connection, OWN, system="zuora", subject=subject, value=value)
        first = _add_email(connection, own, "ada@customer.example")
        return {
            "to an address of the staff": _add_email(connection, own, ADDRESS.title()),
            "again, to an address one of the staff had": _add_email(connection, own, OLD_ADDRESS, resent_from=first),
            "again, to the customer": _add_email(connection, own, "ada@customer.example", resent_from=first),
        }


def _add_run(connection, state, run):
    row = {
        "id": run,
        "kind": "suspend",
        "account": OWN,
        "actor": ADDRESS,
        "actor_name": COLLEAGUE,
        "params": {},
        "plan": {"title": f"Suspend {OWN}", "facts": {}},
        "steps": ["begin", "sbc"],
        "reason": WORDS["reason"],
        "note": WORDS["note"],
        "state": state,
        "error": WORDS["error"] if state in ("failed", "abandoned") else None,
        "created_at": NOW,
        "closed_at": None if state in ("running", "failed") else NOW,
        "touched": 1.0,
        "lane": "contacts" if state == "failed" else "account",
    }
    connection.execute(insert(action_run).values(row))
    if row["closed_at"] is None:
        connection.execute(insert(action_claim).values(account=OWN, lane=row["lane"], run_id=run))
    report = {
        "outcome": "done",
        "text": WORDS["step"],
        "count": 1,
        "before": "active",
        "after": "suspended",
        "request_ids": [WORDS["request id"]],
        "items": "hash",
    }
    given = {"kind": "suspend", "actor": ADDRESS, "run_id": run, "account": OWN}
    audit.append_event(connection, **given, step="begin", phase="ok", details=report)
    connection.execute(insert(action_item).values(run_id=run, step="begin", item=WORDS["item"], text="done"))
    if state == "abandoned":
        audit.append_event(connection, **given, phase="abandoned", details={"reason": WORDS["why abandoned"]})


def _add_email(connection, own, recipient, **values):
    row = {
        "account_id": own,
        "sent_at": NOW + timedelta(minutes=1),
        "kind": "suspension_notice",
        "subject": f"Sent to {recipient}",
        "recipient": recipient,
        "state": "accepted",
        "body": "Hello",
    }
    return connection.execute(insert(sent_email).values(row | values).returning(sent_email.c.id)).scalar_one()


def everything(app) -> str:
    """Everything that the server sent for the page: texts, labels, cells, addresses, and the content of closed
    boxes."""
    found = []

    def walk(block):
        for child in getattr(block, "children", {}).values():
            # The search ignores letters beyond ASCII and the characters that keep text plain.
            found.append(unmarked(str(getattr(child, "proto", ""))))
            if child.type in ("dataframe", "table"):
                found.append(unmarked(child.value.to_csv()))
            walk(child)

    walk(app._tree)
    return "\n".join(found)


def held(app, words) -> list[str]:
    text = everything(app).casefold()
    return [word for word in words if word.casefold() in text]


# ------------------------------------------------------------------ nothing that staff did
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.url)
def test_no_page_for_a_customer_has_what_staff_did_or_wrote(house, full, page):
    app = house.open("customer", page.path)
    assert not held(app, [*SECRETS, *WORDS_OF_OURS])


@pytest.mark.parametrize("state", [*RUNS, "of nobody"])
def test_a_customer_who_asks_for_a_run_gets_the_same_sentence_for_every_run(house, full, state):
    app = house.open("customer", DETAILS.path, run=RUNS.get(state, "rename-1-nothing"))
    assert not held(app, [word for word in SECRETS if word not in RUNS.values()])
    assert [one.value for one in app.info] == ["Receipts are for our staff, so none is shown here."]
    assert not app.get("download_button")


@pytest.mark.parametrize("changing_to", ["active", "suspended", "deactivated"])
def test_during_a_change_a_customer_sees_nothing_of_the_run(house, full, changing_to):
    house.change(OWN, changing_to=changing_to)
    try:
        app = house.open("customer", DETAILS.path)
        assert not held(app, SECRETS)
        assert "Contact our billing team on 1300 975 707 if you have any questions." in said(app)
    finally:
        house.change(OWN, changing_to=None)


@pytest.mark.parametrize("kind", ["html504", "missing", "unlinked"])
def test_a_customer_does_not_see_that_zuora_fails(house, full, kind):
    ids = {"missing": "f" * 32, "unlinked": None}
    was = account_of(house).zuora_id
    if kind in ids:
        house.change(OWN, zuora_id=ids[kind])
    else:
        house.fail(kind)
    try:
        app = house.open("customer", DETAILS.path)
    finally:
        house.change(OWN, zuora_id=was)
    assert not held(app, [*SECRETS, *WORDS_OF_OURS[1:], "504", "request", "no such account", "linked", "f" * 32])
    assert ("The balance could not be looked up just now." in said(app)) == (kind == "html504")
    assert own_facts(app)["Balance"].startswith("not known at the moment") == (kind != "html504")


def account_of(house):
    with house.app.services.engine.connect() as connection:
        return accounts.get_account(connection, OWN)


def test_the_staff_does_read_all_of_it(house, full):
    """The tests above search for text that exists, and their search would find it."""
    pages = [house.open("lead", page.path, account=OWN, run=RUNS["done"]) for page in PAGES]
    pages += [house.details(OWN, run=RUNS["abandoned"])]
    found = {word for app in pages for word in held(app, [*SECRETS, *WORDS_OF_OURS])}
    elsewhere = {WORDS["refused"], RUNS["running"], "Demo billing", "Demo viewer", "Demo admin", "lead@demo.example"}
    assert set(SECRETS) - found <= elsewhere
    assert {"Zuora", "quarantine", "Unmapped"} <= found


# ------------------------------------------------------------------ the engine and the store refuse, too
def test_the_engine_refuses_runs_to_a_customer(house, full):
    runner, run = house.app.runner, RUNS["done"]
    for read in (
        lambda: runner.progress(run, CUSTOMER),
        lambda: runner.receipt(run, CUSTOMER),
        lambda: runner.items(run, "begin", CUSTOMER),
        lambda: runner.open_run(OWN, CUSTOMER),
        lambda: runner.open_runs(OWN, CUSTOMER),
    ):
        with pytest.raises(NotAllowed):
            read()


def test_a_page_that_reads_runs_says_for_whom():
    positions = {"progress": 1, "receipt": 1, "items": 2, "open_run": 1, "open_runs": 1}
    seen = set()
    for path in (PROJECT / "lib" / "ui").rglob("*.py"):
        for one in ast.walk(ast.parse(path.read_text())):
            if isinstance(one, ast.Call) and re.search(r"runner\.\w+$", ast.unparse(one.func)):
                verb = ast.unparse(one.func).rpartition(".")[2]
                seen.add(verb)
                assert len(one.args) > positions.get(verb, -1), f"{path.name}:{one.lineno} names no reader"
    assert {"progress", "receipt", "items", "open_runs"} <= seen


def test_a_customer_does_not_see_emails_to_staff(house, full):
    with house.app.services.engine.connect() as connection:
        own = emails.read_emails(connection, OWN, EmailFilter(), limit=1000, customer=True)
        every = emails.read_emails(connection, OWN, EmailFilter(), limit=1000)
        counts = [emails.count_emails(connection, OWN, EmailFilter(), most=1000, customer=who) for who in (True, False)]
        assert counts == [len(own), len(every)]
    hidden = {one.id for one in every} - {one.id for one in own}
    theirs = full["again, to the customer"]
    assert hidden == set(full.values()) - {theirs}
    for name, id_ in full.items():
        app = house.open("customer", EMAILS.path, email=str(id_))
        assert ("no such e-mail" in said(app)) == (id_ != theirs), name
        assert not held(app, SECRETS)
    assert not held(house.open("customer", EMAILS.path, recipient="quokka"), [ADDRESS, OLD_ADDRESS])


# ------------------------------------------------------------------ what they do see
def test_a_customer_reads_their_account_in_words_for_customers(house, full):
    app = house.open("customer")
    assert own_facts(app) == {
        "Account number": OWN,
        "Name": demo("suspended").name,
        "Status": "suspended",
        "Parent": "none",
        "Balance": own_facts(app)["Balance"],
        "E-mail": own_facts(app)["E-mail"],
    }
    assert re.match(r"-?[\d,]+\.\d\d [A-Z]{3}; another account pays for it$", own_facts(app)["Balance"])
    (banner,) = [one.value.replace("\\", "") for one in app.error]
    assert banner.startswith("**This account is suspended.** Inbound calls go straight to voicemail.")
    assert banner.endswith("Contact our billing team on 1300 975 707 to have it enabled again.")
    assert "Numbers no longer in use (1)" in [one.label for one in app.expander]


def test_a_number_in_quarantine_shows_a_customer_no_reason(house, full):
    (resting,) = [one.value for one in house.open("customer").dataframe]
    assert list(resting.columns) == ["Number", "Not in use until"]


def test_a_customer_whose_account_is_gone_sees_whom_to_ask(house):
    other = plain_accounts()[0]
    with writing(house.app.services.engine) as connection:
        of = connection.execute(select(person.c.account_id).where(person.c.username == "customer")).scalar_one()
        connection.execute(update(person).where(person.c.username == "customer").values(account_id=None))
    try:
        app = house.open("customer", account=other.number)
        assert "Your sign-in has no account. Contact our billing team" in said(app).replace("*", "")
        assert not held(app, [other.name])
    finally:
        with writing(house.app.services.engine) as connection:
            connection.execute(update(person).where(person.c.username == "customer").values(account_id=of))
