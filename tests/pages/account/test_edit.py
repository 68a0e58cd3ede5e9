import pytest
from sqlalchemy import func, select

from lib.store.schema import action_run
from tests.pages.conftest import demo, facts, press, rerun_until, said, sound, tables, the_one


def begin(house, number: str):
    return press(house.details(number), "Edit")


def type_name(app, name: str):
    app.text_input(key="new_name").set_value(name)
    return press(app, "Preview")


def plan(app) -> list[tuple[str, str, str]]:
    return [(row.System, row.Before, row.After) for frame in tables(app, "System") for row in frame.itertuples()]


def receipt(app):
    return tables(app, "Step", "Result")


def can_start(app) -> bool:
    return any((button.key or "").startswith("start_") for button in app.button)


def names(house, own) -> tuple[str, str]:
    """The name in the Hub and the one in Zuora."""
    return facts(house.details(own.number))["Name"]


def runs_of(house, own) -> int:
    with house.app.services.engine.connect() as connection:
        return connection.execute(select(func.count()).where(action_run.c.account == own.number)).scalar_one()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "The name is empty."),
        ("   ", "The name is empty."),
        ("x" * 256, "The name has 256 characters. Zuora accepts at most 255."),
        ("Banksia 🌼", "such as an emoji"),
        ("Bank\u200bsia", "invisible character (U+200B)"),
        ("---", "The name has no letter or digit."),
    ],
)
def test_a_bad_name_gives_a_sentence_and_changes_nothing(house, own, name, sentence):
    app = type_name(begin(house, own.number), name)
    assert sentence in said(app)
    assert not can_start(app)
    assert plan(app) == []
    assert names(house, own) == (own.name, own.name)
    assert runs_of(house, own) == 0


def test_the_same_name_is_nothing_to_do(house, own):
    app = type_name(begin(house, own.number), f" {own.name} ")
    assert f"The account is already called “{own.name}”, in the Hub and in Zuora." in said(app)
    assert not can_start(app)


def test_looking_at_the_plan_changes_nothing(house, own):
    app = type_name(begin(house, own.number), "Looked At Only")
    assert plan(app) == [("Zuora", own.name, "Looked At Only"), ("Hub", own.name, "Looked At Only")]
    assert can_start(app)
    assert names(house, own) == (own.name, own.name)
    assert runs_of(house, own) == 0


def test_a_rename_goes_from_plan_to_receipt(house, own):
    name = "<b>New</b> & :red[Sons] $a$"
    app = press(type_name(begin(house, own.number), name), "Rename account")
    rerun_until(app, receipt)
    assert [(row.Result, row.Before, row.After) for row in receipt(app)[0].itertuples()] == [
        ("Done · 1", own.name, name),
        ("Done · 1", own.name, name),
    ]
    assert facts(app)["Name"] == (name, name)
    assert not [field for field in app.text_input if field.key == "new_name"], "the dialog is gone"
    assert names(house, own) == (name, name)
    press(app, "Close")
    assert not receipt(app)
    assert "run" not in app.query_params


def test_a_receipt_can_be_linked_to(house, own):
    app = press(type_name(begin(house, own.number), "Linked Receipt"), "Rename account")
    rerun_until(app, receipt)
    assert receipt(house.details(own.number, "viewer", run=the_one(app.query_params["run"])))
    assert "There is no receipt" in said(house.details(own.number, run="rename-1-nothing"))


def test_a_run_that_stopped_locks_the_account_and_can_be_resumed_from_the_page(house, own):
    app = type_name(begin(house, own.number), "Stopped Half Way")
    house.fail("success_false", "PUT /v1/accounts", message="No <b>way</b>")
    press(app, "Rename account")
    rerun_until(app, lambda app: "stopped** after 0 of 2 steps" in said(app))
    assert names(house, own) == (own.name, own.name)

    second = press(type_name(begin(house, own.number), "Somebody Else"), "Rename account")
    assert "Nothing was done: Demo lead has an unfinished action on this account since" in said(second)
    assert runs_of(house, own) == 1

    watching = house.details(own.number, "viewer")
    assert "stopped** after 0 of 2 steps" in said(watching)
    assert "Resume from the failed step" not in [button.label for button in watching.button]

    house.zuora.state.faults.clear()
    rerun_until(press(app, "Resume from the failed step"), receipt)
    assert names(house, own) == ("Stopped Half Way", "Stopped Half Way")


