"""In any text, no word of an address is lost, used twice or guessed without a finding."""

import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lib.domain.addresses import LONGEST, Address, split_address
from lib.domain.addresses import words as address_words
from lib.domain.addresses.street import street_types
from lib.domain.addresses.tokens import tidy
from lib.domain.emergency import pull
from lib.domain.emergency_check import check

untimed = settings(max_examples=200, deadline=None)

# What people write, in several spellings.
UNITS = st.sampled_from([
    "Unit 3", "U3", "3/", "Shop T52-55", "Suite A & B", "Apt. 1203", "Flat 2A/", "#12/", "Units 1-14", "Shp1/", "A/",
    "Suite 4.02", "PH1/", "Unit", "Factory No. 4", "T/House 7", "Suite One",
])  # fmt: skip
FLOORS = st.sampled_from([
    "Level 3", "L3", "Lev 3", "1st Floor", "First Floor -", "Ground Floor", "Level G", "Level B1", "Levels 3 & 4",
    "Basement", "Mezzanine Level", "Level 10-12", "Fl 2", "Upper Ground",
])  # fmt: skip
LOTS = st.sampled_from(["Lot 7A", "Lots 3-4", "Lots 3, 4 & 5", "Lot 12/", "Lot 7 DP 12345", "Lot 3-4"])
BOXES = st.sampled_from(
    ["PO Box 12", "P.O. BOX A123", "RMB 1234", "Locked Bag 4", "Parcel Locker 10104 92938", "GPO Box"]
)
PEOPLE = st.sampled_from(["C/- Ada Lane", "Attn: Accounts", "Care of Jo", "Banksia Bakery Pty Ltd", "Ada Lane"])
NAMES = st.sampled_from([
    "Wattle Downs", "Westfield Plaza", "Tower B", "Building 7", "Pier 35", "Gate 3", "Rear of", "'Emerald'",
    "Batchelor Institute",
])  # fmt: skip
NUMBERS = st.sampled_from([
    "12", "12A", "12 A", "12-14", "12–14A", "12 to 14", "No. 12", "5 100", "12½", "12 1/2", "12, 14 & 16", "12A-C",
    "１２", "2 3/32", "14-12", "",
])  # fmt: skip
STREETS = st.builds(
    " ".join,
    st.tuples(
        st.sampled_from(
            ["Wattle", "St Kilda", "The", "Avenue", "Mt Gravatt-Capalaba", "O'Connell", "1st", "Forest Glen"]
        ),
        st.sampled_from(["", *(" ".join(words) for words in street_types.TYPES)]),
        st.sampled_from(["", "", "North", "N.E.", "Extension", "(South)", "West Lower"]),
    ),
)
BEHIND = st.sampled_from([
    "via Gympie", "rear", "near the silo", "cnr Banksia Rd", "(Cnr of Banksia & Acacia Sts)", "& 14 Banksia St", "???",
    "turn left", "opp. Town Hall", "Richmond VIC 3121", "Carlton, N.S.W. 2000", "Victoria, Australia", "3121", "🌼",
])  # fmt: skip
PIECES = UNITS | FLOORS | LOTS | BOXES | PEOPLE | NAMES | NUMBERS | STREETS | BEHIND
COMPOSED = st.lists(st.tuples(PIECES, st.sampled_from([" ", ", ", "\n", " - ", "; ", " / "])), max_size=9).map(
    lambda pairs: "".join(piece + between for piece, between in pairs)
)
RANDOM = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
WORDS = st.lists(
    st.sampled_from(
        sorted({*street_types.STREET_TYPES, *address_words.UNITS, *address_words.CONNECTORS, "1", "22", "&", "/"})
    ),
    max_size=12,
).map(" ".join)
TEXTS = COMPOSED | RANDOM | WORDS
PLACES = st.sampled_from([
    ("", "", ""), ("Richmond", "VIC", "3121"), ("Darwin, NT 0800", "", ""), ("St Kilda", "Victoria, Australia", "3182"),
    ("Broadway", "NSW", "2007"), ("Lane Cove", "AU-NSW", "2066"),
])  # fmt: skip

LABELS = {
    *address_words.UNITS, *address_words.FLOORS, *address_words.FLOOR_WORDS, *address_words.LOTS, "PLAN",
    *(word for words in address_words.BARE_FLOORS for word in words), *address_words.CORNERS, "BETWEEN", "WITH",
    *address_words.NUMBER_LABELS, *address_words.CONNECTORS, *address_words.ORDINALS, *address_words.CARDINALS,
    *(word.upper() for word in address_words.ORDINALS), *street_types.SUFFIXES, *street_types.PLURALS,
    *(word for words in street_types.TYPES for word in words), "STRATA", "CAR", "SPACE", "BOAT", "GRANNY", "TOWN",
    "T", "H",     *address_words.COUNTRIES,
}  # fmt: skip
"""Words that say what a part is, or stand for its code, and so need not stand in it as they are written."""


def letters(text):
    return "".join(character for character in text.casefold() if character.isalnum())


def read(text, place=("", "", "")):
    return split_address(text, locality=place[0], state=place[1], postcode=place[2])


@untimed
@given(TEXTS, PLACES)
@example("Lots 3-4 Wattle St", ("", "", ""))
@example("12A-C Wattle St", ("Richmond", "VIC", "3121"))
def test_every_token_is_read_once_and_in_order(text, place):
    address = read(text, place)
    assert letters("".join(token for token, _ in address.reading)) == letters(tidy(text)[0])
    assert {field for _, field in address.reading} <= {*vars(address), "country"}


