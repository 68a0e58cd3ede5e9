"""Refresh auth rules on the page: first the findings, then the button, then what was done to each number."""

from lib.domain.numbers import national
from lib.standins.sbc import Fault
from tests.pages.conftest import demo, press, rerun_until, said, tables


def opened(house, number, username="lead"):
    return press(house.details(number, username), "Refresh auth rules")


def findings(app) -> dict[str, str]:
    return {row.Number: row.Problem for frame in tables(app, "Number", "Problem") for row in frame.itertuples()}


def test_the_planted_account_is_found_and_fixed(house):
    account = demo("rules_wrong")
    app = opened(house, account.number)
    first = [national(number.e164) for number in account.has.numbers[:4]]
    assert findings(app) == {
        first[0]: "missing",
        first[1]: "wrong state",
        first[2]: "wrong trunk",
        first[3]: "wrong account",
        "(07) 7010 9999": "extra",
    }
    app = press(app, "Refresh 5 rules")
    app = rerun_until(app, lambda app: bool(tables(app, "Step", "Result")))
    (items,) = tables(app, "Item")
    told = dict(items.itertuples(index=False, name=None))
    assert told[first[0]] == "was missing, now created"
    assert told["(07) 7010 9999"].endswith("now removed")
    (receipt,) = tables(app, "Step", "Result")
    assert "All 12 rules are correct, read back." in set(receipt["What was done"])
    app = press(app, "Refresh auth rules")
    assert "All 12 rules are correct" in said(app)
    assert not [button for button in app.button if button.label.startswith("Refresh 1")]


def test_many_missing_rules_are_counted(house):
    app = opened(house, demo("five_thousand").number)
    assert set(findings(app).values()) == {"missing"}
    assert len(findings(app)) == 40
    app = press(app, "Refresh 40 rules")
    app = rerun_until(app, lambda app: bool(tables(app, "Step", "Result")))
    assert "All 5,000 rules" in said(press(app, "Refresh auth rules"))


def test_an_account_without_numbers_gets_a_verdict(house):
    assert "The account has no number" in said(opened(house, demo("no_numbers").number))


def test_an_sbc_that_does_not_answer_is_a_sentence(house):
    house.sbc.state.faults.add(Fault(match="", kind="unauthorized", times=None))
    app = opened(house, demo("parent").number)
    assert "The SBC could not be read, so its rules are not known." in said(app)
    assert "sign-in" in said(app)
    assert "token-of" not in said(app)


def test_billing_is_not_offered_it(house):
    app = house.details(demo("parent").number, "billing")
    assert "Refresh auth rules" not in [button.label for button in app.button]