def test_a_run_that_stopped_is_abandoned_only_with_a_reason(house, own):
    app = type_name(begin(house, own.number), "Never Mind")
    house.fail("success_false", "PUT /v1/accounts")
    press(app, "Rename account")
    rerun_until(app, lambda app: "stopped** after" in said(app))
    press(app, "Abandon this action")
    assert "Not abandoned: type a reason" in said(app)
    next(field for field in app.text_input if field.label == "Why").set_value("a typing error")
    press(app, "Abandon this action")
    assert "stopped** after" not in said(app)
    house.zuora.state.faults.clear()
    assert names(house, own) == (own.name, own.name)
    assert can_start(type_name(begin(house, own.number), "Free Again")), "the account is free again"


def test_zuora_down_blocks_the_plan(house, own):
    app = begin(house, own.number)
    house.fail("drop_before")
    type_name(app, "While Down")
    assert "Zuora could not be read, so nothing was changed." in said(app)
    assert not can_start(app)


def test_a_name_that_changed_since_the_dialog_opened_is_not_overwritten(house, own):
    first, second = begin(house, own.number), begin(house, own.number)
    rerun_until(press(type_name(first, "By The First"), "Rename account"), receipt)
    type_name(second, "By The Second")
    assert f"Demo lead renamed the account from “{own.name}” to “By The First”" in said(second)
    assert not can_start(second)
    assert names(house, own) == ("By The First", "By The First")


def test_a_fact_that_changed_since_the_plan_gives_a_new_plan(house, own):
    app = type_name(begin(house, own.number), "Planned Early")
    house.app.services.zuora.rename_account(own.zuora_id, "Meanwhile In Zuora", track="test")
    press(app, "Rename account")
    assert "“Meanwhile In Zuora”" in said(app)
    assert plan(app)[0] == ("Zuora", "Meanwhile In Zuora", "Planned Early")
    assert runs_of(house, own) == 0


def test_a_deactivated_account_is_offered_no_edit(house):
    """What the engine answers without the button is in `tests/unit/account/test_rename_decide.py`."""
    app = house.details(demo("deactivated").number)
    assert "Edit" not in {button.label for button in app.button}
    assert "Suspend" not in {button.label for button in app.button}


def test_an_account_cancelled_in_zuora_cannot_be_renamed(house):
    app = type_name(begin(house, demo("zuora_cancelled").number), "Too Late")
    assert "is cancelled in Zuora, which refuses any change to it." in said(app)
    assert not can_start(app)


def test_an_account_that_is_not_linked_is_renamed_in_the_hub_alone(house):
    own = demo("not_linked")
    app = type_name(begin(house, own.number), "Hub Only")
    assert plan(app) == [("Hub", own.name, "Hub Only")]
    rerun_until(press(app, "Rename account"), receipt)
    assert facts(sound(app.run()))["Name"] == ("Hub Only", "not linked")


def test_a_pinned_note_is_still_there_after_the_dialog_was_closed(house, own):
    def note(username="lead"):
        app = press(house.details(own.number, username), "Edit")
        app.segmented_control(key="edit_tab").set_value("Note")
        return sound(app.run())

    app = note()
    app.text_area(key="new_note").set_value("Payment plan")
    sound(app.run())
    assert note("admin").text_area(key="new_note").value == ""
    app = note()
    assert app.text_area(key="new_note").value == "Payment plan"
    app = press(app, "Preview")
    app.text_area(key="new_note").set_value("Payment plan until May")
    app = sound(app.run())
    assert not can_start(app), "what was shown is no longer what would happen"
    app = press(press(app, "Preview"), "Save the note")
    app = rerun_until(app, receipt)
    assert "Payment plan until May" in said(app)
    assert "is back" not in said(note())
