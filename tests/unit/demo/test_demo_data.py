import random
import re
from collections import Counter
from decimal import Decimal

import bcrypt
import pytest
from sqlalchemy import func, inspect, select, text

from lib.demo import DEMO_SIGN_INS, load_zuora, notable, seed_hub, zuora_records
from lib.demo.billing import EXTRA_UNITS, OLDER_PRODUCT, UNMAPPED_CHARGE, zuora_invoices, zuora_subscriptions
from lib.demo.model import ALLOWANCES, ANCHOR
from lib.demo.world import build, world
from lib.domain.hierarchy import ancestors
from lib.domain.names import check_name
from lib.domain.numbers import kind_of, parse_number
from lib.standins.zuora import ZuoraState
from lib.store import accounts, allowance_use, billing, schema
from lib.store.engine import make_engine, writing
from lib.store.search import reindex, search
from tests.conftest import database_of_kind

RESERVED = re.compile(
    r"\+61(491570(006|156|157|158|159|110|313|737|266|491|804)|[2378](5550|7010)\d{4}|1[38]00975(70[7-9]|71[01]))"
)
NOT_SEEDED = {
    "action_run",
    "action_claim",
    "action_event",
    "action_item",
    "executor",
    "form_draft",
    "plan_approval",
    "rule_change",
    "sign_in_session",
    "sign_in_try",
    "snapshot",
}


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine(request, tmp_path_factory):
    """The engine of a seeded database, the same for all these tests: seeding takes seconds."""
    with database_of_kind(request, tmp_path_factory.mktemp("seeded")) as url:
        made = make_engine(url)
        seed_hub(made)
        yield made
        made.dispose()


@pytest.fixture
def hub(engine):
    with engine.connect() as connection:
        yield connection


def _by_number():
    return {account.number: account for account in world().accounts}


def _role(role):
    return _by_number()[notable()[role]]


def test_two_builds_are_equal():
    random.seed(1)
    first = build()
    random.seed(2)
    assert build() == first


def test_building_leaves_the_global_generator_alone():
    random.seed(7)
    expected = random.random()
    random.seed(7)
    build()
    assert random.random() == expected


def test_only_numbers_reserved_for_fiction_and_each_once():
    used = []
    for account in world().accounts:
        for number in account.has.numbers:
            assert kind_of(number.e164) == number.kind
            used.append(number.e164)
        used += {account.bill_to.id: account.bill_to.phone, account.sold_to.id: account.sold_to.phone}.values()
    assert all(RESERVED.fullmatch(e164) for e164 in used)
    assert all(parse_number(e164) == e164 for e164 in used)
    assert max(Counter(used).values()) == 1
    kinds = {kind_of(e164) for e164 in used}
    assert kinds == {"local", "mobile", "1300", "1800"}


def test_hub_and_zuora_agree_except_where_planned():
    known = {record.id: record for record in zuora_records()}
    differences = Counter()
    for account in world().accounts:
        if not account.linked:
            differences["not_linked"] += 1
            continue
        record = known.get(account.zuora_id)
        if record is None:
            differences["zuora_missing"] += 1
            continue
        assert record.account_number == account.zuora_number
        differences["name"] += record.name != account.name
        parent = None if account.parent is None else _by_number()[account.parent].zuora_id
        differences["parent"] += record.parent_id != parent
        differences["cancelled"] += record.status != "Active"
        assert record.bill_to.id == account.bill_to.id
        assert (record.bill_to.id == record.sold_to.id) == (account.number == notable()["same_contact"])
    planted = {"not_linked": 1, "zuora_missing": 1, "name": 2, "parent": 1, "cancelled": 1}
    assert differences == planted


