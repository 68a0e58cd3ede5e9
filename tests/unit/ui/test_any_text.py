"""Any text in a field gives a value that can be stored, or a sentence that can be shown."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lib.actions.billing.subscription import number_problem
from lib.domain.addresses import Address, split_address
from lib.domain.allowances import LABELS as ALLOWANCES
from lib.domain.allowances import InvalidMap, MapRow, check_map
from lib.domain.contacts import LABELS as CONTACT_FIELDS
from lib.domain.contacts import ContactRole, InvalidField, check_field
from lib.domain.emails import InvalidEmail, check_address
from lib.domain.emergency import FIELDS, EmergencyRecord, pull
from lib.domain.emergency_check import check
from lib.domain.names import InvalidName, check_name
from lib.domain.pbx import InvalidGroupName, check_group_name

MOST = 300
"""The longest sentence at a field: it does not repeat a whole pasted page."""
# What people paste, and stranger things.
PIECES = st.sampled_from([
    "a", "Z", "7", "٣", "é", "e\u0301", "\ufa6c", "ﬁ", "İ", "ſ", "ß", "א", "🌼", "\u202e", "\u200b", "\u00ad",
    "\ufeff", "\x00", "\x1b[31m", "\x85", "\u2028", "\n", "\r\n", "\t", " ", "\u00a0", "\u3000", "<b>", ":red[",
    "$", "'", "“", "-", ".", ",", ";", "@", "@example.com", "/", "+61", "0491570006", "SUB-1", "UNİT 3", "Level 2",
    "Lot 7", "PO Box 9", "12-14", "High Street", "Cnr", "(", "VIC 3121", "C/- ",
])  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80) | st.lists(PIECES, max_size=12).map("".join)
LONG = TEXTS | st.builds(lambda text, count: text * count, TEXTS, st.integers(50, 400))


def assert_sentence(text):
    assert text.endswith("."), text
    assert len(text) <= MOST, f"{len(text)} characters: {text[:100]}"
    unseen = [f"U+{ord(sign):04X}" for sign in text if not sign.isprintable()]
    assert unseen == [], text


@given(LONG)
@example("\ufa6c")
def test_a_name(text):
    try:
        name = check_name(text)
    except InvalidName as invalid:
        assert_sentence(str(invalid))
    else:
        assert check_name(name) == name


@given(LONG | st.emails())
@example("0@0.\ufa6c")
def test_an_address_for_e_mail(text):
    try:
        address = check_address(text)
    except InvalidEmail as invalid:
        assert_sentence(str(invalid))
    else:
        assert check_address(address) == address


@given(st.sampled_from(sorted(CONTACT_FIELDS)), st.sampled_from(ContactRole), LONG)
@example("work_phone", ContactRole.BILL_TO, "0491 570 006, " * 100)
@example("mobile_phone", ContactRole.BILL_TO, "x" * 10_000)
@example("city", ContactRole.BILL_TO, "\ufa6c")
def test_a_field_of_a_contact(field, role, text):
    try:
        value = check_field(field, text, role)
    except InvalidField as invalid:
        assert_sentence(str(invalid))
    else:
        assert check_field(field, value, role) == value
        assert value == unicodedata.normalize("NFC", value)


@given(LONG)
@example("a!")
def test_a_group_name(text):
    try:
        name = check_group_name(text)
    except InvalidGroupName as invalid:
        for problem in invalid.problems:
            assert_sentence(problem)
    else:
        assert check_group_name(name) == name


@given(LONG)
@example("SUB-1\u202e SUB-2")
def test_a_subscription_number(text):
    if problem := number_problem(text):
        assert_sentence(problem)
    else:
        assert text.isascii()
        assert 1 <= len(text) <= 100


@given(LONG, LONG, st.sampled_from(sorted(ALLOWANCES)) | TEXTS)
@example("1 " * 500, "", "queues")
@example("1 \u202e", "", "queues")
def test_a_row_of_the_charge_map(number, name, kind):
    try:
        rows = check_map([MapRow(number or None, name or None, kind)])
    except InvalidMap as invalid:
        assert_sentence(str(invalid))
    else:
        assert check_map(rows) == rows


@given(st.sampled_from(sorted(FIELDS)), LONG)
@example("contact_number", "0491 570 006, " * 100)
@example("contact_number", "0491\u202e570 006")
@example("house_number", "١٢")
def test_a_field_of_the_emergency_details(field, text):
    record = EmergencyRecord(**{field: text})
    assert EmergencyRecord.model_validate(record.model_dump()) == record
    findings = check(record)
    for one in findings:
        assert_sentence(one.text)
    value = getattr(record, field)
    if field not in {one.field for one in findings if one.severity == "error"}:
        assert value.isprintable()
        assert len(value) <= FIELDS[field][1]
        if field.startswith("house_number"):
            assert value.isascii()


@given(
    st.dictionaries(st.sampled_from(["address1", "address2", "city", "state", "postcode", "work_phone"]), LONG), LONG
)
@example({"address1": "UNİT 3, 12 High Street"}, "")
@example({"address1": "BASEMENT KİOSK 4, MEZZANİNE"}, "")
@example({"address1": "C/- " + "x" * 2_000}, "")
@example({"address1": "C/- a\u202eb"}, "")
def test_a_contact_that_is_pulled(contact, customer):
    record, notes = pull(contact, customer)
    for one in (*notes, *check(record)):
        assert_sentence(one.text)


@given(LONG, TEXTS, TEXTS, TEXTS)
def test_an_address_that_is_split(line, locality, state, postcode):
    address = split_address(line, locality=locality, state=state, postcode=postcode)
    assert isinstance(address, Address)
    # However the address was read, no plain word is lost without a finding.
    if line.isascii() and line.isalpha():
        assert line.casefold() in "".join(vars(address).values()).casefold()


@pytest.mark.parametrize("text", ["", "x", "x" * MOST])
def test_what_is_no_sentence_is_noticed(text):
    with pytest.raises(AssertionError):
        assert_sentence(text)
