import uuid
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch

import pytest
from sqlalchemy import func, insert, select, update

from lib.actions.billing.charge_map import HOUSE, to_params
from lib.actions.engine.errors import Blocked, NotAllowed, PlanChanged
from lib.clients.zuora import CancelPolicy
from lib.domain.allowances import MapRow
from lib.standins.zuora.records import RatePlanChargeRecord, RatePlanRecord, SubscriptionRecord
from lib.store import allowance_use, billing, snapshots
from lib.store.billing import SubscriptionTerms
from lib.store.engine import writing
from lib.store.schema import account, action_event, pbx, phone_number, phone_user, subscription
from lib.store.search import search
from tests.actions.conftest import ADMIN, BILLING, LEAD, VIEWER, zuora_id

START, END = date(2026, 1, 1), date(2099, 1, 1)
SUB, SECOND, STRANGER = "SUB-00000001", "SUB-00000002", "SUB-00000003"
MAP = [
    MapRow(None, "Cloud Mobile", "cloud_mobiles"),
    MapRow(None, "Extension", "pbx_extensions"),
    MapRow("PRPC-7", None, "local_numbers"),
]


def charge(name, quantity="1", product="PRPC-1", **other):
    return RatePlanChargeRecord(
        **{
            "id": uuid.uuid4().hex,
            "number": f"C-{uuid.uuid4().hex[:8]}",
            "name": name,
            "product_rate_plan_charge_id": uuid.uuid4().hex,
            "product_rate_plan_charge_number": product,
            "effective_start_date": START,
            "effective_end_date": END,
            "quantity": quantity,
            **other,
        }
    )


def in_zuora(world, number, charges, *, owner="1001", version=2, status="Active", **other):
    """Make this the subscription's latest version in Zuora."""
    old = world.standin.state.subscription(number)
    if old is not None:
        with world.standin.state.transaction() as connection:
            connection.execute("delete from subscription where number = ?", (number,))
    plan = RatePlanRecord(
        id=uuid.uuid4().hex,
        name="Monthly",
        product_name="Cloud PBX",
        product_id=uuid.uuid4().hex,
        product_rate_plan_id=uuid.uuid4().hex,
        product_rate_plan_number="PRP-1",
        subscription_rate_plan_number="SRP-1",
        charges=tuple(charges),
    )
    record = SubscriptionRecord(
        id=uuid.uuid4().hex,
        number=number,
        account_id=zuora_id(owner),
        status=status,
        term_start_date=START,
        term_end_date=other.pop("term_end_date", END),
        version=version,
        rate_plans=(plan,),
        **other,
    )
    world.standin.state.load_subscriptions([record])


def terms(version=1, **allowances):
    return SubscriptionTerms(status="Active", term_start=START, term_end=END, version=version, allowances=allowances)


def stored(world, number="1001"):
    with world.services.engine.connect() as connection:
        return {one.number: one for one in billing.list_subscriptions(connection, number)}


def charge_map(world):
    with world.services.engine.connect() as connection:
        return billing.list_charge_map(connection)


def run(world, kind, params, actor=LEAD, number="1001"):
    plan = world.runner.plan(kind, number, params, actor)
    assert plan.blockers == ()
    return world.finish(world.runner.start(plan, actor))


@pytest.fixture
def billed(world):
    """Account 1001 with two subscriptions; in Zuora the first grants more than the Hub has."""
    with writing(world.services.engine) as connection:
        billing.save_charge_map(connection, MAP, by="somebody@example.com")
        billing.add_subscription(
            connection, "1001", SUB, name="Cloud PBX", terms=terms(cloud_mobiles=5, pbx_extensions=9)
        )
        billing.add_subscription(connection, "1001", SECOND, name="More", terms=terms(2, cloud_mobiles=1))
    in_zuora(world, SUB, [charge("Cloud Mobile", "4"), charge("cloud  mobile", "3"), charge("Odd one", "2", "PRPC-7")])
    in_zuora(world, SECOND, [charge("Cloud Mobile")])
    return world