def test_each_role_is_what_it_says():
    records = {record.account_number: record for record in zuora_records()}

    def in_zuora(role):
        return records.get(_role(role).zuora_number)

    assert _role("suspended").status == "suspended"
    assert sum(account.status == "suspended" for account in world().accounts) >= 2
    assert _role("deactivated").status == "deactivated"
    assert not _role("deactivated").has.pbxs
    assert _role("overdue").status == "active"
    assert Decimal(in_zuora("overdue").balance) > 0
    assert _role("overdue").pinned_note
    assert not _role("no_numbers").has.numbers
    assert len(_role("five_thousand").has.numbers) == 5000
    assert 1000 < sum(len(pbx.users) for pbx in _role("five_thousand").has.pbxs) < 5000
    assert _role("markup").name == "<b>Bold & Sons</b>"
    assert len(_role("long_name").name) == 255
    assert "'" in _role("apostrophe").name
    assert in_zuora("name_differs").name != _role("name_differs").name
    assert in_zuora("zuora_cancelled").status == "Canceled"
    assert in_zuora("zuora_missing") is None
    assert not _role("not_linked").linked
    assert _role("child").parent == notable()["parent"]


def test_subscriptions_grant_what_the_hub_has_except_where_planned(hub):
    charge_map = hub.execute(select(schema.charge_map)).all()
    by_number = {row.charge_number: row.allowance_kind for row in charge_map if row.charge_number}
    by_name = {row.charge_name: row.allowance_kind for row in charge_map if row.charge_name}
    stored = {
        contract.number: (account, contract) for account in world().accounts for contract in account.has.subscriptions
    }
    seen = list(zuora_subscriptions())
    differences = Counter()
    for record in seen:
        account, contract = stored[record.number]
        assert record.account_id == account.zuora_id
        assert (record.version, record.term_start_date) == (contract.version, contract.term_start)
        assert record.term_end_date == contract.term_end
        cancelled = record.status == "Cancelled" and contract.status == "Active"
        differences["cancelled"] += cancelled
        assert cancelled or record.status == contract.status
        granted = Counter()
        for charge in record.rate_plans[0].charges:
            if charge.segment > 1:
                continue
            kind = by_number.get(charge.product_rate_plan_charge_number, by_name.get(charge.name))
            granted[kind or charge.name] += int(charge.quantity)
        changed = granted - Counter(contract.allowances)
        if changed:
            differences[account.number] += changed.total()
            assert set(changed) <= {UNMAPPED_CHARGE, *ALLOWANCES}
    assert {number for number, (account, _) in stored.items() if account.in_zuora} == {r.number for r in seen}
    planted = {notable()["allowance_differs"]: EXTRA_UNITS, notable()["unmapped_charge"]: 1, "cancelled": 1}
    assert differences == planted
    charges = [charge for record in seen for charge in record.rate_plans[0].charges]
    assert len({(charge.number, charge.segment) for charge in charges}) == len({one.id for one in charges})
    assert len({one.id for one in charges}) == len(charges)
    older = {f"PRPC-{number:08}" for number in OLDER_PRODUCT.values()}
    assert older <= {charge.product_rate_plan_charge_number for charge in charges}


def test_billing_is_shown_in_all_its_states(hub):
    found = {record.number: record for record in zuora_subscriptions()}

    def of(role, position=-1):
        return found[_role(role).has.subscriptions[position].number]

    def stored(role, position=-1):
        number = _role(role).has.subscriptions[position].number
        return billing.find_subscription(hub, _role(role).number, number).terms

    assert (of("draft_and_suspended", -2).status, of("draft_and_suspended").status) == ("Draft", "Suspended")
    assert stored("draft_and_suspended", -2).allowances == {}
    ends = of("ends_later").subscription_end_date or of("ends_later").term_end_date
    assert (of("ends_later").status, stored("ends_later").ends) == ("Cancelled", ends)
    assert stored("ends_later").granted_on(ANCHOR.date()) == {"cloud_mobiles": 2}
    evergreen = of("evergreen")
    assert (evergreen.term_type, evergreen.term_end_date, stored("evergreen").term_end) == ("EVERGREEN", None, None)
    segments = [charge for charge in evergreen.rate_plans[0].charges if charge.name == "Call Queue"]
    assert [(one.quantity, one.segment) for one in segments] == [("5", 1), ("3", 2)]
    assert segments[0].effective_end_date == segments[1].effective_start_date > ANCHOR.date()
    payer, child = _role("payer"), _role("paid_for")
    assert child.parent == payer.number
    assert {one.invoice_owner_id for one in found.values()} == {None, payer.zuora_id}
    assert of("paid_for").invoice_owner_id == payer.zuora_id
    assert stored("paid_for").payer == payer.zuora_number


