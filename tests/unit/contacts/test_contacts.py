import pytest

from lib.domain.contacts import (
    LABELS,
    LIMITS,
    Conflict,
    ContactRole,
    InvalidField,
    apply_edit,
    changed_fields,
    check_changes,
    check_field,
)

BILL, SOLD = ContactRole.BILL_TO, ContactRole.SOLD_TO


@pytest.mark.parametrize(
    ("field", "typed", "stored"),
    [
        ("work_email", "  bills@example.com\n", "bills@example.com"),
        ("work_phone", " 03  5550 0001 ", "03 5550 0001"),
        ("mobile_phone", "+61 491 570 006", "+61 491 570 006"),
        ("mobile_phone", "tel:+61491570006", "0491 570 006"),
        ("work_phone", "Ph: 0491\u2011570\u2011006", "0491 570 006"),
        ("home_phone", "\u200e0491\u2009570\u2009006\u200b", "0491 570 006"),
        ("work_email", "\u200bbills@example.com;\u00a0", "bills@example.com"),
        ("work_email", "mailto:bills@example.com", "bills@example.com"),
        ("first_name", "Zoe\u0308", "Zoë"),
        ("last_name", "<b>Lane</b> & :red[x]", "<b>Lane</b> & :red[x]"),
        ("address1", "12 High\nStreet", "12 High Street"),
        ("address2", "", ""),
        ("fax", "", ""),
    ],
)
def test_a_value_is_stored_without_extra_spaces(field, typed, stored):
    assert check_field(field, typed, BILL) == stored


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("work_email", "", "invoices are sent to it"),
        ("work_email", "bills", "no full domain"),
        ("work_email", "a@example.com, b@example.com", "more than one"),
        ("work_email", "a@example.com\nb@example.com", "more than one"),
        ("work_email", f"{'x' * 60}@{'y' * 20}.example.com", "at most 80"),
        ("personal_email", "Ada <ada@example.com>", "without a name"),
        ("work_phone", "O3 5550 0001", "contains a letter"),
        ("work_phone", "5550 0001", "not one dialable"),
        ("mobile_phone", "0491 570 006 / 0491 570 156", "not one dialable"),
        ("first_name", " ", "is empty"),
        ("last_name", "x" * 101, "101 characters"),
        ("city", "Rich\u202emond", "invisible character"),
        ("city", "Richmond 🌼", "emoji"),
        ("shoe_size", "9", "does not have this field"),
    ],
)
def test_a_bad_value_is_a_sentence(field, typed, says):
    with pytest.raises(InvalidField, match=says):
        check_field(field, typed, BILL)


def test_a_sold_to_contact_may_be_without_an_address_for_e_mail():
    assert check_field("work_email", "", SOLD) == ""


def test_every_field_has_a_limit_and_is_held_to_it():
    for field in set(LABELS) - {"work_email", "personal_email", "work_phone", "mobile_phone", "home_phone", "fax"}:
        assert check_field(field, "x" * LIMITS[field], SOLD)
        with pytest.raises(InvalidField):
            check_field(field, "x" * (LIMITS[field] + 1), SOLD)


def test_only_what_was_changed_is_sent():
    base = {"city": "Richmond", "state": "VIC", "fax": ""}
    assert changed_fields(base, {"city": "Richmond ", "state": "NSW", "fax": ""}) == {"state": "NSW"}


def test_valid_and_invalid_fields_are_separated():
    good, problems = check_changes({"city": " Carlton", "work_email": "x"}, BILL)
    assert good == {"city": "Carlton"}
    assert list(problems) == ["work_email"]


def test_a_field_that_somebody_else_changed_shows_both_values():
    edit = apply_edit({"city": "A", "state": "VIC"}, {"city": "B", "state": "NSW"}, {"city": "C", "state": "VIC"})
    assert edit.conflicts == (Conflict("city", "A", "B", "C"),)
    assert edit.after == {"state": "NSW"}


def test_a_field_that_has_the_wanted_value_needs_nothing():
    edit = apply_edit({"city": "A"}, {"city": "B"}, {"city": "B"})
    assert (edit.after, edit.conflicts) == ({}, ())