def test_a_refresh_shows_old_and_new_with_the_version_and_saves_them(billed):
    before = datetime.now(UTC) - timedelta(seconds=5)
    plan = billed.runner.plan("refresh_allowances", "1001", {"subscription": SUB}, BILLING)
    source = f"({SUB} version 2)"
    assert [(one.text, one.before, one.after) for one in plan.effects] == [
        (f"Cloud mobiles {source}", "5", "7"),
        (f"PBX extensions {source}", "9", "0"),
        (f"Local numbers {source}", "0", "2"),
        (SUB, "Active, version 1, 2026-01-01 to 2099-01-01", "Active, version 2, 2026-01-01 to 2099-01-01"),
    ]
    assert stored(billed)[SUB].terms.version == 1
    done = billed.finish(billed.runner.start(plan, BILLING))
    assert [(step.name, step.state) for step in done.steps] == [("hub", "done")]
    kept = stored(billed)[SUB]
    assert kept.terms == terms(2, cloud_mobiles=7, local_numbers=2)
    assert kept.refreshed_at > before
    assert (f"{SUB} Cloud mobiles", "5 -> 7") in billed.runner.items(done.run.id, "hub")
    assert stored(billed)[SECOND].terms == terms(2, cloud_mobiles=1)


def test_when_nothing_changed_it_says_so_and_starts_no_run(billed):
    plan = billed.runner.plan("refresh_allowances", "1001", {"subscription": SECOND}, LEAD)
    assert plan.verdict == f"Nothing has changed: the Hub has what Zuora grants. Read: {SECOND} (version 2)."
    assert (plan.effects, plan.steps) == ((), ())
    with pytest.raises(Blocked, match="Nothing has changed"):
        billed.runner.start(plan, LEAD)


def test_the_whole_account_is_refreshed_in_one_run(billed):
    in_zuora(billed, SECOND, [charge("Extension", "3")], version=3)
    run(billed, "refresh_allowances", {"subscription": None})
    assert stored(billed)[SUB].terms.allowances == {"cloud_mobiles": 7, "local_numbers": 2}
    assert stored(billed)[SECOND].terms == terms(3, pbx_extensions=3)


def test_an_unmapped_charge_is_told_and_kept_with_its_time(billed):
    in_zuora(billed, SECOND, [charge("Cloud Mobile"), charge("Static IP Address", "1", "PRPC-901")])
    plan = billed.runner.plan("refresh_allowances", "1001", {"subscription": SECOND}, LEAD)
    assert "“Static IP Address (PRPC-901)”" in plan.warnings[0]
    assert plan.details[0].rows == ((SECOND, "Static IP Address", "PRPC-901", "1"),)
    assert plan.verdict
    with billed.services.engine.connect() as connection:
        kept = snapshots.last_snapshot(connection, "1001", system="zuora", subject="subscription charges")
    assert kept.value[SECOND] == ["Static IP Address (PRPC-901)"]


@contextmanager
def on(world, day):
    """Make this the day for the Hub and for Zuora."""
    world.standin.switches.today = day
    with patch.object(type(world.services), "today", lambda _: day):
        yield
    world.standin.switches.today = None


