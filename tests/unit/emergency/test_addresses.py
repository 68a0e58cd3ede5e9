"""Address lines as customers write them, and the parts they are split into."""

import pytest

from lib.domain.addresses import Address, split_address
from lib.domain.addresses.words import speak, state_code


def street(number="", name="", kind="", **parts):
    return Address(house_number=number, street_name=name, street_type=kind, **parts)


LINES = [
    # plain streets
    ("12 High Street", street("12", "High", "ST")),
    ("12 High St.", street("12", "High", "ST")),
    ("12, High Street", street("12", "High", "ST")),
    ("No. 12 High Street", street("12", "High", "ST")),
    ("12 HIGH STREET", street("12", "High", "ST")),
    ("44 O'BRIEN AVENUE", street("44", "O'Brien", "AVE")),
    ("7 MCKAY ROAD", street("7", "McKay", "RD")),
    ("1 St Kilda Road", street("1", "St Kilda", "RD")),
    ("88 St Georges Tce", street("88", "St Georges", "TCE")),
    ("9 Avenue Road", street("9", "Avenue", "RD")),
    ("5 The Esplanade", street("5", "The Esplanade")),
    ("5 The Grand Parade", street("5", "The Grand", "PDE")),
    ("10 Broadway", street("10", "Broadway")),
    ("200 Old Coast Road", street("200", "Old Coast", "RD")),
    ("15 Park Street North", street("15", "Park", "ST", street_suffix="N")),
    ("15 Park St Nth", street("15", "Park", "ST", street_suffix="N")),
    ("100 Princes Hwy East", street("100", "Princes", "HWY", street_suffix="E")),
    ("31 North Terrace", street("31", "North", "TCE")),
    ("3 1st Avenue", street("3", "First", "AVE")),
    ("22nd Street", street("", "22nd", "ST")),
    ("  12   High \t Street ", street("12", "High", "ST")),
    # suffix and range
    ("12A High Street", street("12", "High", "ST", house_suffix="A")),
    ("12 A High Street", street("12", "High", "ST", house_suffix="A")),
    ("12-14 High Street", street("12", "High", "ST", house_number_2="14")),
    ("12 - 14 High Street", street("12", "High", "ST", house_number_2="14")),
    ("12\u201314 High Street", street("12", "High", "ST", house_number_2="14")),
    ("12 to 14 High Street", street("12", "High", "ST", house_number_2="14")),
    ("12A-14B High St", street("12", "High", "ST", house_suffix="A", house_number_2="14", house_suffix_2="B")),
    # units
    ("3/12 High Street", street("12", "High", "ST", building_type="UNIT", building_number="3")),
    ("3 / 12 High Street", street("12", "High", "ST", building_type="UNIT", building_number="3")),
    (
        "3A/12-14 High Street",
        street(
            "12", "High", "ST", building_type="UNIT", building_number="3", building_suffix="A", house_number_2="14"
        ),
    ),
    ("Unit 3, 12 High Street", street("12", "High", "ST", building_type="UNIT", building_number="3")),
    ("Unit 3 12 High Street", street("12", "High", "ST", building_type="UNIT", building_number="3")),
    ("UNIT 3/12 HIGH STREET", street("12", "High", "ST", building_type="UNIT", building_number="3")),
    ("Unit 3-12 High Street", street("12", "High", "ST", building_type="UNIT", building_number="3")),
    (
        "Units 3-5, 12 High Street",
        street("12", "High", "ST", building_type="UNIT", building_number="3", building_number_2="5"),
    ),
    ("U3 12 High Street", street("12", "High", "ST", building_type="UNIT", building_number="3")),
    ("Apt 1204, 8 Quay Rd", street("8", "Quay", "RD", building_type="APT", building_number="1204")),
    ("Flat B, 7 Park Cres", street("7", "Park", "CRES", building_type="FLAT", building_number="B")),
    ("Shop G12, 500 Station Rd", street("500", "Station", "RD", building_type="SHOP", building_number="G12")),
    ("Suite 5A 12 High St", street(
        "12", "High", "ST", building_type="SUITE", building_number="5", building_suffix="A"
    )),
    ("Factory 2, 9 Wattle Ct", street("9", "Wattle", "CT", building_type="FCTY", building_number="2")),
    ("Warehouse No. 4, 9 Wattle Ct", street("9", "Wattle", "CT", building_type="WHSE", building_number="4")),
    # levels
    ("Level 3, 120 Collins Street", street("120", "Collins", "ST", floor_type="L", floor_number="3")),
    ("LEVEL 12 / 120 COLLINS STREET", street("120", "Collins", "ST", floor_type="L", floor_number="12")),
    ("L3 120 Collins St", street("120", "Collins", "ST", floor_type="L", floor_number="3")),
    ("2nd Floor, 120 Collins St", street("120", "Collins", "ST", floor_type="FL", floor_number="2")),
    ("Ground Floor, 120 Collins St", street("120", "Collins", "ST", floor_type="G")),
    ("Basement, 120 Collins St", street("120", "Collins", "ST", floor_type="B")),
    (
        "Suite 2, Level 3, 120 Collins St",
        street(
            "120", "Collins", "ST", floor_type="L", floor_number="3", building_type="SUITE", building_number="2"
        ),
    ),
    (
        "Collins Tower, Level 3, 120 Collins St",
        street("120", "Collins", "ST", floor_type="L", floor_number="3", property_name="Collins Tower"),
    ),
    # lots and rural places
    ("Lot 7 Wattle Road", street("", "Wattle", "RD", lot="7")),
    ("Lot 7A, 120 Wattle Road", street("120", "Wattle", "RD", lot="7A")),
    ("LOT 7 WATTLE ROAD", street("", "Wattle", "RD", lot="7")),
    ("Wattle Downs, 1520 Princes Highway", street("1520", "Princes", "HWY", property_name="Wattle Downs")),
    ("Wattle Downs 1520 Princes Highway", street("1520", "Princes", "HWY", property_name="Wattle Downs")),
    ("Wattle Downs, Station Track", street("", "Station", "TRK", property_name="Wattle Downs")),
    ("10452 Bruce Highway", street("10452", "Bruce", "HWY")),
    ("Station Road", street("", "Station", "RD")),
    # corners
    ("Cnr High St & Station Rd", street("", "High", "ST", location="Cnr Station Rd")),
    ("Corner of High Street and Station Road", street("", "High", "ST", location="Cnr Station Road")),
    ("Cnr High & Station Streets", street("", "High", "ST", location="Cnr Station St")),
    ("12 High St (Cnr Station Rd)", street("12", "High", "ST", location="Cnr Station Rd")),
    ("12 High St, Cnr Station Rd", street("12", "High", "ST", location="Cnr Station Rd")),
    # names in front
    (
        "Banksia Bakery Pty Ltd, 12 High St",
        street("12", "High", "ST", business_name="Banksia Bakery Pty Ltd"),
    ),
    ("BANKSIA BAKERY PTY LTD, 12 HIGH ST", street("12", "High", "ST", business_name="Banksia Bakery Pty Ltd")),
    ("Shop 4 Westfield Plaza 12 High St", street(
        "12", "High", "ST", building_type="SHOP", building_number="4", property_name="Westfield Plaza"
    )),
    ("C/- Ada Lane, 12 High St", street("12", "High", "ST", left_over="C/- Ada Lane")),
    ("12 High St, rear shed behind the oak", street("12", "High", "ST", left_over="rear shed behind the oak")),
    # boxes and bags
    ("PO Box 12", Address(postal="PO Box 12")),
    ("P.O. BOX 12", Address(postal="P.O. BOX 12")),
    ("GPO Box 1234", Address(postal="GPO Box 1234")),
    ("Locked Bag 5", Address(postal="Locked Bag 5")),
    ("PO Box 12, 12 High St", street("12", "High", "ST", postal="PO Box 12")),
    ("Boxwood 3 Box Road", street("3", "Box", "RD", property_name="Boxwood")),
    # nothing to read
    ("", Address()),
    ("???", Address(left_over="???")),
]  # fmt: skip


