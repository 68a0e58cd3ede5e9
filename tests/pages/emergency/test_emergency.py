"""Emergency details on the page: pull, findings at their fields, save, earlier versions."""

import pytest

from lib.domain.emergency import FIELDS
from lib.store import emergency, numbers
from lib.ui.emergency.export import details_csv
from lib.ui.navigation import EMERGENCY
from tests.pages.conftest import plain_accounts, press, rerun_until, said, sound, tables, the_one


@pytest.fixture(scope="module")
def fits():
    return lambda one: one.has.emergency and one.has.numbers


def opened(house, own, username="lead"):
    return house.open(username, EMERGENCY.path, account=own.number)


def form(house, own):
    return press(opened(house, own), "Contact Form")


def field(app, own, name):
    return app.text_input(key=f"emergency_{name}_{own.number}")


def retype(app, own, name, text):
    field(app, own, name).set_value(text)
    return sound(app.run())


def beside(app):
    (frame,) = [one for one in tables(app, "Field", "Saved here") if "Will be saved" in one.columns]
    return {row.Field: tuple(row)[2:5] for row in frame.itertuples()}


def save_button(app):
    return next(button for button in app.button if button.label == "Save")


def caption(app):
    return "\n".join(one.value for one in app.caption).replace("\\", "")


def test_the_saved_details_and_their_age(house, own):
    app = opened(house, own, "viewer")
    (frame,) = tables(app, "Field", "Saved here")
    assert dict(frame.itertuples(index=False))["Street name"] == own.sold_to.street_name
    assert f"Version {len(own.has.emergency)}, saved" in caption(app)
    assert not {"Contact Form", "Save", "Pull From Zuora"} & {button.label for button in app.button}


def test_the_article_change_in_zuora_pull_and_save(house, own):
    house.app.services.zuora.update_contact(
        own.sold_to.id, {"address1": "Unit 4, 21B STATION ROAD", "city": "CARLTON"}, track="test"
    )
    app = press(form(house, own), "Pull From Zuora")
    shown = beside(app)
    assert shown["Building number"] == ("", "4", "4")
    assert shown["House number"][1:] == ("21", "21")
    assert (field(app, own, "house_suffix").value, field(app, own, "street_type").value) == ("B", "RD")
    assert field(app, own, "business_name").value == own.name
    app = rerun_until(press(app, "Save"), lambda app: bool(tables(app, "Step", "Result")))
    assert "saved today" in caption(app)
    (frame,) = [one for one in tables(app, "Field", "Saved here") if "Will be saved" not in one.columns]
    assert dict(frame.itertuples(index=False))["Suburb or town"] == "Carlton"
    (history,) = tables(app, "Version")
    assert "Building number: empty → 4" in history.iloc[0]["What changed"]
    assert history.iloc[0]["By"] == "lead@demo.example"


def test_a_pull_leaves_nothing_stale(house, own):
    app = retype(form(house, own), own, "property_name", "Old Mill")
    app = press(retype(app, own, "street_suffix", "N"), "Pull From Zuora")
    assert (field(app, own, "property_name").value, field(app, own, "street_suffix").value) == ("", "")


def in_zuora(app):
    (frame,) = tables(app, "Address in Zuora")
    return dict(frame.itertuples(index=False))


def odd_address(house, own, **changes):
    """The Sold To contact with an address that leaves something over."""
    contact = {"address1": "Lots 3-4 Wattle St, behind Bunnings", "address2": "Blue gate", "city": "CARLTON"}
    house.app.services.zuora.update_contact(own.sold_to.id, contact | changes, track="test")
    return press(form(house, own), "Pull From Zuora")


def accept(app):
    (box,) = [one for one in app.checkbox if "compared the form" in one.label]
    return box


def test_the_address_is_shown_as_zuora_has_it(house, own):
    app = form(house, own)
    street = f"{own.sold_to.house_number} {own.sold_to.street_name}"
    assert in_zuora(app)["Address line 1"].startswith(street)
    app = odd_address(house, own)
    shown = {label: text.replace("\\", "") for label, text in in_zuora(app).items()}
    assert shown["Address line 1"] == "Lots 3-4 Wattle St, behind Bunnings"
    assert (shown["Address line 2"], shown["Suburb or town"], shown["Country"]) == ("Blue gate", "CARLTON", "Australia")
    assert "Blue gate" in shown["Has no field here"]