class TestEndsLater:
    """Cancelled for 3 January 2027: Cancelled at once, and granting until the day before."""

    def test_it_grants_until_its_last_day_and_the_plan_says_when_that_is(self, billed):
        in_zuora(billed, SECOND, [charge("Cloud Mobile", "4")])
        with on(billed, date(2026, 11, 25)):
            billed.services.zuora.cancel_subscription(
                SECOND, CancelPolicy.ON_DATE, date(2027, 1, 3), track="t", key="k", today=date(2026, 11, 25)
            )
            plan = billed.runner.plan("refresh_allowances", "1001", {"subscription": SECOND}, LEAD)
            assert (
                f"{SECOND} is cancelled in Zuora and ends 3 Jan 2027. Until then it keeps its allowances."
                in plan.warnings
            )
            assert (plan.effects[0].before, plan.effects[0].after) == ("1", "4")
            assert "ends for good on 2027-01-03" in plan.effects[-1].after
            done = billed.finish(billed.runner.start(plan, LEAD))
            assert done.run.state == "done"
        kept = stored(billed)[SECOND].terms
        assert (kept.status, kept.ends, kept.allowances) == ("Cancelled", date(2027, 1, 3), {"cloud_mobiles": 4})
        # What is stored says the right thing on the next day, too, without another refresh.
        assert kept.granted_on(date(2027, 1, 2)) == {"cloud_mobiles": 4}
        assert kept.granted_on(date(2027, 1, 3)) == {}
        with on(billed, date(2027, 1, 3)):
            plan = billed.runner.plan("refresh_allowances", "1001", {"subscription": SECOND}, LEAD)
            assert f"{SECOND} is cancelled in Zuora, so it grants nothing." in plan.warnings
            assert ("4", "0") in [(one.before, one.after) for one in plan.effects]

    def test_a_term_that_does_not_renew_is_an_end_and_one_that_does_is_none(self, billed):
        with on(billed, date(2026, 11, 25)):
            for renews, ends in ((False, date(2027, 1, 3)), (True, None)):
                end = date(2027, 1, 3)
                line = charge("Cloud Mobile", effective_end_date=end)
                in_zuora(billed, SECOND, [line], auto_renew=renews, term_end_date=end, version=7 + renews)
                run(billed, "refresh_allowances", {"subscription": SECOND})
                kept = stored(billed)[SECOND].terms
                assert (kept.status, kept.ends, kept.allowances) == ("Active", ends, {"cloud_mobiles": 1})
                # A renewal may be written late; an end is an end.
                assert bool(kept.granted_on(date(2027, 1, 3))) is renews


class TestOrderedForLater:
    """A change that is ordered for next month: five now, three from 1 January 2027, seven from 1 March."""

    @pytest.fixture
    def ordered(self, billed):
        parts = (
            ("5", START, date(2027, 1, 1), 1),
            ("3", date(2027, 1, 1), date(2027, 3, 1), 2),
            ("7", date(2027, 3, 1), END, 3),
        )
        in_zuora(billed, SECOND, [
            charge("Cloud Mobile", count, number="C-1", effective_start_date=on, effective_end_date=end, segment=place)
            for count, on, end, place in parts
        ])  # fmt: skip
        return billed

    def test_it_takes_nothing_away_today_and_is_told(self, ordered):
        with on(ordered, date(2026, 11, 25)):
            plan = ordered.runner.plan("refresh_allowances", "1001", {"subscription": SECOND}, LEAD)
            assert ("1", "5") in [(one.before, one.after) for one in plan.effects]
            assert f"{SECOND}, from 1 Jan 2027: Cloud mobiles 3 instead of 5." in plan.warnings
        with ordered.services.engine.connect() as connection:
            kept = snapshots.last_snapshot(connection, "1001", system="zuora", subject="subscription changes")
        assert kept.value[SECOND] == {"day": "2027-01-01", "allowances": {"cloud_mobiles": 3}}

    def test_the_companys_day_decides_where_zuoras_calendar_is_behind(self, ordered):
        with on(ordered, date(2027, 1, 1)):
            ordered.standin.switches.today = date(2026, 12, 31)
            run(ordered, "refresh_allowances", {"subscription": SECOND})
        assert stored(ordered)[SECOND].terms.allowances == {"cloud_mobiles": 3}

    def test_the_client_asks_for_what_is_in_force(self, ordered):
        ordered.standin.switches.today = date(2026, 11, 25)
        found = [ordered.services.zuora.subscription(SECOND)]
        found += [one for one in ordered.services.zuora.subscriptions(zuora_id("1001")) if one.number == SECOND]
        assert [one.rate_plans[0].charges[0].quantity for one in found] == [5, 5]