@pytest.mark.parametrize(("line", "parts"), LINES, ids=[line for line, _ in LINES])
def test_a_line_is_split_into_its_parts(line, parts):
    assert split_address(line) == parts


def test_there_are_sixty_lines_at_least():
    assert len(LINES) >= 60


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        (("12 High Street, Richmond VIC 3121",), ("Richmond", "VIC", "3121")),
        (("12 High Street Richmond VIC 3121",), ("Richmond", "VIC", "3121")),
        (("12 High Street", "Surry Hills, New South Wales, 2010"), ("Surry Hills", "NSW", "2010")),
        (("12 High Street, ALICE SPRINGS NT 0870, Australia",), ("Alice Springs", "NT", "0870")),
        (("12 High Street\nRichmond VIC 3121",), ("Richmond", "VIC", "3121")),
    ],
)
def test_a_place_in_the_lines_is_found(lines, place):
    found = split_address(*lines)
    assert (found.locality, found.state, found.postcode) == place
    assert (found.house_number, found.street_name, found.street_type, found.left_over) == ("12", "High", "ST", "")


def test_two_lines_and_a_place_given_apart():
    found = split_address("Level 2", "12 High St, Richmond", locality="RICHMOND", state="Victoria", postcode="3121")
    assert found == street(
        "12", "High", "ST", floor_type="L", floor_number="2", locality="Richmond", state="VIC", postcode="3121"
    )


def test_the_leading_zero_of_a_postcode_comes_back():
    assert split_address("1 High St", locality="Darwin", state="NT", postcode="800").postcode == "0800"
    assert split_address("1 High St", locality="Carlton", state="VIC", postcode="800").postcode == "800"


@pytest.mark.parametrize(("text", "code"), [("vic", "VIC"), ("Western Australia", "WA"), ("N.S.W.", "NSW"), ("X", "X")])
def test_a_state_in_any_spelling(text, code):
    assert state_code(text) == code


def test_only_text_in_capitals_is_changed_to_small_letters():
    assert (speak("SMITH AND SONS"), speak("eBay House")) == ("Smith and Sons", "eBay House")
