import csv
import io
from datetime import UTC, datetime

import pytest

from lib.domain.accounts import AccountStatus
from lib.domain.auth_rules import NumberState, NumberTruth
from lib.domain.emergency import FIELDS, EmergencyRecord, differing, notes_unseen, pull
from lib.domain.emergency_check import check
from lib.store.emergency import Version
from lib.ui.emergency.export import numbers_csv

GOOD = EmergencyRecord(
    usage="business",
    business_name="Banksia Bakery",
    contact_name="Ada Lane",
    contact_number="+61491570006",
    house_number="12",
    street_name="High",
    street_type="ST",
    locality="Richmond",
    state="VIC",
    postcode="3121",
)
CONTACT = {
    "first_name": "Ada",
    "last_name": "Lane",
    "work_phone": "0491 570 006",
    "address1": "Unit 3, 12A High Street",
    "city": "Richmond",
    "state": "Victoria",
    "postcode": "3121",
}


def findings(record=GOOD, own_numbers=(), **changes):
    changed = EmergencyRecord.model_validate(record.model_dump() | changes)
    return [(one.field, one.severity) for one in check(changed, own_numbers=own_numbers)]


def test_a_good_record_has_nothing_against_it():
    assert findings() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"state": "XX"}, ("state", "error")),
        ({"state": ""}, ("state", "error")),
        ({"state": "vic"}, ("state", "error")),
        ({"postcode": "312"}, ("postcode", "error")),
        ({"postcode": "31210"}, ("postcode", "error")),
        ({"postcode": "three"}, ("postcode", "error")),
        ({"postcode": "٣١٢١"}, ("postcode", "error")),
        ({"postcode": "2640"}, ("postcode", "warning")),
        ({"postcode": "8001"}, ("postcode", "error")),
        ({"street_name": "PO Box 12"}, ("street_name", "error")),
        ({"street_name": "G.P.O. Box 12"}, ("street_name", "error")),
        ({"location": "Locked Bag 7"}, ("location", "error")),
        ({"street_name": ""}, ("street_name", "error")),
        ({"street_name": "12 High"}, ("street_name", "error")),
        ({"street_name": "High/Low"}, ("street_name", "error")),
        ({"house_number": ""}, ("house_number", "warning")),
        ({"house_number": "12A"}, ("house_number", "error")),
        ({"business_name": " "}, ("business_name", "error")),
        ({"usage": "residential"}, ("surname", "error")),
        ({"usage": ""}, ("usage", "error")),
        ({"locality": ""}, ("locality", "error")),
        ({"contact_name": ""}, ("contact_name", "error")),
        ({"contact_number": ""}, ("contact_number", "error")),
        ({"contact_number": "12"}, ("contact_number", "error")),
        ({"contact_number": "O491 570 006"}, ("contact_number", "error")),
        ({"contact_number": "0491570006 0491570156"}, ("contact_number", "error")),
        ({"business_name": "Bank\u202esia"}, ("business_name", "error")),
    ],
)
def test_each_rule_finds_its_field(changes, expected):
    assert expected in findings(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"house_number": "", "property_name": "Wattle Downs"},
        {"house_number": "", "location": "Lot 7"},
        {"contact_number": "", "contact_name": "", "alternate_address": False},
        {"usage": "government", "business_name": ""},
        {"state": "NT", "postcode": "0870"},
        {"state": "ACT", "postcode": "2617"},
        {"business_name": "<b>Bold</b> & Söhne"},
    ],
)
def test_valid_details_have_no_findings(changes):
    assert findings(**changes) == []


@pytest.mark.parametrize(
    ("state", "postcode", "fits"),
    [
        ("NSW", "2000", True), ("NSW", "2599", True), ("NSW", "2600", False), ("NSW", "2619", True),
        ("NSW", "2900", False), ("NSW", "2921", True), ("ACT", "2920", True), ("ACT", "2921", False),
        ("VIC", "3999", True), ("VIC", "4000", False), ("QLD", "4999", True), ("SA", "5799", True),
        ("SA", "3000", False), ("WA", "6797", True), ("WA", "6798", False), ("TAS", "7799", True),
        ("NT", "0800", True), ("NT", "0799", False), ("NT", "0899", True),
    ],
)  # fmt: skip
def test_the_ranges_of_the_states(state, postcode, fits):
    assert (findings(state=state, postcode=postcode) == []) is fits


