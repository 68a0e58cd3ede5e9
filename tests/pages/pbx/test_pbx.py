"""The PBX page."""

import pytest
from sqlalchemy import delete, insert, select, update

from lib.standins.mail import MailStandin
from lib.store import pbxs
from lib.store.engine import writing
from lib.store.schema import account, callflow, phone_user, queue_member
from lib.store.schema import pbx as pbx_table
from tests.pages.conftest import plain_accounts, press, rerun_until, said, shown_facts, sound, tables

PATH = "pages/account/pbx.py"
BIG = next(one for one in plain_accounts() if len(one.has.pbxs) == 2)
ODD = [
    ("", "is empty"),
    ("x" * 64, "at most 63"),
    ("42.5", "not “.”."),
    ("<b>x</b> :red[y]", "only letters a to z"),
    ("\u202eelttaw", "invisible character"),
    ("wa\u0301ttle", "only letters a to z"),
    ("wattle\nplumbing", "a space or a line break"),
    ("wattle;banksia", "not “;”."),
    ("-wattle-", "begins or ends with a hyphen"),
]


@pytest.fixture(scope="module")
def mail(tmp_path_factory):
    with MailStandin(tmp_path_factory.mktemp("mail")) as standin:
        yield standin


@pytest.fixture(scope="module")
def settings(mail):
    return {"mail_host": mail.host, "mail_port": mail.port, "mail_security": "none"}


@pytest.fixture(scope="module")
def fits():
    return lambda one: len(one.has.pbxs) == 1 and len(one.has.subscriptions) == 2


def opened(house, account, username="lead"):
    return house.open(username, PATH, account=account.number)


def labels(app) -> list[str]:
    return [button.label for button in app.button]


def stored(house, account):
    with house.app.services.engine.connect() as connection:
        return pbxs.list_pbxs(connection, account.number)


def extensions(app):
    return [row for frame in tables(app, "Extension") for row in frame.itertuples()]


def ended(app):
    return rerun_until(app, lambda app: bool(tables(app, "Step", "Result")))


def field(app, pbx):
    return app.text_input(key=f"new_group_name_{pbx.id}")


def show(app, name, pbx):
    field(app, pbx).set_value(name)
    return press(app, "Preview")


def billed_by(app):
    """The number of the PBX's billing subscription."""
    return dict(shown_facts(app))["Billing subscription"].partition(" ")[0]


def test_the_page_shows_each_pbx_with_its_extensions(house):
    app = opened(house, BIG)
    assert [one.value for one in app.subheader if "main" in one.value or "branch" in one.value]
    assert [value for label, value in shown_facts(app) if label == "Group name"] == [
        pbx.group_name for pbx in stored(house, BIG)
    ]
    wanted = sorted(f"{user.extension}@{pbx.group_name}" for pbx in BIG.has.pbxs for user in pbx.users)
    assert sorted(row.Login for row in extensions(app)) == wanted


def test_a_pbx_with_many_extensions_is_shown_in_parts_and_searched(house, own):
    (pbx,) = stored(house, own)
    with writing(house.app.services.engine) as connection:
        owner = connection.execute(select(account.c.id).where(account.c.number == own.number)).scalar_one()
        rows = [
            {
                "account_id": owner,
                "pbx_id": pbx.id,
                "extension": str(5000 + position),
                "display_name": f"Added {position}",
                "kind": "desk_phone",
                "login": f"{5000 + position}@{pbx.group_name}",
            }
            for position in range(60)
        ]
        connection.execute(insert(phone_user), rows)
    app = opened(house, own)
    assert len(extensions(app)) == 50
    assert len(extensions(press(app, "Later extensions"))) == 10 + len(own.has.pbxs[0].users)
    assert len(extensions(press(app, "Earlier extensions"))) == 50
    press(app, "Later extensions")
    # Another search starts at the top of its list.
    app = sound(app.text_input(key=f"extensions_{pbx.id}").set_value("added").run())
    assert extensions(app)[0].Extension == "5000"
    app = sound(app.text_input(key=f"extensions_{pbx.id}").set_value("added 59").run())
    assert [row.Extension for row in extensions(app)] == ["5059"]
    app = sound(app.text_input(key=f"extensions_{pbx.id}").set_value("<b>%\u202e").run())
    assert "No extension of this PBX matches." in [one.value for one in app.caption]


def test_the_billing_subscription_is_edited_and_taken_back(house, own):
    app = press(opened(house, own, "billing"), "Edit")
    (pbx,) = stored(house, own)
    other = next(one.number for one in own.has.subscriptions if one.number != pbx.subscription)
    app = sound(app.selectbox(key=f"pbx_subscription_{pbx.id}").set_value(other).run())
    app = press(app, "Preview")
    assert tuple(tables(app, "System")[0].iloc[0][["Before", "After"]]) == (pbx.subscription, other)
    app = ended(press(app, "Change billing subscription"))
    assert billed_by(app) == other
    app = press(press(app, "Undo"), "Undo it")
    rerun_until(app, lambda app: billed_by(app) == pbx.subscription)