def test_zuora_away_or_without_the_subscription_is_a_sentence(billed):
    billed.fail(f"GET /v1/subscriptions/{SUB}", "drop_before", times=None)
    plan = billed.runner.plan("refresh_allowances", "1001", {"subscription": None}, LEAD)
    assert "Zuora could not be read, so nothing was changed." in plan.blockers[0]
    billed.standin.state.faults.clear()
    in_zuora(billed, SECOND, [charge("Cloud Mobile")], owner="2001")
    plan = billed.runner.plan("refresh_allowances", "1001", {"subscription": SECOND}, LEAD)
    assert plan.blockers == (f"In Zuora {SECOND} belongs to A2001, not to A1001.",)
    with writing(billed.services.engine) as connection:
        connection.execute(update(subscription).where(subscription.c.number == SECOND).values(number=STRANGER))
    plan = billed.runner.plan("refresh_allowances", "1001", {"subscription": STRANGER}, LEAD)
    assert plan.blockers == (f"Zuora has no subscription {STRANGER}.",)


def test_a_new_version_between_look_and_click_gives_a_new_plan(billed):
    plan = billed.runner.plan("refresh_allowances", "1001", {"subscription": SUB}, LEAD)
    in_zuora(billed, SUB, [charge("Cloud Mobile", "8")], version=3)
    with pytest.raises(PlanChanged) as changed:
        billed.runner.start(plan, LEAD)
    assert ("5", "8") in [(one.before, one.after) for one in changed.value.plan.effects]
    assert stored(billed)[SUB].terms.version == 1


def test_a_colleagues_change_before_the_step_is_not_overwritten(billed, monkeypatch):
    plan = billed.runner.plan("refresh_allowances", "1001", {"subscription": None}, LEAD)
    from lib.actions.engine.starting import begin

    def late(_run):
        with writing(billed.services.engine) as connection:
            billing.save_terms(connection, "1001", SUB, terms(9, cloud_mobiles=99))
        hand_over(_run)

    hand_over = begin.hand_over
    monkeypatch.setattr(begin, "hand_over", late)
    done = billed.finish(billed.runner.start(plan, LEAD))
    assert done.run.state == "failed"
    assert f"Somebody else has changed {SUB} in the Hub" in done.run.error
    assert stored(billed)[SUB].terms == terms(9, cloud_mobiles=99)


def test_in_use_is_counted_from_what_the_account_has(billed):
    with writing(billed.services.engine) as connection:
        own = connection.execute(select(account.c.id).where(account.c.number == "1001")).scalar_one()
        (switch,) = connection.execute(
            insert(pbx).values(account_id=own, name="Main", group_name="main").returning(pbx.c.id)
        ).one()
        for place, kind in enumerate(("desk_phone", "jet_phone", "jet_phone", "cloud_mobile")):
            connection.execute(
                insert(phone_user).values(
                    account_id=own,
                    pbx_id=switch,
                    extension=str(place),
                    display_name="A",
                    kind=kind,
                    login=f"{place}@main",
                )
            )
        one = connection.execute(
            select(func.min(phone_number.c.id)).where(phone_number.c.account_id == own)
        ).scalar_one()
        connection.execute(update(phone_number).where(phone_number.c.id == one).values(state="quarantined"))
        used = allowance_use.count_use(connection, "1001")
    assert {kind: count for kind, count in used.items() if count} == {
        "pbx_extensions": 4,
        "jet_phone_users": 2,
        "cloud_mobiles": 1,
        "local_numbers": 2,
    }


def test_a_subscription_is_added_with_its_allowances_and_found_by_its_number(billed):
    in_zuora(billed, STRANGER, [charge("Extension", "12"), charge("Static IP Address")], owner="2001")
    done = run(billed, "add_subscription", {"number": f"  {STRANGER}\n"}, BILLING, "2001")
    assert done.run.state == "done"
    assert stored(billed, "2001")[STRANGER].terms == terms(2, pbx_extensions=12)
    assert stored(billed, "2001")[STRANGER].name == "Cloud PBX"
    with billed.services.engine.connect() as connection:
        assert search(connection, STRANGER).exact == "2001"