@pytest.mark.parametrize("postcode", ["1000", "1999", "0200", "5800", "6800", "7800", "0900", "9999"])
def test_postcodes_for_boxes_are_no_places(postcode):
    assert ("postcode", "error") in findings(postcode=postcode)


def test_the_contact_number_is_not_one_of_the_accounts_own_in_any_spelling():
    own = {"+61491570006"}
    assert findings(own_numbers=own, contact_number="0491 570 006") == [("contact_number", "error")]
    assert findings(own_numbers=own, contact_number="0491 570 156") == []


@pytest.mark.parametrize("field", FIELDS)
def test_no_field_is_wider_than_the_register_takes(field):
    assert (field, "error") in findings(**{field: "x" * (FIELDS[field][1] + 1)})


def test_a_pull_splits_the_address_and_fills_the_business_name():
    record, notes = pull(CONTACT, "Banksia Bakery", None)
    expected = {
        "business_name": "Banksia Bakery", "contact_name": "Ada Lane", "contact_number": "+61491570006",
        "building_type": "UNIT", "building_number": "3", "house_number": "12", "house_suffix": "A",
        "street_name": "High", "street_type": "ST", "locality": "Richmond", "state": "VIC", "postcode": "3121",
    }  # fmt: skip
    assert {field: value for field, value in record.model_dump().items() if value and value is not True} == {
        "usage": "business",
        **expected,
    }
    assert notes == []
    assert check(record) == []


def test_a_pull_leaves_no_old_value_and_keeps_what_zuora_does_not_know():
    full = EmergencyRecord(**dict.fromkeys(FIELDS, "1"), usage="government", listed=True, alternate_address=False)
    record, _ = pull({"address1": "5 The Esplanade"}, "", full)
    kept = {field for field in FIELDS if getattr(record, field)}
    assert kept == {"house_number", "street_name"}
    assert (record.usage, record.listed, record.alternate_address) == ("government", True, False)


def test_a_pull_keeps_lot_and_corner_in_the_location():
    record, notes = pull(CONTACT | {"address1": "Lots 3-4 Wattle St (cnr Banksia Rd)"}, "Banksia Bakery")
    assert (record.location, record.house_number) == ("Lots 3-4, Cnr Banksia Rd", "")
    assert (notes, check(record)) == ([], [])
    record, _ = pull(CONTACT | {"address1": "Lot 7 DP 12345 Wattle Rd opposite Bunnings"}, "Banksia Bakery")
    assert findings(record) == [("location", "error")]


def test_an_address_that_came_back_as_it_was_pulled_has_its_notes_again():
    contact = CONTACT | {"address2": "Blue gate"}
    pulled, notes = pull(contact, "Banksia Bakery")
    assert "Blue gate" in notes[0].text
    assert notes_unseen(pulled.model_copy(update={"contact_name": "Grace"}), GOOD, contact, "Banksia Bakery") == notes
    assert notes_unseen(pulled, None, contact, "Banksia Bakery") == notes
    # Somebody checked it when it was saved, or typed another address.
    assert notes_unseen(pulled, pulled, contact, "Banksia Bakery") == []
    assert notes_unseen(pulled.model_copy(update={"location": "Blue gate"}), GOOD, contact, "Banksia Bakery") == []


def test_a_customer_above_its_street_is_no_property():
    record, notes = pull(CONTACT | {"address1": "BANKSIA BAKERY", "address2": "12 High Street"}, "Banksia Bakery")
    assert (record.business_name, record.property_name, record.house_number, notes) == ("Banksia Bakery", "", "12", [])
    record, notes = pull(CONTACT | {"address1": "Ada's Flowers", "address2": "12 High Street"}, "Banksia Bakery")
    assert (record.property_name, [one.field for one in notes]) == ("Ada's Flowers", ["property_name"])


def test_a_place_abroad_is_said_to_be():
    _, notes = pull(CONTACT | {"country": "Australia"}, "Banksia Bakery")
    assert notes == []
    _, notes = pull(CONTACT | {"country": "New Zealand"}, "Banksia Bakery")
    assert "New Zealand" in notes[0].text