@untimed
@given(TEXTS, PLACES)
def test_a_token_stands_in_the_part_it_was_read_for(text, place):
    address = read(text, place)
    parts = vars(address)
    for token, field in address.reading:
        if field == "country" or token.upper() in LABELS:
            continue
        value = letters(parts[field])
        known = field in {"locality", "state", "postcode"} and place != ("", "", "")
        ordinal = any(character.isdigit() for character in token) and field in {"street_name", "floor_number"}
        assert letters(token) in value or known or ordinal or field == "state", (token, field, parts[field])


@untimed
@given(TEXTS, PLACES)
def test_a_part_holds_nothing_that_was_not_read_for_it(text, place):
    address = read(text, place)
    for field in ("left_over", "property_name", "business_name", "postal", "house_number", "house_number_2"):
        mine = letters("".join(token for token, owner in address.reading if owner == field))
        there = letters(getattr(address, field))
        # One of several buildings may come after the name of the property, although it was before it in the text.
        assert sorted(there) == sorted(mine) or mine.endswith(there) or mine.startswith("no"), (field, mine, there)


@untimed
@given(TEXTS, PLACES)
def test_what_is_left_over_has_a_finding_and_reaches_whoever_pulls_it(text, place):
    address = read(text, place)
    if any(field == "left_over" for _, field in address.reading) or address.left_over:
        assert address.left_over
        assert [one for one in address.findings if "has no field here" in one.text]
    contact = {"address1": text, "city": place[0], "state": place[1], "postcode": place[2]}
    assert set(address.findings) <= set(pull(contact, "Banksia")[1])


PLAIN = [
    "12 Wattle St", "Unit 3, 12A-14 Wattle Rd North", "Level 3, 120 Wattle St", "Lot 7 Wattle Road",
    "Shop 4/12 High St", "5 The Esplanade",
    "Wattle Downs, 1520 Princes Highway", "Cnr Wattle & Banksia Sts", "12 Wattle St, Richmond VIC 3121",
]  # fmt: skip


@untimed
@given(st.sampled_from(PLAIN), st.integers(0, 8), st.sampled_from(["zzyx", "777777777", "🌼", "zzyx 7 zzyx", "¾", "Q"]))
def test_a_word_without_a_meaning_always_gives_a_finding(text, position, odd):
    """Wherever it is: it is in the name of the street, or there is a finding."""
    words = text.split()
    words.insert(position, odd)
    contact = {"address1": " ".join(words), "city": "Richmond", "state": "VIC", "postcode": "3121"}
    record, notes = pull(contact | {"work_phone": "0491 570 006", "last_name": "Lane"}, "Banksia")
    named = letters(record.street_name + record.location + record.property_name)
    assert notes or check(record) or (letters(odd) and letters(odd) in named) or odd == "Q"


@untimed
@given(TEXTS)
def test_a_text_that_was_read_reads_the_same_again(text):
    assert read(text) == read(text)
    assert read(tidy(text)[0]) == read(text)


@pytest.mark.parametrize(
    "piece",
    ["1-", "1/", "St ", "(", "Unit ", "12 ", "a ", "& ", "Cnr ", "Cnr & ", "Lot 1,", "Lots 1,", "near ", "N. ",
     "1 St, ", "rear of ", "A/1", "PO ", "Road Park ", "1", "x", "'", "\u0301", "½", "Level ", "1st "],
)  # fmt: skip
def test_the_work_grows_with_the_text_and_no_faster(piece):
    def work(text):
        calls = 0

        def count(frame, event, argument):
            nonlocal calls
            calls += event in ("call", "c_call")

        sys.setprofile(count)
        try:
            split_address(text)
        finally:
            sys.setprofile(None)
        return calls

    assert work((piece * LONGEST)[:LONGEST]) < 400 * LONGEST
    # A whole pasted page is left over, with its spaces tidied; nothing of it is parsed.
    assert work((piece * 10_000)[:10_000]) < 30 * 10_000


def test_a_text_that_is_too_long_is_left_over_as_a_whole_and_said_to_be():
    text = "12 Wattle St, " + "x" * LONGEST
    address = split_address(text, locality="Richmond", state="VIC", postcode="3121")
    assert address == Address(locality="Richmond", state="VIC", postcode="3121", left_over=text)
    assert "so it was not read" in address.findings[0].text


@pytest.mark.parametrize("words", street_types.TYPES, ids=" ".join)
def test_every_type_of_street_is_known(words):
    code, _ = street_types.TYPES[words]
    spelled = "-".join(words) if words[0] == "CUL" else " ".join(words)
    address = read(f"12 Banksia {spelled.capitalize()}", ("Richmond", "VIC", "3121"))
    assert (address.house_number, address.street_name, address.street_type) == ("12", "Banksia", code)
    assert address.left_over == ""
    if code not in {"EXTN", "FLAT", "FLTS", "GRND", "LT", "LWR", "MT", "TWRS", "UPR", "VLL", "VLLS"}:
        assert address.findings == ()


def test_the_list_of_types_is_the_whole_one_and_fits_the_register():
    codes = {code for code, _ in street_types.TYPES.values()}
    assert len(codes) > 280
    assert [code for code in codes if len(code) > 8] == ["BROADWALK"]
    assert max(len(code) for code in street_types.SUFFIXES.values()) <= 6
    assert max(len(code) for code in address_words.UNITS.values()) <= 6
    assert max(len(code) for code in address_words.FLOORS.values()) <= 2