def test_one_account_is_billed_in_us_dollars_throughout():
    account = _role("dollars")
    (record,) = (one for one in zuora_records() if one.id == account.zuora_id)
    bills = [one for one in zuora_invoices() if one.account_id == account.zuora_id]
    contracts = [one for one in zuora_subscriptions() if one.account_id == account.zuora_id]
    assert {record.currency, *(one.currency for one in (*bills, *contracts))} == {"USD"}
    assert {one.currency for one in zuora_records() if one is not record} == {"AUD", "USD"}
    assert sum(one.currency == "USD" for one in zuora_records()) == 1


def test_what_an_account_owes_is_its_overdue_invoice():
    balance = {record.id: Decimal(record.balance) for record in zuora_records()}
    owed = Counter()
    for invoice in zuora_invoices():
        assert invoice.status == "Posted"
        owed[invoice.account_id] += invoice.balance
        if invoice.balance:
            assert invoice.amount == invoice.balance
            assert invoice.due_date < ANCHOR.date()
    assert {id_: amount for id_, amount in owed.items() if amount} == {k: v for k, v in balance.items() if v}
    assert owed[_role("overdue").zuora_id] == Decimal("742.35")


def test_all_of_it_is_loaded(tmp_path):
    state = ZuoraState(tmp_path / "zuora.db")
    load_zuora(state)
    for table, records in (("subscription", zuora_subscriptions()), ("invoice", zuora_invoices())):
        assert state.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] == len(list(records))
    state.close()


def test_families_have_the_documented_shapes():
    parents = {account.number: account.parent for account in world().accounts}
    assert sum(parent == notable()["parent"] for parent in parents.values()) == 12
    assert len(ancestors(notable()["deep_leaf"], parents)) == 4
    assert ancestors(notable()["deep_leaf"], parents)[-1] == notable()["deep_root"]
    assert max(len(ancestors(number, parents)) for number in parents) == 4


def test_what_is_made_up_is_valid():
    accounts = world().accounts
    assert 190 <= len(accounts) <= 210
    assert len({account.number for account in accounts}) == len(accounts)
    assert {len(account.number) for account in accounts} == {5, 6}
    for account in accounts:
        assert check_name(account.name) == account.name
        for pbx in account.has.pbxs:
            assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", pbx.group_name)
        for contract in account.has.subscriptions:
            assert re.fullmatch(r"SUB-\d{8}", contract.number)
            assert set(contract.allowances) <= set(ALLOWANCES)
        for address in (account.bill_to.email, account.sold_to.email):
            assert re.fullmatch(r"[a-z0-9.-]+@[a-z0-9-]+\.example", address)


def test_every_table_has_rows(hub):
    for table in schema.metadata.sorted_tables:
        count = hub.execute(select(func.count()).select_from(table)).scalar_one()
        assert (count == 0) == (table.name in NOT_SEEDED), table.name


def test_the_hub_holds_the_world(hub):
    parent = schema.account.alias()
    rows = hub.execute(
        select(schema.account, parent.c.number.label("parent")).outerjoin(
            parent, parent.c.id == schema.account.c.parent_id
        )
    ).all()
    assert {(row.number, row.name, row.status, row.parent) for row in rows} == {
        (account.number, account.name, account.status, account.parent) for account in world().accounts
    }
    logins = hub.execute(
        select(schema.phone_user.c.login, schema.phone_user.c.extension, schema.pbx.c.group_name).join(schema.pbx)
    )
    assert all(login == f"{extension}@{group}" for login, extension, group in logins)
    kinds = set(hub.execute(select(schema.charge_map.c.allowance_kind)).scalars())
    assert kinds == set(ALLOWANCES)