@pytest.mark.parametrize(
    ("lines", "place", "fields"),
    [
        ("12 High St, Carlton VIC 3053", ("Richmond", "VIC", "3121"), {"locality", "postcode"}),
        ("12 High St, Richmond NSW 3121", ("Richmond", "VIC", "3121"), {"state"}),
        ("12 High St", ("Richmond NSW 2000", "VIC", "3121"), {"state", "postcode"}),
        ("12 High St North Richmond", ("Richmond", "VIC", "3121"), {"locality"}),
        ("12 High St, Richmond, Victoria 3121, Australia", ("RICHMOND", "Vic.", "3121"), set()),
    ],
)
def test_lines_and_fields_that_contradict_each_other_are_reported(lines, place, fields):
    contact = {"address1": lines, "city": place[0], "state": place[1], "postcode": place[2]}
    _, notes = pull(CONTACT | contact, "Banksia Bakery")
    assert {one.field for one in notes if "has no field here" not in one.text} == fields


def test_a_pull_names_a_person_for_a_residential_service():
    record, _ = pull(CONTACT, "Ada Lane", GOOD.model_copy(update={"usage": "residential"}))
    assert (record.surname, record.given_names, record.business_name) == ("Lane", "Ada", "")


def test_a_pull_says_what_found_no_place():
    _, notes = pull({"address1": "C/- Ada", "address2": "PO Box 9, 12 High St"}, "Banksia", None)
    assert [one.severity for one in notes] == ["warning", "warning"]
    record, _ = pull({"address1": "PO Box 9"}, "Banksia", None)
    assert ("street_name", "error") in findings(record)


def test_a_record_of_an_older_program_is_read():
    record = EmergencyRecord.model_validate(
        {"house_number": 12, "surname": None, "unknown": 1, "street_name": " High "}
    )
    assert (record.house_number, record.surname, record.street_name) == ("12", "", "High")


def test_differences_name_the_fields():
    assert differing(GOOD, GOOD.model_copy(update={"state": "NSW", "listed": True})) == ["listed", "state"]


def test_the_list_by_number_has_a_line_each_and_no_formula():
    record = GOOD.model_copy(update={"business_name": "=1+1", "contact_name": "@Ada"})
    version = Version(version=2, record=record, saved_by="lee@example.com", saved_at=datetime(2026, 1, 2, tzinfo=UTC))
    owned = [
        NumberTruth(number, "1001", AccountStatus.ACTIVE, NumberState.IN_USE, "syd-1")
        for number in ("+61370100001", "+61491570006")
    ]
    rows = list(csv.DictReader(io.StringIO(numbers_csv(version, owned, "Australia/Melbourne"))))
    assert [row["Number"] for row in rows] == ["(03) 7010 0001", "0491 570 006"]
    assert (rows[0]["Business name"], rows[0]["Contact name"]) == ("'=1+1", "'@Ada")
    assert (rows[0]["Contact number"], rows[0]["Postcode"]) == ("0491 570 006", "3121")


def notes_of(**numbers):
    record, notes = pull(CONTACT | {"work_phone": "", **numbers}, "Banksia", own_numbers={"+61355501234"})
    return record.contact_number, [one.text for one in notes if one.field == "contact_number"]


def test_the_first_number_that_can_be_called_is_pulled_and_the_others_are_listed():
    number, (told,) = notes_of(work_phone="n/a", mobile_phone="0491\u2009570\u2009006", home_phone="0491 570 156")
    assert number == "+61491570006"
    assert told == (
        "Of the numbers in Zuora, the work phone “n/a” cannot be dialled; the mobile phone is used instead."
    )


def test_a_number_of_the_account_itself_is_passed_over():
    number, (told,) = notes_of(work_phone="(03) 5550 1234", home_phone="0491 570 156")
    assert number == "+61491570156"
    assert "is one of the account's own numbers; the home phone is used instead" in told


def test_where_none_can_be_called_the_first_stays_for_the_check_to_name():
    number, (told,) = notes_of(work_phone="03 5550 1234 ext 5", mobile_phone="TBA")
    assert number == "03 5550 1234 ext 5"
    assert told.endswith("there is no other number.")
    (error,) = check(GOOD.model_copy(update={"contact_number": number}))
    assert "extension" in error.text


def test_a_good_first_number_needs_no_note():
    assert notes_of(work_phone="Ph: 0491 570 006", mobile_phone="x") == ("+61491570006", [])


def test_a_contact_number_is_kept_in_one_spelling():
    assert EmergencyRecord(contact_number="\u200e0491\u2011570\u2011006").contact_number == "+61491570006"
    assert EmergencyRecord(contact_number="5550 1234").contact_number == "5550 1234"