def test_what_a_pull_left_over_stops_a_silent_save(house, own):
    app = odd_address(house, own)
    assert (field(app, own, "location").value, field(app, own, "house_number").value) == (
        "Lots 3-4, behind Bunnings",
        "",
    )
    assert "“Blue gate” of the address in Zuora has no field here." in said(app)
    assert save_button(app).disabled
    app = retype(app, own, "contact_name", "Grace Lane")
    assert "“Blue gate” of the address in Zuora has no field here." in said(app)
    assert save_button(app).disabled
    accept(app).check()
    app = sound(app.run())
    app = rerun_until(press(app, "Save"), lambda app: bool(tables(app, "Step", "Result")))
    (frame,) = tables(app, "Field", "Saved here")
    assert dict(frame.itertuples(index=False))["Location or lot"] == "Lots 3-4, behind Bunnings"


def test_what_was_accepted_holds_for_one_pull_only(house, own):
    app = odd_address(house, own)
    accept(app).check()
    app = sound(app.run())
    assert not save_button(app).disabled
    house.app.services.zuora.update_contact(own.sold_to.id, {"address2": "Red gate"}, track="test")
    app = press(app, "Pull From Zuora")
    assert "“Red gate”" in said(app)
    assert not accept(app).value
    assert save_button(app).disabled
    house.app.services.zuora.update_contact(own.sold_to.id, {"address1": "12 Wattle St", "address2": ""}, track="test")
    app = press(app, "Pull From Zuora")
    assert not [one for one in app.checkbox if "compared the form" in one.label]
    assert not save_button(app).disabled


def test_an_address_typed_as_it_would_be_pulled_has_the_same_notes(house, own):
    pulled = odd_address(house, own)
    values = {name: field(pulled, own, name).value for name in FIELDS}
    # Another day: the pull is no longer kept as a draft.
    app = press(form(house, own), "Discard")
    assert "has no field here" not in said(app)
    for name, value in values.items():
        field(app, own, name).set_value(value)
    app = sound(app.run())
    assert "“Blue gate” of the address in Zuora has no field here." in said(app)
    assert save_button(app).disabled


def test_every_finding_is_at_its_field(house, own):
    app = retype(odd_address(house, own), own, "street_name", "12 Wattle " + "x" * 30)
    assert "digit or a slash" in said(app)
    assert "The register accepts at most 25" in said(app)
    assert "has no field here" in said(app)


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("street_name", "PO Box 12", "not a service address"),
        ("street_name", "", "street name is missing"),
        ("street_name", "High 12", "digit or a slash"),
        ("state", "Victoria", "The state must be one of"),
        ("postcode", "80\n00", "four digits"),
        ("business_name", "x" * 161, "161 characters"),
        ("business_name", "a\u202eb", "invisible character"),
        ("contact_number", "0491 570 006, 0491 570 156", "not one dialable"),
    ],
)
def test_an_error_is_at_its_field_and_nothing_can_be_saved(house, name, typed, sentence):
    own = plain_accounts()[-1]
    app = retype(form(house, own), own, name, typed)
    assert sentence in said(app)
    assert save_button(app).disabled
    assert field(app, own, name).value == typed


def test_nonsense_in_every_field_gives_a_sentence_at_each(house, own):
    def versions():
        with house.app.services.engine.connect() as connection:
            return emergency.list_versions(connection, own.number)

    before = versions()
    app = form(house, own)
    # These have their own rule, whose sentence is at the field.
    others = [FIELDS[name] for name in FIELDS.keys() - {"state", "postcode", "house_number", "house_number_2"}]
    ruled = {"The state must be one of", "four digits", "has only digits"}
    for typed, says in (
        (
            "x" * 5_000,
            ruled | {f"{label} has 5000 characters. The register accepts at most {width}." for label, width in others},
        ),
        ("a\u202eb", ruled | {f"{label} contains an invisible character. Type it instead" for label, _ in others}),
        ("a\x00b", ruled | {f"{label} contains an invisible character. Type it instead" for label, _ in others}),
        (" \u00a0\n\t", {"Type the name of the business", "name is missing", "town is missing", "four digits"}),
        ("<b>x</b>", ruled | {"contains a digit or a slash", "contains a letter"}),
        ("e\u0301\n12, 14", ruled | {"contains a digit or a slash", "contains a letter"}),
        ("42", {"contains a digit or a slash", "The state must be one of", "four digits", "not one dialable"}),
    ):
        for name in FIELDS:
            field(app, own, name).set_value(typed)
        app = sound(app.run())
        assert {one for one in says if one not in said(app)} == set(), typed
        assert save_button(app).disabled
        assert {field(app, own, name).value for name in FIELDS} == {typed}
    assert versions() == before