def test_a_number_that_cannot_be_added_is_a_sentence(billed):
    in_zuora(billed, STRANGER, [], owner="1002")
    for typed, says in (
        ("SUB-\x00", "letters, digits"),
        ("SUB-404", "Zuora has no subscription"),
        (SUB, "already on this account"),
        (SUB.lower(), "already on this account"),
        (STRANGER, "belongs to A1002"),
    ):
        plan = billed.runner.plan("add_subscription", "1001", {"number": typed}, LEAD)
        assert says in plan.blockers[0]


def billed_to(world, number):
    with world.services.engine.connect() as connection:
        use = billing.use_of(connection, "1001", number)
    return use.pbxs, use.numbers


def bill_to(world, number):
    """Bill a PBX and the numbers of account 1001 to this subscription."""
    with writing(world.services.engine) as connection:
        own, held = connection.execute(
            select(subscription.c.account_id, subscription.c.id).where(subscription.c.number == number)
        ).one()
        connection.execute(insert(pbx).values(account_id=own, name="Front desk", group_name="f", subscription_id=held))
        connection.execute(update(phone_number).where(phone_number.c.account_id == own).values(subscription_id=held))


def edit(world, actor=LEAD, **typed):
    return world.runner.plan("edit_subscription", "1001", {"subscription": SUB, "number": SUB, **typed}, actor)


def test_a_subscription_gets_another_name_without_zuora(billed):
    billed.fail(f"GET /v1/subscriptions/{SUB}", "drop_before", times=None)
    done = run(billed, "edit_subscription", {"subscription": SUB, "number": SUB, "name": "  Head\toffice "}, BILLING)
    assert done.run.state == "done"
    assert stored(billed)[SUB].name == "Head office"
    assert stored(billed)[SUB].terms == terms(cloud_mobiles=5, pbx_extensions=9)
    assert stored(billed)[SUB].refreshed_at is not None


def test_another_number_takes_over_what_is_billed_and_what_is_granted(billed):
    bill_to(billed, SUB)
    was = billed_to(billed, SUB)
    in_zuora(billed, STRANGER, [charge("Extension", "12"), charge("Static IP Address")], version=3)
    plan = edit(billed, number=STRANGER, name="Cloud PBX")
    term = "2026-01-01 to 2099-01-01"
    assert [(one.text, one.before, one.after) for one in plan.effects] == [
        ("Subscription number", SUB, STRANGER),
        ("Status and term", f"Active, version 1, {term}", f"Active, version 3, {term}"),
        ("Cloud mobiles", "5", "0"),
        ("PBX extensions", "9", "12"),
        ("1 PBX and 3 numbers billed to it", SUB, STRANGER),
    ]
    assert "Static IP Address" in plan.warnings[0]
    assert billed.finish(billed.runner.start(plan, LEAD)).run.state == "done"
    assert stored(billed)[STRANGER].terms == terms(3, pbx_extensions=12)
    assert SUB not in stored(billed)
    assert billed_to(billed, STRANGER) == was
    with billed.services.engine.connect() as connection:
        assert (search(connection, STRANGER).exact, search(connection, SUB).exact) == ("1001", None)


def test_an_edit_that_cannot_be_is_a_sentence(billed):
    in_zuora(billed, STRANGER, [], owner="1002")
    for typed, says in (
        ({"number": "SUB-404"}, "Zuora has no subscription"),
        ({"number": STRANGER}, "belongs to A1002"),
        ({"number": SECOND}, "on this account as a subscription of its own"),
        ({"subscription": "SUB-404"}, "not on this account"),
    ):
        assert says in edit(billed, **typed).blockers[0]
    assert stored(billed)[SUB].name == "Cloud PBX"