def test_update_name_shows_the_logins_and_asks_for_the_number(house, own, mail):
    app = press(opened(house, own), "Update name")
    (pbx,) = stored(house, own)
    for typed, says in ODD:
        app = show(app, typed, pbx)
        assert says in said(app), typed
        assert not [one for one in labels(app) if one.startswith("Update name to")]
    app = show(app, " new-name-of-ours \n", pbx)
    frame = tables(app, "Extension", "Name", "Login now")[0]
    assert list(frame["New login"]) == [f"{user.extension}@new-name-of-ours" for user in own.has.pbxs[0].users]
    assert "sign in again" in said(app)
    app = press(app, "Update name to new-name-of-ours")
    assert f"Type {own.number}" in said(app)
    assert stored(house, own)[0].group_name == pbx.group_name
    app.text_input(key="rename_pbx_typed").set_value(own.number)
    app = press(app, "Update name to new-name-of-ours")
    app = ended(app)
    assert stored(house, own)[0].group_name == "new-name-of-ours"
    told = {one.recipients for one in mail.messages()}
    assert told == {(user.email,) for user in own.has.pbxs[0].users if user.email}


def test_extensions_are_shown_in_the_companys_words(house):
    app = opened(house, BIG)
    words = {"desk_phone": "Desk phone", "cloud_mobile": "Cloud mobile", "jet_phone": "Jet Phone"}
    wanted = {(user.extension, words[user.kind], user.email or "") for pbx in BIG.has.pbxs for user in pbx.users}
    assert {(row.Extension, row.Kind, row[5]) for row in extensions(app)} == wanted


def test_the_form_opens_at_the_pbx_whose_button_was_pressed(house):
    first, second = stored(house, BIG)
    app = opened(house, BIG)
    app = sound(app.button(key=f"rename_{second.id}").click().run())
    assert field(app, second).value == second.group_name
    assert f"new_group_name_{first.id}" not in {one.key for one in app.text_input}
    app = press(show(app, "never-used", second), "Close")
    assert f"new_group_name_{second.id}" not in {one.key for one in app.text_input}


def test_another_choice_than_the_one_shown_is_not_started(house, own):
    app = press(opened(house, own, "billing"), "Edit")
    (pbx,) = stored(house, own)
    other = next(one.number for one in own.has.subscriptions if one.number != pbx.subscription)
    app = sound(app.selectbox(key=f"pbx_subscription_{pbx.id}").set_value(other).run())
    app = press(app, "Preview")
    assert "Change billing subscription" in labels(app)
    app = sound(app.selectbox(key=f"pbx_subscription_{pbx.id}").select_index(2).run())
    assert "Change billing subscription" not in labels(app)
    assert tables(app, "System") == []
    app = press(app, "Preview")
    assert "nobody pays" in said(app)
    assert tuple(tables(app, "System")[0].iloc[0][["Before", "After"]]) == (pbx.subscription, "no subscription")


def test_a_change_by_a_colleague_while_the_form_is_open_is_shown(house, own):
    (pbx,) = stored(house, own)
    other = next(one.number for one in own.has.subscriptions if one.number != pbx.subscription)
    billing, renaming = press(opened(house, own), "Edit"), press(opened(house, own), "Update name")
    with writing(house.app.services.engine) as connection:
        pbxs.change_subscription(connection, own.number, pbx.id, before=pbx.subscription, after=None)
        pbxs.rename_group(connection, own.number, pbx.id, before=pbx.group_name, after="by-a-colleague")
    billing = sound(billing.selectbox(key=f"pbx_subscription_{pbx.id}").set_value(other).run())
    assert f"from {pbx.subscription} to no subscription" in said(press(billing, "Preview"))
    assert f"from “{pbx.group_name}” to “by-a-colleague” while" in said(show(renaming, "by-me", pbx))


def test_an_account_without_a_pbx_says_why(house, own):
    with writing(house.app.services.engine) as connection:
        owner = connection.execute(select(account.c.id).where(account.c.number == own.number)).scalar_one()
        connection.execute(delete(queue_member))
        connection.execute(update(callflow).values(target_phone_user_id=None))
        connection.execute(delete(phone_user).where(phone_user.c.account_id == owner))
    app = opened(house, own)
    assert "This PBX has no extensions." in [one.value for one in app.caption]
    house.change(own.number, status="deactivated")
    app = opened(house, own)
    assert not {"Edit", "Update name"} & {
        button.label for button in app.main.button if button.key.startswith(("billing_", "rename_"))
    }
    with writing(house.app.services.engine) as connection:
        connection.execute(delete(pbx_table).where(pbx_table.c.account_id == owner))
    assert "This account is deactivated; its PBXs were removed." in said(opened(house, own))
    house.change(own.number, status="active")
    assert "This account has no PBX." in said(opened(house, own))


def test_people_without_the_permission_have_no_button(house, own):
    for username in ("viewer", "customer"):
        app = opened(house, own, username)
        assert dict(shown_facts(app))["Group name"]
        assert not {"Edit", "Update name"} & set(labels(app))
    assert "Update name" not in labels(opened(house, own, "billing"))