def test_markup_is_kept_as_text(house, own):
    app = retype(form(house, own), own, "business_name", "<b>x</b> :red[y] $a$ e\u0301")
    app = rerun_until(press(app, "Save"), lambda app: bool(tables(app, "Step", "Result")))
    (frame,) = tables(app, "Field", "Saved here")
    assert dict(frame.itertuples(index=False))["Business name"] == "<b>x</b> :red[y] $a$ é"


def test_a_colleagues_version_is_shown(house, own):
    app = retype(form(house, own), own, "house_number", "77")
    theirs = retype(form(house, own), own, "house_number", "78")
    rerun_until(press(theirs, "Save"), lambda app: bool(tables(app, "Step", "Result")))
    app = press(app, "Save")
    assert "lead@demo.example has saved version" in said(app)
    app = press(press(app, "Close the form"), "Contact Form")
    assert field(app, own, "house_number").value == "78"


def test_zuora_away_leaves_the_form_as_it_was(house, own):
    app = retype(form(house, own), own, "house_number", "77")
    house.fail("html504")
    app = press(app, "Pull From Zuora")
    assert "The form was not changed." in said(app)
    assert field(app, own, "house_number").value == "77"


def test_a_download_checks_the_permission_when_it_is_made(house, own):
    with house.app.services.engine.connect() as connection:
        latest = emergency.latest_version(connection, own.number)
        owned = numbers.truths_of_account(connection, own.number)
    file = details_csv(house.at(own.number, "billing"), latest).decode("utf-8-sig")
    assert len(file.splitlines()) == 1 + len(owned)
    for username in ("viewer", "nobody"):
        with pytest.raises(PermissionError):
            details_csv(house.at(own.number, username), latest)


def test_billing_may_download_and_not_edit(house, own):
    app = opened(house, own, "billing")
    assert [button.label for button in app.get("download_button")] == ["Download by number"]
    assert "Contact Form" not in [button.label for button in app.button]
    assert not opened(house, own, "viewer").get("download_button")


def test_what_was_typed_and_pulled_is_back_in_another_session(house, own):
    house.app.services.zuora.update_contact(own.sold_to.id, {"address1": "Near the old mill"}, track="test")
    app = press(form(house, own), "Pull From Zuora")
    told = said(app)
    assert told
    again = opened(house, own)
    assert "and did not save it. Contact Form opens it again." in said(again)
    again = press(again, "Contact Form")
    assert "is back. It is not saved yet." in said(again)
    assert set(told.splitlines()) <= set(said(again).splitlines()), "what the pull could not place is still said"
    app = retype(again, own, "house_number", "77")
    # The address says that the form is open, so it is open again after a restart.
    assert the_one(app.query_params["form"]) == "emergency_form"
    app = house.open("lead", EMERGENCY.path, account=own.number, form="emergency_form")
    assert field(app, own, "house_number").value == "77"
    other = house.open("admin", EMERGENCY.path, account=own.number)
    assert "did not save it" not in said(other)
    app = press(app, "Discard")
    assert field(app, own, "street_name").value == own.sold_to.street_name
    app = press(app, "Close the form")
    assert "form" not in app.query_params
    assert "did not save it" not in said(opened(house, own))


def test_a_saved_form_leaves_no_draft(house, own):
    app = retype(form(house, own), own, "house_number", "77")
    rerun_until(press(app, "Save"), lambda app: bool(tables(app, "Step", "Result")))
    assert "did not save it" not in said(opened(house, own))
    assert field(form(house, own), own, "house_number").value == "77"


def test_a_draft_says_that_somebody_saved_since(house, own):
    retype(form(house, own), own, "house_number", "77")
    theirs = retype(
        press(house.open("admin", EMERGENCY.path, account=own.number), "Contact Form"), own, "postcode", "3001"
    )
    rerun_until(press(theirs, "Save"), lambda app: bool(tables(app, "Step", "Result")))
    app = form(house, own)
    assert field(app, own, "house_number").value == "77"
    assert "saved version" in said(app)
    assert "saved version" in said(press(app, "Save"))


def test_a_click_on_a_form_of_the_session_before_saves_nothing_and_says_so(house, own):
    app = retype(form(house, own), own, "house_number", "77")
    del app.session_state["emergency_form"]
    app = press(app, "Save")
    assert "Nothing was saved: the page was loaded again." in said(app)
    assert field(app, own, "house_number").value == "77"
    rerun_until(press(app, "Save"), lambda app: bool(tables(app, "Step", "Result")))