def test_rows_of_one_account_never_belong_to_another(hub):
    for table in schema.metadata.sorted_tables:
        if "account_id" not in table.c:
            continue
        for column in table.c:
            for key in column.foreign_keys:
                target = key.column.table.alias()
                if "account_id" not in target.c:
                    continue
                joined = table.join(target, column == target.c[key.column.name])
                crossing = select(func.count()).select_from(joined)
                crossing = crossing.where(table.c.account_id != target.c.account_id)
                assert hub.execute(crossing).scalar_one() == 0, f"{table.name}.{column.name}"


def test_seeding_twice_changes_nothing(engine, hub):
    def counts():
        return {
            name: hub.execute(text(f"select count(*) from {name}")).scalar_one()
            for name in inspect(engine).get_table_names()
        }

    before = counts()
    hub.rollback()
    seed_hub(engine)
    assert counts() == before


def test_rows_can_be_added_after_seeding(engine, hub):
    hub.rollback()
    with writing(engine) as connection:
        for table in (schema.call_parking, schema.music_on_hold):
            connection.execute(table.insert().values(account_id=1, name="added later"))
        reindex(connection, 1)


def test_a_seeded_account_is_found_by_what_it_has(hub):
    five_thousand = _role("five_thousand")
    assert search(hub, five_thousand.has.numbers[4321].e164).exact == five_thousand.number
    assert search(hub, five_thousand.has.subscriptions[0].number).exact == five_thousand.number
    assert search(hub, "<b>bold & sons</b>").hits[0].number == notable()["markup"]
    assert search(hub, "d'élan & o'brien").hits[0].number == notable()["apostrophe"]


def test_the_sign_ins_are_marked_as_demo_and_their_passwords_fit(hub):
    people = hub.execute(select(schema.person, schema.person_role.c.role).join(schema.person_role)).all()
    assert {(row.username, row.role) for row in people} == {(s.username, s.role.value) for s in DEMO_SIGN_INS}
    assert all(row.demo for row in people)
    published = {s.username: s.password for s in DEMO_SIGN_INS}
    for row in people:
        assert row.password_hash.startswith("$2b$12$")
        assert bcrypt.checkpw(published[row.username].encode(), row.password_hash.encode())
    (customer,) = (row for row in people if row.username == "customer")
    own = hub.execute(select(schema.account.c.number).where(schema.account.c.id == customer.account_id)).scalar_one()
    assert own == notable()["suspended"]
    assert [row.username for row in people if row.account_id is not None] == ["customer"]


def test_what_an_account_holds_and_uses_is_counted(hub):
    held = {
        name: Counter(hub.execute(select(table.c.account_id, *columns)).all())
        for name, table, *columns in (
            ("users", schema.phone_user, schema.phone_user.c.kind),
            ("numbers", schema.phone_number, schema.phone_number.c.kind, schema.phone_number.c.state),
            ("flows", schema.callflow, schema.callflow.c.kind),
            ("queues", schema.call_queue),
        )
    }
    seen: set[str] = set()
    for id_, number in hub.execute(select(schema.account.c.id, schema.account.c.number)).all():
        users = {key[1]: count for key, count in held["users"].items() if key[0] == id_}
        numbers = [(kind, state, count) for (own, kind, state), count in held["numbers"].items() if own == id_]
        used = allowance_use.count_use(hub, number)
        size = accounts.measure_account(hub, number)
        assert used["pbx_extensions"] == size.phone_users == sum(users.values())
        assert (used["jet_phone_users"], used["cloud_mobiles"]) == (
            users.get("jet_phone", 0),
            users.get("cloud_mobile", 0),
        )
        for kind in ("local", "mobile"):
            in_use = sum(count for of, state, count in numbers if of == kind and state != "quarantined")
            assert used[f"{kind}_numbers"] == in_use
        assert size.quarantined == sum(count for _, state, count in numbers if state == "quarantined")
        assert used["ivrs"] == held["flows"][id_, "ivr"]
        assert used["queues"] == held["queues"][(id_,)]
        seen |= {kind for kind, count in used.items() if count}
    assert {"pbx_extensions", "jet_phone_users", "cloud_mobiles", "local_numbers", "ivrs", "queues"} <= seen
