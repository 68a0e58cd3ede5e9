"""Billing details and the charge map, on the page."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from lib.demo.world import world
from lib.domain.allowances import LABELS
from lib.store import billing
from lib.store.engine import writing
from lib.store.schema import account, allowance, pbx, phone_number, subscription
from lib.ui.navigation import BILLING, CHARGE_MAP
from tests.pages.conftest import demo, plain_accounts, press, rerun_until, said, sound, tables

EXTENSIONS = LABELS["pbx_extensions"]


def opened(house, number, username="lead"):
    return house.open(username, BILLING.path, account=number)


def labels(app) -> set[str]:
    return {button.label for button in app.button}


def rows(frame) -> dict[str, tuple[str, str, str]]:
    """Allowance -> granted, in use, left."""
    return {row[0]: tuple(row[1:]) for row in frame.itertuples(index=False)}


def granted(app, place=0) -> dict[str, tuple[str, str, str]]:
    return rows(tables(app, "Allowance", "Granted", "In use", "Left")[place])


def ended(app):
    return rerun_until(app, lambda app: bool(tables(app, "Step", "Result")))


def with_subscriptions(count):
    return next(one for one in plain_accounts() if len(one.has.subscriptions) == count)


def test_the_page_counts_what_is_in_use_of_what_is_granted(house):
    own = with_subscriptions(1)
    app = opened(house, own.number)
    users = sum(len(one.users) for one in own.has.pbxs)
    allowed = own.has.subscriptions[0].allowances["pbx_extensions"]
    left = str(allowed - users) if allowed >= users else f"{users - allowed} over"
    assert granted(app)[EXTENSIONS] == (str(allowed), str(users), left)
    assert own.has.subscriptions[0].number in "".join(one.value for one in app.markdown).replace("\\", "")
    assert any("version" in one.value and "refreshed" in one.value for one in app.caption)
    assert "Refresh all allowances" not in labels(app)


def test_recording_is_yes_and_several_subscriptions_are_added_up(house):
    own = with_subscriptions(2)
    app = opened(house, own.number)
    assert granted(app)["Inbound call recording"] == ("yes", "not counted", "")
    assert granted(app)["Outbound recording limit"][0] == "500"
    assert "Inbound call recording" not in granted(app, 1)
    assert "Inbound call recording" in granted(app, 2)
    assert "Refresh all allowances" in labels(app)


def test_a_refresh_shows_old_and_new_and_saves_them(house):
    number = demo("allowance_differs").number
    app = opened(house, number, "billing")
    before = int(granted(app)["Cloud mobiles"][0])
    app = press(app, "Refresh allowances")
    (effects,) = tables(app, "System")
    assert effects.iloc[0]["What changes"].startswith("Cloud mobiles (SUB-")
    assert "version" in effects.iloc[0]["What changes"]
    assert tuple(effects.iloc[0][["Before", "After"]]) == (str(before), str(before + 2))
    app = ended(press(app, "Save allowances"))
    assert granted(app)["Cloud mobiles"][0] == str(before + 2)
    assert any("refreshed just now" in one.value for one in app.caption)
    assert "Nothing has changed" in said(press(app, "Refresh allowances"))


def test_an_unmapped_charge_is_listed_after_zuora_was_read(house):
    own = demo("unmapped_charge")
    number = own.number
    app = opened(house, number)
    assert "Unmapped charges" not in said(app)
    app = sound(app.button(key=f"refresh_{own.has.subscriptions[0].number}").click().run())
    assert "no allowance is known for “Static IP Address (PRPC-00000901)”" in said(app)
    assert "Nothing has changed" in said(app)
    assert "Save allowances" not in labels(app)
    assert "Unmapped charges" in said(opened(house, number))


def test_what_is_over_its_allowance_is_said(house):
    own = next(
        one
        for one in world().accounts
        if one.status == "active"
        and sum(len(pbx.users) for pbx in one.has.pbxs)
        > sum(contract.allowances.get("pbx_extensions", 0) for contract in one.has.subscriptions)
    )
    app = opened(house, own.number)
    assert "Over allowance" in said(app)
    assert granted(app)[EXTENSIONS][2].endswith(" over")
    red = [cell for table in app.table for cell in table.value.to_numpy().flatten() if ":red[" in cell]
    assert red and all(" over**]" in cell for cell in red)


def test_an_older_product_is_known_by_its_number(house):
    own = next(one for one in plain_accounts() if one.has.subscriptions[0].number.endswith("5"))
    app = press(opened(house, own.number), "Refresh allowances")
    assert "Nothing has changed" in said(app)
    assert "no allowance is known" not in said(app)


def test_without_a_subscription_there_is_a_sentence(house):
    app = opened(house, demo("deactivated").number)
    assert "Add subscription" not in labels(app)
    assert "This account has no billing subscription" in said(app)
    assert tables(app, "Allowance") == []


def test_zuora_away_leaves_the_page_and_is_a_sentence(house):
    own = with_subscriptions(1)
    house.fail("drop_before", "GET /v1/subscriptions", times=None)
    app = press(opened(house, own.number), "Refresh allowances")
    assert "Zuora could not be read, so nothing was changed." in said(app)
    assert "Save allowances" not in labels(app)
    assert EXTENSIONS in granted(app)
    house.zuora.state.faults.clear()
    assert "Nothing has changed" in said(press(app, "Check again"))


@pytest.mark.parametrize("username", ["viewer", "customer"])
def test_people_without_the_permission_read_the_page_and_have_no_button(house, username):
    app = opened(house, demo("suspended").number, username)
    assert EXTENSIONS in granted(app)
    assert not {
        "Refresh allowances",
        "Refresh all allowances",
        "Add subscription",
        "Edit subscription",
        "Remove",
    } & labels(app)


def test_a_subscription_is_removed_and_added_again(house):
    own = next(one for one in plain_accounts() if len(one.has.subscriptions) == 2 and one.has.numbers)
    used, spare = (one.number for one in own.has.subscriptions)
    app = opened(house, own.number)
    app = sound(app.button(key=f"remove_{used}").click().run())
    assert f"{used} is the subscription of" in said(app)
    assert f"{used} is billed for" in said(app)
    assert "Remove subscription" not in labels(app)
    app = sound(app.button(key=f"remove_{spare}").click().run())
    app = ended(press(app, "Remove subscription"))
    assert f"remove_{spare}" not in {button.key for button in app.button}
    app = press(app, "Add subscription")
    for typed, says in (
        ("", "Type the number"),
        ("two\nSUB-1", "one subscription number at a time"),
        ("<b>x</b>", "letters, digits"),
        ("\u202eSUB", "letters, digits"),
        ("x" * 400, "letters, digits"),
        (" \u00a0\n", "Type the number"),
        ("e\u0301", "letters, digits"),
        ("SUB-1;SUB-2", "letters, digits"),
        ("42", "Zuora has no subscription 42"),
        (used, "already on this account"),
        ("SUB-99999999", "Zuora has no subscription"),
    ):
        app.text_input(key="new_subscription").set_value(typed)
        app = press(app, "Preview")
        assert says in said(app)
    app.text_input(key="new_subscription").set_value(f" {spare} ")
    app = press(app, "Preview")
    assert ("Inbound call recording", "yes") in [
        tuple(row[:2]) for frame in tables(app, "Allowance", "Granted") for row in frame.values
    ]
    app.button(key=next(button.key for button in app.button if button.key.startswith("start_"))).click()
    app = ended(sound(app.run()))
    assert f"remove_{spare}" in {button.key for button in app.button}


def test_a_subscription_is_edited(house):
    own = next(one for one in plain_accounts() if len(one.has.subscriptions) == 2)
    one, other = (each.number for each in own.has.subscriptions)
    app = opened(house, own.number)
    app = sound(app.button(key=f"edit_{one}").click().run())
    for name, number, says in (
        ("x" * 121, one, "121 characters"),
        ("<b>x</b>", "<b>x</b>", "letters, digits"),
        ("a\u202eb", one, "invisible character"),
        ("e\u0301\n line", "", "Type the number"),
        ("---", one, "no letter or digit"),
        ("Office 🌼", one, "such as an emoji"),
        ("Office", "SUB-1\nSUB-2", "one subscription number at a time"),
        ("Office", "x" * 5_000, "letters, digits"),
        ("Office", "\u202eSUB-1", "letters, digits"),
        ("Head office", other, "on this account as a subscription of its own"),
    ):
        app.text_input(key="subscription_name").set_value(name)
        app.text_input(key="subscription_number").set_value(number)
        app = press(app, "Preview")
        assert says in said(app)
        assert "Save subscription" not in labels(app)
    app.text_input(key="subscription_name").set_value("Head office")
    app.text_input(key="subscription_number").set_value(one)
    app = press(app, "Preview")
    app = ended(press(app, "Save subscription"))
    assert f"**{one}** · Head office" in "\n".join(each.value for each in app.markdown).replace("\\", "")


def edit(app, **edits):
    """What the person typed into the table of the map; the table gets a new key each time it is read."""
    key = f"map_{app.session_state['charge_map_rounds']}"
    app.session_state[key] = {"edited_rows": {}, "added_rows": [], "deleted_rows": [], **edits}
    return press(sound(app.run()), "Preview")


def test_an_admin_edits_the_charge_map(house):
    app = house.open("admin", CHARGE_MAP.path)
    app = edit(app, added_rows=[{"Charge name": " <b>Fax</b> ", "Allowance": "Queues"}, {}])
    (effects,) = tables(app, "System")
    assert tuple(effects.iloc[0][["What changes", "After"]]) == ("<b>Fax</b>", "Queues")
    app = ended(press(app, "Save the charge map"))
    with house.app.services.engine.connect() as connection:
        assert ("<b>Fax</b>", "queues") in {(one.charge_name, one.kind) for one in billing.list_charge_map(connection)}
    assert "There is nothing to save" in said(edit(app))


def test_a_wrong_map_gives_a_sentence_and_is_not_saved(house):
    with house.app.services.engine.connect() as connection:
        before = billing.list_charge_map(connection)
    app = house.open("admin", CHARGE_MAP.path)
    for row, says in (
        ({"Allowance": "Queues"}, "has no charge"),
        ({"Charge name": "Thing"}, "unknown allowance"),
        ({"Charge name": "CLOUD mobile", "Allowance": "Queues"}, "is in two rows"),
        ({"Charge number": "PRPC-1 PRPC-2", "Allowance": "Queues"}, "more than one charge number"),
        ({"Charge name": "x" * 200, "Allowance": "Queues"}, "too long"),
        ({"Charge name": " \u00a0\n", "Allowance": "Queues"}, "has no charge"),
        ({"Charge name": "\u202exaF", "Allowance": "Queues"}, "invisible character"),
        ({"Charge number": "a\x00b", "Allowance": "Queues"}, "invisible character"),
        ({"Charge number": 42, "Allowance": 42}, "unknown allowance"),
        ({"Charge name": "Fax", "Allowance": "<b>Queues</b>"}, "unknown allowance"),
        ({"Charge name": "Fax", "Allowance": "Queues, IVRs"}, "unknown allowance"),
    ):
        assert says in said(edit(app, added_rows=[row])), row
        assert "Save the charge map" not in labels(app)
    with house.app.services.engine.connect() as connection:
        assert billing.list_charge_map(connection) == before


def test_odd_words_in_the_map_are_kept_as_text(house):
    app = house.open("admin", CHARGE_MAP.path)
    odd = ["<b>x</b> :red[y] $a$", "שלום", "Cafe\u0301 line", "=SUM(A1)"]
    app = edit(
        app, added_rows=[{"Charge name": f" {name.replace(' ', chr(10))}\t", "Allowance": "Queues"} for name in odd]
    )
    (effects,) = tables(app, "System")
    assert set(effects["What changes"]) == set(odd)
    app = ended(press(app, "Save the charge map"))
    with house.app.services.engine.connect() as connection:
        assert set(odd) <= {one.charge_name for one in billing.list_charge_map(connection)}


def test_only_an_admin_has_the_charge_map(house):
    with pytest.raises(ValueError, match="charge_map"):
        house.open("lead", CHARGE_MAP.path)


def test_an_account_that_uses_things_without_a_subscription_is_over(house):
    own = plain_accounts()[-1]
    with writing(house.app.services.engine) as connection:
        id_ = connection.execute(select(account.c.id).where(account.c.number == own.number)).scalar_one()
        for table in (pbx, phone_number):
            connection.execute(table.update().where(table.c.account_id == id_).values(subscription_id=None))
        for table in (allowance, subscription):
            connection.execute(delete(table).where(table.c.account_id == id_))
    app = opened(house, own.number)
    assert "This account has no billing subscription" in said(app)
    assert granted(app)[EXTENSIONS][2].endswith(" over")


def captions(app) -> str:
    return " ".join(one.value for one in app.caption).replace("\\", "")


def heads(app) -> str:
    return " ".join(one.value for one in app.markdown).replace("\\", "")


def on(monkeypatch, house, day):
    monkeypatch.setattr(type(house.app.services), "today", lambda _: day)


def test_a_subscription_that_is_cancelled_for_later_says_when_it_ends_and_counts_until_then(house, monkeypatch):
    own = demo("ends_later")
    ends = own.has.subscriptions[-1].ends
    users = own.has.subscriptions[0].allowances.get("cloud_mobiles", 0)
    on(monkeypatch, house, ends - timedelta(days=1))
    app = opened(house, own.number)
    assert f"ends {ends:%-d %b %Y}" in heads(app)
    assert granted(app)["Cloud mobiles"][0] == str(users + 2)
    # The same stored state, a day later.
    on(monkeypatch, house, ends)
    app = opened(house, own.number)
    assert f"ended {ends:%-d %b %Y}" in heads(app)
    assert "This subscription has ended and grants nothing." in captions(app)
    assert granted(app).get("Cloud mobiles", ("0",))[0] == str(users)


def test_a_change_that_is_ordered_for_later_is_shown_after_a_refresh(house, monkeypatch):
    own = demo("evergreen")
    day, _, count = own.has.subscriptions[-1].later
    on(monkeypatch, house, day - timedelta(days=30))
    app = opened(house, own.number)
    assert "with no end date" in captions(app)
    app = press(app, "Refresh allowances")
    assert f"from {day:%-d %b %Y}: Queues {count} instead of 5" in said(app)
    assert f"From {day:%-d %b %Y}: Queues {count} instead of 5." in captions(opened(house, own.number))
    on(monkeypatch, house, day)
    assert f"Zuora has a change from {day:%-d %b %Y}" in captions(opened(house, own.number))


def test_who_else_pays_is_named(house):
    payer, own = demo("payer"), demo("paid_for")
    assert f"Paid by {payer.number} - {payer.name}" in captions(opened(house, own.number))
    facts = tables(house.details(own.number), "Fact", "Hub", "Zuora")[0].set_index("Fact")
    assert facts.loc["Balance", "Zuora"] == f"0.00 AUD; {payer.number} - {payer.name} pays for it"
    assert "pays for it" not in tables(house.details(payer.number), "Fact", "Hub", "Zuora")[0].to_string()


def test_us_dollars_are_called_so(house):
    facts = tables(house.details(demo("dollars").number), "Fact", "Hub", "Zuora")[0].set_index("Fact")
    assert facts.loc["Balance", "Zuora"] == "96.50 USD"