def test_a_subscription_that_changes_before_the_step_is_not_overwritten(billed, monkeypatch):
    from lib.actions.engine.starting import begin

    def late(_run):
        with writing(billed.services.engine) as connection:
            connection.execute(update(subscription).where(subscription.c.number == SUB).values(name="Theirs"))
        hand_over(_run)

    hand_over = begin.hand_over
    plan = edit(billed, name="Mine")
    monkeypatch.setattr(begin, "hand_over", late)
    done = billed.finish(billed.runner.start(plan, LEAD))
    assert done.run.state == "failed"
    assert "Somebody else changed or removed SUB-00000001" in done.run.error
    assert stored(billed)[SUB].name == "Theirs"


def test_removing_is_refused_with_who_still_uses_it(billed):
    bill_to(billed, SUB)
    plan = billed.runner.plan("remove_subscription", "1001", {"number": SUB}, LEAD)
    assert plan.blockers == (
        f"{SUB} is the subscription of 1 PBX: Front desk. Give each another one first.",
        f"{SUB} is billed for 3 numbers: (03) 7010 0001, (03) 7010 0002, 0491 570 006.",
    )


def test_an_unused_subscription_is_removed_with_its_allowances(billed):
    assert run(billed, "remove_subscription", {"number": SECOND}).run.state == "done"
    assert set(stored(billed)) == {SUB}
    with billed.services.engine.connect() as connection:
        assert search(connection, SECOND).exact is None


def test_a_number_that_comes_to_it_after_the_click_stops_the_removal(billed, monkeypatch):
    from lib.actions.engine.starting import begin

    def late(_run):
        with writing(billed.services.engine) as connection:
            held = select(subscription.c.id).where(subscription.c.number == SECOND).scalar_subquery()
            connection.execute(
                update(phone_number).where(phone_number.c.e164 == "+61370100001").values(subscription_id=held)
            )
        hand_over(_run)

    hand_over = begin.hand_over
    plan = billed.runner.plan("remove_subscription", "1001", {"number": SECOND}, LEAD)
    monkeypatch.setattr(begin, "hand_over", late)
    done = billed.finish(billed.runner.start(plan, LEAD))
    assert done.run.state == "failed"
    assert "(03) 7010 0001" in done.run.error
    assert SECOND in stored(billed)


def test_the_charge_map_is_saved_in_the_audit_and_counts_at_the_next_refresh(billed):
    rows = [*MAP[:2], MapRow("PRPC-7", None, "ivrs"), MapRow(None, " New  thing ", "queues")]
    params = {"rows": to_params(rows), "base": to_params(charge_map(billed))}
    plan = billed.runner.plan("charge_map", HOUSE, params, ADMIN)
    assert [(one.text, one.before, one.after) for one in plan.effects] == [
        ("PRPC-7", "Local numbers", "IVRs"),
        ("New thing", "not in the map", "Queues"),
    ]
    done = billed.finish(billed.runner.start(plan, ADMIN))
    assert done.run.state == "done"
    assert set(charge_map(billed)) == {*rows[:3], MapRow(None, "New thing", "queues")}
    with billed.services.engine.connect() as connection:
        assert connection.execute(select(func.count()).where(action_event.c.account == HOUSE)).scalar_one() > 0
    run(billed, "refresh_allowances", {"subscription": SUB})
    assert stored(billed)[SUB].terms.allowances == {"cloud_mobiles": 7, "ivrs": 2}


def test_who_may_not_is_refused(world):
    for kind, params, actor in (
        ("refresh_allowances", {"subscription": None}, VIEWER),
        ("add_subscription", {"number": STRANGER}, VIEWER),
        ("edit_subscription", {"subscription": SECOND, "number": SECOND, "name": "Mine"}, VIEWER),
        ("remove_subscription", {"number": SECOND}, VIEWER),
        ("charge_map", {"rows": [], "base": []}, LEAD),
    ):
        with pytest.raises(NotAllowed):
            world.runner.plan(kind, "1001", params, actor)
