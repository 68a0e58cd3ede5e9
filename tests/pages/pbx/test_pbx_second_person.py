"""Update name when a second person has to approve it, for both people."""

import pytest

from lib.standins.mail import MailStandin
from lib.store import pbxs
from tests.pages.conftest import press, rerun_until, said, tables

PATH = "pages/account/pbx.py"
START, APPROVE, ASK = "Update name to newly-named", "Approve this plan", "Ask a second person"


@pytest.fixture(scope="module")
def mail(tmp_path_factory):
    with MailStandin(tmp_path_factory.mktemp("mail")) as standin:
        yield standin


@pytest.fixture(scope="module")
def settings(mail):
    return {"four_eyes": True, "mail_host": mail.host, "mail_port": mail.port, "mail_security": "none"}


@pytest.fixture(scope="module")
def fits():
    return lambda one: len(one.has.pbxs) == 2 and all(pbx.users for pbx in one.has.pbxs)


def labels(app):
    return [button.label for button in app.button]


def stored(house, own):
    with house.app.services.engine.connect() as connection:
        return pbxs.list_pbxs(connection, own.number)


def looking(house, own, username, name=None, place=0):
    """Somebody who sees the plan for one of the PBXs; `name` replaces what the form begins with."""
    pbx = stored(house, own)[place]
    app = house.open(username, PATH, account=own.number)
    app = app.button(key=f"rename_{pbx.id}").click().run()
    if name is not None:
        app.text_input(key=f"new_group_name_{pbx.id}").set_value(name)
    return press(app, "Preview")


def confirmed(app, typed, label):
    app.text_input(key="rename_pbx_typed").set_value(typed)
    return press(app, label)


def asked(house, own):
    return press(looking(house, own, "lead", "asked-for"), ASK)


def test_one_asks_another_approves_and_only_then_it_runs(house, own):
    before = stored(house, own)
    app = confirmed(looking(house, own, "lead", "newly-named"), own.number, START)
    assert "a second person must approve exactly this plan" in said(app)
    app = press(looking(house, own, "lead", "newly-named"), ASK)
    assert "Ask a colleague with the same right" in said(app)
    app = looking(house, own, "lead")
    assert "Nobody has approved it yet." in said(app)
    assert not {APPROVE, ASK} & set(labels(app))
    assert "a second person must approve" in said(confirmed(app, own.number, START))
    second = looking(house, own, "admin")
    assert "asked for a second person at" in said(second)
    assert START not in labels(second)
    second = confirmed(second, "1", APPROVE)
    assert f"Type {own.number}" in said(second)
    assert APPROVE in labels(second)
    confirmed(second, own.number, APPROVE)
    assert stored(house, own) == before
    app = confirmed(looking(house, own, "lead"), own.number, START)
    rerun_until(app, lambda app: bool(tables(app, "Step", "Result")))
    assert [one.group_name for one in stored(house, own)] == ["newly-named", before[1].group_name]


def test_another_name_than_the_one_asked_for_is_not_approved(house, own):
    asked(house, own)
    second = looking(house, own, "admin", "something-else")
    assert "it cannot be approved" in said(second)
    assert not {APPROVE, "Update name to something-else"} & set(labels(second))
    second = press(second, "Show what was asked about")
    assert APPROVE in labels(second)
    app = confirmed(looking(house, own, "lead"), own.number, "Update name to asked-for")
    assert "a second person must approve" in said(app)


def test_what_is_asked_of_one_pbx_is_not_offered_at_the_other(house, own):
    asked(house, own)
    other = stored(house, own)[1]
    app = house.open("admin", PATH, account=own.number)
    app = app.button(key=f"rename_{other.id}").click().run()
    assert app.text_input(key=f"new_group_name_{other.id}").value == other.group_name
    second = looking(house, own, "admin", "third-name", place=1)
    assert APPROVE not in labels(second)
    assert ASK in labels(second)
